/**
 * Prefix reductions along an axis.
 * Invariant: O(n) work in O(log n) nodes, by pairs (Blelloch, Prefix Sums and Their Applications, 1990): no loop, and the derivative
 * of cumprod needs no quotient, so it is exact with zeros to any order.
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { add, mul } from '../primitives/arithmetic.ts'
import { reshape } from '../primitives/broadcast.ts'
import { greaterEqual, lessEqual, logicalOr, notEqual, where } from '../primitives/comparison.ts'
import { concat } from '../primitives/concat.ts'
import { iota } from '../primitives/indexing.ts'
import { pad } from '../primitives/layout.ts'
import { logaddexp } from '../primitives/log-space.ts'
import { isFloat } from '../shape.ts'
import { along, flip, ownAxis, sizeOf } from './arranging.ts'

export interface CumulativeOptions {
  /** Default: the last. */
  readonly axis?: number
  /** From the end. */
  readonly reverse?: boolean
}

/**
 * Prefixes of `xs` (nodes of one shape) under an associative `combine(before, after)`, elementwise along `axis`:
 * x₀, x₀∘x₁, x₀∘x₁∘x₂ …
 */
export function associativeScan(
  combine: (before: readonly Node[], after: readonly Node[]) => readonly Node[],
  xs: readonly Node[],
  { axis = -1, reverse = false }: CumulativeOptions = {},
): Node[] {
  const own = ownAxis('associativeScan', asNode(xs[0], 'associativeScan'), axis)
  const n = sizeOf('associativeScan', xs[0]!, own)
  if (reverse)
    return associativeScan(
      combine,
      xs.map((x) => flip(x, own)),
      { axis: own },
    ).map((y) => flip(y, own))
  if (n <= 1) return [...xs]
  const every2 = (ys: readonly Node[], from: number, to: number | null) => ys.map((y) => along(y, own, [from, to, 2]))
  const levels: (readonly Node[])[] = [xs]
  for (let m = n; m > 1; m = Math.floor(m / 2)) {
    const now = levels.at(-1)!
    levels.push(combine(every2(now, 0, m - (m % 2)), every2(now, 1, null)))
  }
  let prefixes = levels.pop()!
  for (const level of levels.reverse()) {
    const m = sizeOf('associativeScan', level[0]!, own)
    const first = level.map((y) => along(y, own, [0, 1]))
    const before = prefixes.map((p) => along(p, own, [0, Math.ceil(m / 2) - 1]))
    const even = m <= 2 ? first : combine(before, every2(level, 2, null)).map((y, i) => concat([first[i]!, y], own))
    prefixes = prefixes.map((odd, i) => interleave(even[i]!, odd, own))
  }
  return [...prefixes]
}

/** even₀, odd₀, even₁, odd₁ …; there may be one more of the even ones. */
function interleave(even: Node, odd: Node, axis: number): Node {
  const h = sizeOf('associativeScan', odd, axis)
  const apart = [along(even, axis, [0, h]), odd].map((x) =>
    reshape(x, [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)]),
  )
  const pairs = reshape(
    concat(apart, axis + 1),
    odd.shape.map((d, i) => (i === axis ? 2 * h : d)),
  )
  return sizeOf('associativeScan', even, axis) === h ? pairs : concat([pairs, along(even, axis, [h, null])], axis)
}

interface Exclusive extends CumulativeOptions {
  /** Without the element itself: starts with the neutral element. */
  readonly exclusive?: boolean
}

/** Sums of the elements so far, added in pairs. */
export const cumsum = (x: Node, options: Exclusive = {}): Node => prefix('cumsum', x, options, 0, add)
/** Products of the elements so far. */
export const cumprod = (x: Node, options: Exclusive = {}): Node => prefix('cumprod', x, options, 1, mul)

function prefix(name: string, x: Node, o: Exclusive, neutral: number, combine: (a: Node, b: Node) => Node): Node {
  const own = ownAxis(name, x, o.axis ?? -1)
  const [y] = associativeScan(([a], [b]) => [combine(a!, b!)], [x], { ...o, axis: own }) as [Node]
  if (!o.exclusive) return y
  const widths = x.shape.map((_, i) => (i !== own ? [0, 0] : o.reverse ? [-1, 1] : [1, -1]) as [number, number])
  return sizeOf(name, x, own) === 0 ? y : pad(y, widths, neutral)
}

/** Values and where they stand (i32). */
export interface Chosen {
  readonly values: Node
  readonly indices: Node
}

/** Largest element so far; of equal ones the last, to which alone the derivative goes. NaN wins from its place on. */
export const cummax = (x: Node, options: CumulativeOptions = {}): Chosen => running('cummax', x, options, greaterEqual)
/** Smallest element so far; of equal ones the last, to which alone the derivative goes. NaN wins from its place on. */
export const cummin = (x: Node, options: CumulativeOptions = {}): Chosen => running('cummin', x, options, lessEqual)

function running(name: string, x: Node, o: CumulativeOptions, beats: typeof greaterEqual): Chosen {
  const own = ownAxis(name, x, o.axis ?? -1)
  const [values, indices] = associativeScan(
    ([a, i], [b, j]) => {
      const later = isFloat(x.dtype) ? logicalOr(notEqual(b!, b!), beats(b!, a!)) : beats(b!, a!)
      return [where(later, b!, a!), where(later, j!, i!)]
    },
    [x, iota(x.shape, own)],
    { ...o, axis: own },
  )
  return { values: values!, indices: indices! }
}

/** log of the sums of e^x so far, without overflow; of −∞ only: −∞. */
export function logcumsumexp(x: Node, options: CumulativeOptions = {}): Node {
  const [y] = associativeScan(([a], [b]) => [logaddexp(a!, b!)], [asNode(x, 'logcumsumexp')], options)
  return y!
}
