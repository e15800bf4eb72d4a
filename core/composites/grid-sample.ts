/**
 * gridSample: images read at given places, by weights of the pixels around each.
 * Invariant: coordinates and weights are PyTorch's (1.13): −1 and 1 are the ends of an axis, the last axis of the grid names the last axis of the image first.
 * The derivative goes to pixels and places; nothing outside the image is read.
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { makeNode, operandError } from '../node.ts'
import { abs, add, mul, sub } from '../primitives/arithmetic.ts'
import { reshape } from '../primitives/broadcast.ts'
import { cast } from '../primitives/cast.ts'
import { equal, greaterEqual, less, lessEqual, logicalAnd, where } from '../primitives/comparison.ts'
import { gather } from '../primitives/indexing.ts'
import { floor, remainder, round } from '../primitives/rounding.ts'
import { count, sizes } from '../shape.ts'
import { along, expandDims, moveaxis } from './arranging.ts'
import { clamp } from './elementwise.ts'

export interface GridSampleOptions {
  /** Default 'linear'. 'cubic' of images only. */
  readonly mode?: 'linear' | 'nearest' | 'cubic'
  /** What lies outside: zeros (default), the border's pixels, or the image mirrored at its ends. */
  readonly padding?: 'zeros' | 'border' | 'reflection'
  /** −1 and 1 are the middles of the outer pixels, not their outer edges. Default false. */
  readonly alignCorners?: boolean
}

/** A pixel along one axis, as a float, and its weight. */
interface Tap {
  readonly at: Node
  readonly weight: Node | undefined
}

/** x [N, C, spatial…] (two or three axes) at grid [N, places…, 2 or 3] → [N, C, places…]. Source: PyTorch grid_sample. */
export function gridSample(x: Node, grid: Node, options: GridSampleOptions = {}): Node {
  const own = sizes(asNode(x, 'gridSample').shape, 'gridSample').slice(2)
  const n = own.length
  const places = sizes(asNode(grid, 'gridSample').shape, 'gridSample').slice(1, -1)
  if (n < 2 || n > 3 || places.length !== n || grid.shape.at(-1) !== n || grid.shape[0] !== x.shape[0])
    throw operandError('gridSample: the grid does not fit the image', [x, grid], 'x [N, C, H, W], grid [N, h, w, 2]')
  if (options.mode === 'cubic' && n !== 2) throw operandError('gridSample: cubic is for two axes', [x, grid])
  const [batch, points] = [x.shape[0]!, count(places)]
  const taps = own.map((size, d) => {
    const named = reshape(along(grid, n + 1, [n - 1 - d, n - d]), [batch, points])
    return tapsOf(named, size, options)
  })
  const pixels = moveaxis(reshape(x, [batch, x.shape[1]!, count(own)]), 1, -1)
  const terms = combinations(taps).map((chosen) => read(pixels, chosen, own))
  const total = terms.reduce((a, b) => add(a, b))
  return reshape(moveaxis(total, -1, 1), [batch, x.shape[1]!, ...places])
}

const combinations = (taps: readonly (readonly Tap[])[]): (readonly Tap[])[] =>
  taps.reduce<(readonly Tap[])[]>((all, one) => all.flatMap((chosen) => one.map((tap) => [...chosen, tap])), [[]])

/** Of every place, one pixel's values times its weights; 0 outside. */
function read(pixels: Node, taps: readonly Tap[], sides: readonly number[]): Node {
  const within = taps.map(({ at }, d) => logicalAnd(greaterEqual(at, 0), lessEqual(at, sides[d]! - 1)))
  const inside = within.reduce((a, b) => logicalAnd(a, b))
  const index = taps
    .map(({ at }) => cast(where(inside, at, 0), 'i32'))
    .reduce((sum, i, d) => add(mul(sum, sides[d]!), i))
  const found = makeNode(gather, [pixels, index], { batch: 1 })
  const weights = taps.flatMap(({ weight }) => weight ?? [])
  const kept = where(expandDims(inside, -1), found, 0)
  return weights.length === 0
    ? kept
    : mul(
        kept,
        expandDims(
          weights.reduce((a, b) => mul(a, b)),
          -1,
        ),
      )
}

function tapsOf(named: Node, size: number, o: GridSampleOptions): readonly Tap[] {
  const { mode = 'linear', padding = 'zeros', alignCorners = false } = o
  const raw = alignCorners ? mul(add(named, 1), (size - 1) / 2) : mul(sub(mul(add(named, 1), size), 1), 0.5)
  const moved = (at: Node) => inside(at, size, padding, alignCorners)
  if (mode === 'cubic') {
    const first = floor(raw)
    return cubicWeights(sub(raw, first)).map((weight, k) => ({ at: moved(add(first, k - 1)), weight }))
  }
  const at = moved(raw)
  if (mode === 'nearest') return [{ at: round(at), weight: undefined }]
  const first = floor(at)
  const part = sub(at, first)
  return [
    { at: first, weight: sub(1, part) },
    { at: add(first, 1), weight: part },
  ]
}

/** A coordinate brought inside. What is cut off has no derivative. */
function inside(at: Node, size: number, padding: 'zeros' | 'border' | 'reflection', alignCorners: boolean): Node {
  if (padding === 'zeros') return at
  const end = (y: Node) => where(less(y, 0), 0, where(lessEqual(y, size - 1), clamp(y, 0, size - 1), size - 1))
  if (padding === 'border') return end(at)
  const [low, span] = alignCorners ? [0, size - 1] : [-0.5, size]
  if (span === 0) return mul(at, 0)
  const distance = abs(sub(at, low))
  const extra = remainder(distance, span)
  const turned = equal(remainder(floor(mul(sub(distance, extra), 1 / span)), 2), 0)
  return end(where(turned, add(extra, low), sub(span + low, extra)))
}

/** Cubic convolution with a = −0.75 (Keys 1981): the weights of four pixels, t past the second. */
function cubicWeights(t: Node): readonly Node[] {
  const near = (s: Node) => add(mul(mul(sub(mul(s, 1.25), 2.25), s), s), 1)
  const far = (s: Node) => add(mul(sub(mul(add(mul(s, -0.75), 3.75), s), 6), s), 3)
  const back = sub(1, t)
  return [far(add(t, 1)), near(t), near(back), far(add(back, 1))]
}
