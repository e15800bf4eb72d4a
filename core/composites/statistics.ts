/**
 * Reductions made of others: logsumexp, variance, norms, truth and counts.
 * Invariant: logsumexp of all −∞ is −∞; std'(0) = 0 and norm'(0) = 0, to second order; any and all of nothing are false and true.
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { svdvals } from '../linalg/svd.ts'
import { operandError } from '../node.ts'
import { abs, add, div, sqrt, sub } from '../primitives/arithmetic.ts'
import { type ReduceOptions, reducedAxes, reshape, restoreAxes, sum } from '../primitives/broadcast.ts'
import { cast, stopGradient } from '../primitives/cast.ts'
import { equal, indicator, logicalNot, notEqual, where } from '../primitives/comparison.ts'
import { exp, log, pow } from '../primitives/exponential.ts'
import { argmax, argmin, max, mean, min } from '../primitives/reduce.ts'
import { count, sizes } from '../shape.ts'
import { square } from './activation.ts'
import { moveaxis, ownAxis } from './arranging.ts'
import type { Chosen } from './cumulative.ts'
import { takeAlongAxis } from './selecting.ts'

/** log Σ e^x over axes, without overflow. */
export function logsumexp(x: Node, options: ReduceOptions = {}): Node {
  const axes = reducedAxes('logsumexp', x, options)
  const own = { axes, keepDims: true }
  const top = stopGradient(max(x, own))
  const m = where(equal(sub(top, top), 0), top, 0)
  const s = sum(exp(sub(x, m)), own)
  const y = add(m, where(equal(s, 0), Number.NEGATIVE_INFINITY, log(s)))
  return options.keepDims ? y : withoutAxes(y, axes)
}
const withoutAxes = (y: Node, axes: readonly number[]): Node =>
  reshape(
    y,
    y.shape.filter((_, i) => !axes.includes(i)),
  )

export interface SpreadOptions extends ReduceOptions {
  /** Subtracted from the number of elements. Default 0 (Python Array API); 1 is the unbiased estimate. */
  readonly correction?: number
}

/** Mean squared distance from the mean, over axes. */
export function variance(x: Node, options: SpreadOptions = {}): Node {
  const axes = reducedAxes('variance', x, options)
  const squares = square(sub(x, mean(x, { axes, keepDims: true })))
  const { correction = 0 } = options
  if (correction === 0) return mean(squares, { ...options, axes })
  const n = count(sizes(x.shape, 'variance').filter((_, i) => axes.includes(i)))
  return div(sum(squares, { ...options, axes }), Math.max(0, n - correction))
}

/** Square root of the variance. */
export const std = (x: Node, options: SpreadOptions = {}): Node => root(variance(x, options))

/** √x with the derivative 0 at 0. */
const root = (x: Node): Node => where(equal(x, 0), 0, sqrt(x))

/** (Σ |x|^p)^(1/p) over axes: p = 0 counts what is not 0, ±Infinity is the largest or smallest size. */
export function norm(x: Node, p = 2, options: ReduceOptions = {}): Node {
  if (p === 2) return root(sum(square(asNode(x, 'norm')), options))
  if (p === 0) return sum(indicator(notEqual(x, 0), x), options)
  const size = abs(x)
  if (p === 1) return sum(size, options)
  if (p === Number.POSITIVE_INFINITY) return max(size, options)
  if (p === Number.NEGATIVE_INFINITY) return min(size, options)
  // x^p is singular at 0 in some derivative, unless p is 1, 2, 3 …
  const total = sum(
    Number.isInteger(p) && p > 0
      ? pow(size, p)
      : where(equal(size, 0), p > 0 ? 0 : Number.POSITIVE_INFINITY, pow(size, p)),
    options,
  )
  return where(equal(total, 0), p > 0 ? 0 : Number.POSITIVE_INFINITY, pow(total, 1 / p))
}

/**
 * Norm of matrices (axes: rows, columns; default the last two): 'fro', by sums along rows (±Infinity) or columns (±1), or by singular values:
 * the largest (2) or the smallest (−2); their sum is nuclearNorm. Source: PyTorch linalg.matrix_norm.
 */
export function matrixNorm(
  x: Node,
  order: 'fro' | number = 'fro',
  o: { readonly axes?: readonly [number, number]; readonly keepDims?: boolean } = {},
): Node {
  const [rows, columns] = (o.axes ?? [-2, -1]).map((a) => ownAxis('matrixNorm', x, a)) as [number, number]
  if (order === 'fro') return norm(x, 2, { axes: [rows, columns], keepDims: o.keepDims ?? false })
  const y = (Math.abs(order) === 2 ? bySingularValues : bySums)(x, order, rows, columns)
  return o.keepDims ? restoreAxes(y, x, [rows, columns]) : y
}

function bySums(x: Node, order: number, rows: number, columns: number): Node {
  const byColumns = Math.abs(order) === 1
  if (!byColumns && Math.abs(order) !== Number.POSITIVE_INFINITY)
    throw operandError(`matrixNorm: there is no order ${order}`, [x], "'fro', ±1, ±2 or ±Infinity")
  const sums = sum(abs(x), { axes: byColumns ? rows : columns, keepDims: true })
  return (order > 0 ? max : min)(sums, { axes: [rows, columns] })
}

function bySingularValues(x: Node, order: number, rows: number, columns: number): Node {
  const s = svdvals(moveaxis(x, [rows, columns], [-2, -1]))
  return (order > 0 ? max : min)(s, { axes: -1 })
}

/** ‖a − b‖ₚ over all elements. */
export const distance = (a: Node, b: Node, p = 2): Node => norm(sub(a, b), p)

const truth = (x: Node): Node => (asNode(x, 'any').dtype === 'bool' ? x : notEqual(x, 0))

/** How many elements are not 0 (or true), over axes: i32. */
export const countNonzero = (x: Node, options?: ReduceOptions): Node => sum(cast(truth(x), 'i32'), options)
/** Is any element not 0 (or true)? */
export const any = (x: Node, options?: ReduceOptions): Node => notEqual(countNonzero(x, options), 0)
/** Are all elements not 0 (or true)? */
export const all = (x: Node, options?: ReduceOptions): Node => equal(countNonzero(logicalNot(truth(x)), options), 0)

/** Largest element along one axis and where it stands: unlike `max`, the derivative goes to that element alone. */
export const maxAlong = (x: Node, o?: { readonly axis?: number; readonly keepDims?: boolean }): Chosen =>
  extremeAlong('maxAlong', x, argmax, o)
/** Smallest element along one axis and where it stands: unlike `min`, the derivative goes to that element alone. */
export const minAlong = (x: Node, o?: { readonly axis?: number; readonly keepDims?: boolean }): Chosen =>
  extremeAlong('minAlong', x, argmin, o)

function extremeAlong(
  name: string,
  x: Node,
  best: (x: Node, axis: number) => Node,
  o: { readonly axis?: number; readonly keepDims?: boolean } = {},
): Chosen {
  const own = ownAxis(name, x, o.axis ?? -1)
  const wide = x.shape.map((d, i) => (i === own ? 1 : d))
  const indices = reshape(best(x, own), wide)
  const values = takeAlongAxis(x, indices, own)
  return o.keepDims ? { values, indices } : { values: withoutAxes(values, [own]), indices: withoutAxes(indices, [own]) }
}

/** Sum over axes of the elements that are not NaN. */
export const nansum = (x: Node, options?: ReduceOptions): Node => sum(where(equal(x, x), x, 0), options)
/** Mean over axes of the elements that are not NaN. */
export const nanmean = (x: Node, options?: ReduceOptions): Node =>
  div(nansum(x, options), sum(indicator(equal(x, x), x), options))
