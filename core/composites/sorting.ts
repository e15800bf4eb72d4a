/**
 * Sorting along an axis, and what is chosen by order: topk, kthValue, median, quantile.
 * Invariant: stable; NaN counts as greater than every number: last in ascending order, first in descending. The derivative goes with
 * the elements.
 * May not: be fast on long axes: ranks are counted, n comparisons an element, in one fused reduction without n² memory.
 */
import { broadcastTo } from '../align.ts'
import { asNode, type X } from '../define.ts'
import type { Node } from '../ir.ts'
import { makeNode, operandError } from '../node.ts'
import { add, mul, sub } from '../primitives/arithmetic.ts'
import { broadcast, type ReduceOptions, reshape, restoreAxes, sum } from '../primitives/broadcast.ts'
import { cast, stopGradient } from '../primitives/cast.ts'
import { equal, greater, less, logicalAnd, logicalNot, logicalOr, notEqual, where } from '../primitives/comparison.ts'
import { iota, scatterAdd } from '../primitives/indexing.ts'
import { constant } from '../primitives/leaf.ts'
import { max } from '../primitives/reduce.ts'
import { ceil, floor, round } from '../primitives/rounding.ts'
import { isFloat } from '../shape.ts'
import { along, moveaxis, ownAxis, sizeOf } from './arranging.ts'
import type { Chosen } from './cumulative.ts'
import { takeAlongAxis } from './selecting.ts'
import { stack } from './stacking.ts'

export interface SortOptions {
  /** Default: the last. */
  readonly axis?: number
  readonly descending?: boolean
}

/** Positions (i32) along `axis` of the elements in order; equal ones keep theirs. */
export function argsort(x: Node, { axis = -1, descending = false }: SortOptions = {}): Node {
  const own = ownAxis('argsort', x, axis)
  const last = moveaxis(x, own, -1)
  const batch = last.shape.length - 1
  const size = sizeOf('argsort', x, own)
  const rank = ranks(last, size, descending)
  return moveaxis(makeNode(scatterAdd, [iota(last.shape, batch), rank], { batch, size }), -1, own)
}

/** How many elements of its row come before each. */
function ranks(x: Node, size: number, descending: boolean): Node {
  const rank = x.shape.length
  const all = [...x.shape, size]
  const lead = x.shape.map((_, i) => i).slice(0, -1)
  const one = broadcast(x, all, [...lead, rank - 1])
  const other = broadcast(x, all, [...lead, rank])
  const nan = (y: Node) => (isFloat(x.dtype) ? notEqual(y, y) : undefined)
  const [a, b] = [nan(other), nan(one)]
  const below = (y: Node, z: Node, yNan?: Node, zNan?: Node) =>
    yNan && zNan ? logicalOr(less(y, z), logicalAnd(zNan, logicalNot(yNan))) : less(y, z)
  const before = descending ? below(one, other, b, a) : below(other, one, a, b)
  const same = a && b ? logicalOr(equal(other, one), logicalAnd(a, b)) : equal(other, one)
  const earlier = less(iota(all, rank), iota(all, rank - 1))
  return sum(cast(logicalOr(before, logicalAnd(same, earlier)), 'i32'), { axes: -1 })
}

/** `x` in order along `axis`. */
export const sort = (x: Node, options: SortOptions = {}): Node =>
  takeAlongAxis(x, argsort(x, options), options.axis ?? -1)

/** The `k` largest (or smallest) along `axis`, best first, and where they stand. */
export function topk(x: Node, k: number, o: { readonly axis?: number; readonly largest?: boolean } = {}): Chosen {
  const own = ownAxis('topk', x, o.axis ?? -1)
  const size = sizeOf('topk', x, own)
  if (!Number.isInteger(k) || k < 0 || k > size)
    throw operandError(`topk: ${k} of ${size} elements along axis ${own}`, [x], `0 ≤ k ≤ ${size}`)
  const indices = along(argsort(x, { axis: own, descending: o.largest ?? true }), own, [0, k])
  return { values: takeAlongAxis(x, indices, own), indices }
}

interface OneAxis {
  readonly axis?: number
  readonly keepDims?: boolean
}

/** The `k`-th smallest (from 1) along `axis`, and where it stands. */
export function kthValue(x: Node, k: number, o: OneAxis = {}): Chosen {
  const own = ownAxis('kthValue', x, o.axis ?? -1)
  const size = sizeOf('kthValue', x, own)
  if (!Number.isInteger(k) || k < 1 || k > size)
    throw operandError(`kthValue: there is no ${k}-th of ${size} elements`, [x], `1 ≤ k ≤ ${size}`)
  return chosen(x, along(argsort(x, { axis: own }), own, [k - 1, k]), own, o.keepDims)
}
function chosen(x: Node, indices: Node, axis: number, keepDims = false): Chosen {
  const values = takeAlongAxis(x, indices, axis)
  if (keepDims) return { values, indices }
  const shape = values.shape.filter((_, i) => i !== axis)
  return { values: reshape(values, shape), indices: reshape(indices, shape) }
}

/** The lower median along `axis`, and where it stands; the first NaN where there is one. `ignoreNaN`: of the numbers only. */
export function medianAlong(x: Node, o: OneAxis & { readonly ignoreNaN?: boolean } = {}): Chosen {
  const own = ownAxis('median', x, o.axis ?? -1)
  const size = sizeOf('median', x, own)
  if (size === 0) throw operandError('median: nothing to choose from along an axis of size 0', [x])
  const order = argsort(x, { axis: own })
  const middle = Math.floor((size - 1) / 2)
  if (!isFloat(x.dtype)) return chosen(x, along(order, own, [middle, middle + 1]), own, o.keepDims)
  const numbers = sum(cast(equal(x, x), 'i32'), { axes: own, keepDims: true })
  const half = cast(mul(cast(sub(numbers, 1), 'f64'), 0.5), 'i32')
  const at = o.ignoreNaN ? half : where(less(numbers, size), numbers, constant(middle, 'i32'))
  return chosen(x, takeAlongAxis(order, at, own), own, o.keepDims)
}

/** The lower median over `axes` (default: all). Its derivative splits evenly over the elements that equal it. */
export function median(x: Node, options: ReduceOptions = {}): Node {
  const rank = asNode(x, 'median').shape.length
  const axes = (options.axes === undefined ? x.shape.map((_, i) => i) : [options.axes].flat()).map((a) =>
    ownAxis('median', x, a as number),
  )
  const kept = x.shape.map((_, i) => i).filter((i) => !axes.includes(i))
  const rows = moveaxis(
    x,
    kept,
    kept.map((_, i) => i),
  )
  const flat = reshape(rows, [...kept.map((i) => x.shape[i]!), -1])
  const middle = stopGradient(medianAlong(flat, { keepDims: true }).values)
  // Greater elements out of the way, the maximum is the median; and it splits over ties.
  const y = max(where(greater(flat, middle), isFloat(x.dtype) ? Number.NEGATIVE_INFINITY : -2147483648, flat), {
    axes: -1,
  })
  return options.keepDims && rank > 0 ? restoreAxes(y, x, axes) : y
}

/** Between the two elements nearest to the place q · (n − 1): on the line, one of them, half way, or the nearer (halves to even). */
export type Interpolation = 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest'

export interface QuantileOptions extends OneAxis {
  /** Default 'linear'. */
  readonly interpolation?: Interpolation
  /** Of the elements that are not NaN. Otherwise one NaN makes the result NaN. */
  readonly ignoreNaN?: boolean
}

/**
 * The value below which a part `q` (0 … 1) of the elements along `axis` lies. A list of parts gives a new first axis, one a part. A part may be a
 * scalar node; then one that is not within 0 … 1 rejects the run.
 */
export function quantile(x: Node, q: X | readonly X[], o: QuantileOptions = {}): Node {
  const own = ownAxis('quantile', x, o.axis ?? -1)
  const size = sizeOf('quantile', x, own)
  const parts = [q].flat() as X[]
  for (const part of parts)
    if (size === 0 || (typeof part === 'number' ? !(part >= 0 && part <= 1) : part.shape.length > 0))
      throw operandError(`quantile: q = ${String(part)} of ${size} elements`, [x], '0 ≤ q ≤ 1')
  const sorted = sort(x, { axis: own })
  const numbers = sum(cast(equal(x, x), 'i32'), { axes: own, keepDims: true })
  const one = (part: X): Node => {
    const y = quantileOf(sorted, own, numbers, part, o)
    return o.keepDims
      ? y
      : reshape(
          y,
          x.shape.filter((_, i) => i !== own),
        )
  }
  return Array.isArray(q) ? stack(parts.map(one)) : one(parts[0]!)
}

/** Of sorted elements, `numbers` of which are not NaN. Those sort last, so one of them at the end means that there is one. */
function quantileOf(sorted: Node, axis: number, numbers: Node, q: X, o: QuantileOptions): Node {
  const size = sizeOf('quantile', sorted, axis)
  const y =
    o.ignoreNaN || typeof q !== 'number'
      ? searched(sorted, axis, o.ignoreNaN ? numbers : constant(size, 'i32'), q, o.interpolation)
      : known(sorted, axis, q * (size - 1), o.interpolation)
  if (o.ignoreNaN) return y
  const top = along(sorted, axis, [-1, null])
  return where(equal(top, top), y, Number.NaN)
}

function known(sorted: Node, axis: number, place: number, how?: Interpolation): Node {
  const at = (k: number) => along(sorted, axis, [k, k + 1])
  const part = place - Math.floor(place)
  const nearest = part === 0.5 ? 2 * Math.round(place / 2) : Math.round(place)
  return between(at(Math.floor(place)), at(Math.ceil(place)), at(nearest), part, how)
}

/** The place depends on values. Of no numbers, the first element, which is NaN, is taken. */
function searched(sorted: Node, axis: number, numbers: Node, q: X, how?: Interpolation): Node {
  const place = mul(cast(sub(numbers, 1), sorted.dtype), q)
  const low = floor(place)
  const shape = sorted.shape.map((d, i) => (i === axis ? 1 : d))
  const at = (p: Node) => takeAlongAxis(sorted, broadcastTo(where(equal(numbers, 0), 0, cast(p, 'i32')), shape), axis)
  return between(at(low), at(ceil(place)), at(round(place)), sub(place, low), how)
}

function between(low: Node, high: Node, nearest: Node, part: X, how: Interpolation = 'linear'): Node {
  if (how === 'lower') return low
  if (how === 'higher') return high
  if (how === 'nearest') return nearest
  return part === 0 ? low : add(low, mul(sub(high, low), how === 'midpoint' ? 0.5 : part))
}
