/**
 * interpolate: images of another size. Every mode but nearest is a product with a constant matrix along each axis.
 * Invariant: coordinates, weights and rounding are PyTorch's (1.13).
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { broadcast, reshape } from '../primitives/broadcast.ts'
import { adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d } from './adaptive-pooling.ts'
import { alongAxis, type PerAxis, perAxis, picked, spatialOf } from './spatial.ts'

export interface InterpolateOptions {
  /** Of the result, for all spatial axes or each. Either this or `scale`. */
  readonly size?: PerAxis
  /** Sizes are multiplied by this and rounded down; also the distance between samples, unless `recomputeScale`. */
  readonly scale?: PerAxis
  /** Default 'nearest'. 'linear' and 'cubic' along every spatial axis: bilinear, trilinear, bicubic. */
  readonly mode?: 'nearest' | 'nearest-exact' | 'linear' | 'cubic' | 'area'
  /** The corners of both images lie on each other; otherwise pixels are areas. 'linear' and 'cubic' only. Default false. */
  readonly alignCorners?: boolean
  /** The distance between samples follows from the sizes. Default false. */
  readonly recomputeScale?: boolean
}

/** One spatial axis: sizes, and the distance of samples in the operand. */
interface Resampling {
  readonly from: number
  readonly to: number
  readonly step: number
  readonly aligned: boolean
}

/** [N, C, spatial…] → [N, C, size…], with one to three spatial axes. */
export function interpolate(x: Node, options: InterpolateOptions): Node {
  const n = asNode(x, 'interpolate').shape.length - 2
  const mode = options.mode ?? 'nearest'
  const smooth = mode === 'linear' || mode === 'cubic'
  if (n < 1 || n > 3) throw operandError(`interpolate: rank ${x.shape.length} is not [N, C, one to three axes]`, [x])
  if (options.alignCorners && !smooth)
    throw operandError(`interpolate: alignCorners means nothing for mode '${mode}'`, [x], "mode 'linear' or 'cubic'")
  const axes = resamplings(n, x, options)
  if (mode === 'area')
    return [adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d][n - 1]!(
      x,
      axes.map((a) => a.to),
    )
  return axes.reduce((y, a, i) => {
    if (!smooth) return selected(y, 2 + i, a, mode === 'nearest' ? 0 : 0.5)
    const rows = Array.from({ length: a.to }, (_, o) => (mode === 'linear' ? linearRow(a, o) : cubicRow(a, o)))
    return rows.every((row, o) => row.length === a.to && row[o] === 1) ? y : alongAxis(y, 2 + i, rows)
  }, x)
}

function resamplings(n: number, x: Node, o: InterpolateOptions): Resampling[] {
  const own = spatialOf('interpolate', x, n)
  const scale = typeof o.scale === 'number' ? own.map(() => o.scale as number) : o.scale
  if ((o.size === undefined) === (scale === undefined) || (scale && scale.length !== n))
    throw operandError('interpolate: give either a size or a scale, for all spatial axes or each', [x])
  const to = scale
    ? own.map((d, i) => Math.floor(d * scale[i]!))
    : perAxis('interpolate', 'size', x, n, o.size as PerAxis, 1)
  if (own.includes(0) || to.some((d) => !(d >= 1)))
    throw operandError(`interpolate: sizes [${own}] to [${to}] must be at least 1`, [x])
  const aligned = o.alignCorners ?? false
  return own.map((from, i) => {
    const exact = scale && !o.recomputeScale ? 1 / scale[i]! : from / to[i]!
    const corners = to[i]! > 1 ? (from - 1) / (to[i]! - 1) : 0
    return { from, to: to[i]!, step: aligned ? corners : exact, aligned }
  })
}

/** Nearest: `shift` 0 takes the corner of a pixel, 0.5 its middle. Whole factors repeat, anything else is looked up. */
function selected(x: Node, axis: number, a: Resampling, shift: number): Node {
  const at = (o: number) => Math.min(a.from - 1, Math.floor(Math.fround((o + shift) * a.step)))
  const index = Array.from({ length: a.to }, (_, o) => at(o))
  if (index.every((k, o) => k === o) && a.to === a.from) return x
  const factor = a.to / a.from
  if (!Number.isInteger(factor) || index.some((k, o) => k !== Math.floor(o / factor))) return picked(x, axis, index)
  const [before, after] = [x.shape.slice(0, axis + 1), x.shape.slice(axis + 1)]
  const repeated = broadcast(
    x,
    [...before, factor, ...after],
    x.shape.map((_, i) => (i <= axis ? i : i + 1)),
  )
  return reshape(repeated, [...x.shape.slice(0, axis), a.to, ...after])
}

/** Where sample `o` lies in the operand. */
const sourceOf = (a: Resampling, o: number): number => (a.aligned ? o * a.step : (o + 0.5) * a.step - 0.5)

/** A row of zeros with weights added at positions, which are kept inside. */
function rowOf(a: Resampling, taps: readonly (readonly [number, number])[]): number[] {
  const row = new Array<number>(a.from).fill(0)
  for (const [at, weight] of taps) row[Math.min(Math.max(at, 0), a.from - 1)]! += weight
  return row
}

function linearRow(a: Resampling, o: number): number[] {
  if (a.from === a.to) return rowOf(a, [[o, 1]])
  const at = Math.max(0, sourceOf(a, o))
  const first = Math.min(Math.floor(at), a.from - 1)
  const part = Math.min(at - first, 1)
  return rowOf(a, [
    [first, 1 - part],
    [first + 1, part],
  ])
}

/** Cubic convolution with a = −0.75 (Keys 1981). */
function cubicRow(a: Resampling, o: number): number[] {
  const at = sourceOf(a, o)
  const first = Math.floor(at)
  const t = at - first
  const near = (s: number) => (1.25 * s - 2.25) * s * s + 1
  const far = (s: number) => ((-0.75 * s + 3.75) * s - 6) * s + 3
  return rowOf(a, [
    [first - 1, far(t + 1)],
    [first, near(t)],
    [first + 1, near(1 - t)],
    [first + 2, far(2 - t)],
  ])
}
