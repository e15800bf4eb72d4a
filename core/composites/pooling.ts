/**
 * Pooling over windows of the last axes. Source of shapes and options: PyTorch.
 * Invariant: of equal maxima in a window the first (row-major) takes the derivative; padding never wins a maximum.
 */

import { broadcastTo } from '../align.ts'
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { div, mul } from '../primitives/arithmetic.ts'
import { broadcast, sum } from '../primitives/broadcast.ts'
import { equal, where } from '../primitives/comparison.ts'
import { pow } from '../primitives/exponential.ts'
import { maxFirst, positionsAlong } from '../primitives/first-max.ts'
import { iota } from '../primitives/indexing.ts'
import { constant } from '../primitives/leaf.ts'
import { argmax } from '../primitives/reduce.ts'
import { windows } from '../primitives/windows.ts'
import { type PerAxis, padSpatial, perAxis, spatialOf } from './spatial.ts'

export interface PoolOptions {
  readonly size: PerAxis
  /** Default: `size`. */
  readonly stride?: PerAxis
  /** On both sides, at most half of `size`. Default 0. */
  readonly padding?: PerAxis
  /** A last window that is only partly inside counts, if it starts inside or in the padding before. */
  readonly ceilMode?: boolean
}
export interface MaxPoolOptions extends PoolOptions {
  readonly dilation?: PerAxis
}
export interface AvgPoolOptions extends PoolOptions {
  /** Are zeros of the padding part of an average? Default true. */
  readonly countIncludePad?: boolean
  /** Divide sums by this instead. */
  readonly divisor?: number
}
export interface LpPoolOptions extends Omit<PoolOptions, 'padding'> {
  readonly p: number
}

/** One axis of a pool. */
interface Pool {
  readonly extent: number
  readonly size: number
  readonly stride: number
  readonly padding: number
  readonly dilation: number
  readonly count: number
}

function poolsOf(name: string, n: number, x: Node, o: MaxPoolOptions): Pool[] {
  const size = perAxis(name, 'size', x, n, o.size, 1)
  const stride = perAxis(name, 'stride', x, n, o.stride ?? size, 1)
  const padding = perAxis(name, 'padding', x, n, o.padding ?? 0, 0)
  const dilation = perAxis(name, 'dilation', x, n, o.dilation ?? 1, 1)
  const extents = spatialOf(name, x, n)
  if (extents.length < n) throw operandError(`${name}: rank ${extents.length} has no ${n} spatial axes`, [x])
  return extents.map((extent, i) => {
    const [k, s, p, d] = [size[i]!, stride[i]!, padding[i]!, dilation[i]!]
    if (p > k / 2) throw operandError(`${name}: padding ${p} is more than half of size ${k}`, [x])
    const room = extent + 2 * p - d * (k - 1) - 1
    const all = (o.ceilMode ? Math.ceil(room / s) : Math.floor(room / s)) + 1
    const count = o.ceilMode && (all - 1) * s >= extent + p ? all - 1 : all
    if (count < 1) throw operandError(`${name}: no window of ${k} fits ${extent}`, [x])
    return { extent, size: k, stride: s, padding: p, dilation: d, count }
  })
}

/** [..., H, W] → [..., OH, OW, KH, KW], `value` outside. */
function pooled(x: Node, pools: readonly Pool[], value: number): Node {
  const after = (p: Pool) => (p.count - 1) * p.stride + (p.size - 1) * p.dilation + 1 - p.extent - p.padding
  const padded = padSpatial(
    x,
    pools.map((p) => [p.padding, Math.max(0, after(p))] as const),
    value,
  )
  return windows(padded, {
    size: pools.map((p) => p.size),
    stride: pools.map((p) => p.stride),
    dilation: pools.map((p) => p.dilation),
    count: pools.map((p) => p.count),
  })
}
const inWindow = (pools: readonly unknown[]): number[] => pools.map((_, i) => i - pools.length)
const least = (x: Node): number => (x.dtype === 'i32' ? -(2 ** 31) : Number.NEGATIVE_INFINITY)

function maxPool(n: number, x: Node, o: MaxPoolOptions): Node {
  const pools = poolsOf(`maxPool${n}d`, n, asNode(x, 'maxPool'), o)
  return maxFirst(pooled(x, pools, least(x)), { axes: inWindow(pools) })
}
/** Maxima of windows of [..., W]. */
export const maxPool1d = (x: Node, options: MaxPoolOptions): Node => maxPool(1, x, options)
/** Maxima of windows of [..., H, W]. */
export const maxPool2d = (x: Node, options: MaxPoolOptions): Node => maxPool(2, x, options)
/** Maxima of windows of [..., D, H, W]. */
export const maxPool3d = (x: Node, options: MaxPoolOptions): Node => maxPool(3, x, options)

function argmaxPool(n: number, x: Node, o: MaxPoolOptions): Node {
  const pools = poolsOf(`argmaxPool${n}d`, n, asNode(x, 'argmaxPool'), o)
  const found = pooled(x, pools, least(x))
  return chosen(found, pooled(planePositions(x, n), pools, 0), n)
}
/** Row-major positions in [W], as i32, of the maxima that `maxPool1d` takes. */
export const argmaxPool1d = (x: Node, options: MaxPoolOptions): Node => argmaxPool(1, x, options)
/** Row-major positions in [H, W], as i32, of the maxima that `maxPool2d` takes. */
export const argmaxPool2d = (x: Node, options: MaxPoolOptions): Node => argmaxPool(2, x, options)
/** Row-major positions in [D, H, W], as i32, of the maxima that `maxPool3d` takes. */
export const argmaxPool3d = (x: Node, options: MaxPoolOptions): Node => argmaxPool(3, x, options)

/** The row-major position of every element along its last `n` axes: [spatial…], i32. */
export function planePositions(x: Node, n: number): Node {
  const plane = iota(spatialOf('argmaxPool', x, n), 0)
  return positionsAlong(
    plane,
    plane.shape.map((_, i) => i),
  )
}

/** The entry of `table` ([…, window…]) where `found` ([..., …, window…]) has its first maximum along the last `n` axes. */
export function chosen(found: Node, table: Node, n: number): Node {
  const axes = Array.from({ length: n }, (_, i) => found.shape.length - n + i)
  const first = argmax(found, axes)
  const spread = broadcast(
    first,
    found.shape,
    first.shape.map((_, i) => i),
  )
  return sum(where(equal(positionsAlong(found, axes), spread), broadcastTo(table, found.shape), 0), { axes })
}

function avgPool(n: number, x: Node, o: AvgPoolOptions): Node {
  const pools = poolsOf(`avgPool${n}d`, n, asNode(x, 'avgPool'), o)
  if (o.divisor === 0) throw operandError(`avgPool${n}d: the divisor is 0`, [x])
  const total = sum(pooled(x, pools, 0), { axes: inWindow(pools) })
  return o.divisor === undefined ? div(total, divisors(pools, x, o.countIncludePad ?? true)) : div(total, o.divisor)
}
/** Averages of windows of [..., W]. */
export const avgPool1d = (x: Node, options: AvgPoolOptions): Node => avgPool(1, x, options)
/** Averages of windows of [..., H, W]. */
export const avgPool2d = (x: Node, options: AvgPoolOptions): Node => avgPool(2, x, options)
/** Averages of windows of [..., D, H, W]. */
export const avgPool3d = (x: Node, options: AvgPoolOptions): Node => avgPool(3, x, options)

/** How many elements each window has inside: a number where all are alike, else [OH, OW]. */
function divisors(pools: readonly Pool[], x: Node, padded: boolean): Node | number {
  const counts = pools.map((p) =>
    Array.from({ length: p.count }, (_, o) => {
      const start = o * p.stride - p.padding
      const end = Math.min(start + p.size, p.extent + (padded ? p.padding : 0))
      return end - Math.max(start, padded ? start : 0)
    }),
  )
  if (counts.every((own) => own.every((c) => c === own[0]))) return counts.reduce((n, own) => n * own[0]!, 1)
  const all = counts.reduce((table, own) => table.flatMap((a) => own.map((b) => a * b)), [1])
  return constant(
    all,
    x.dtype,
    pools.map((p) => p.count),
  )
}

function lpPool(n: number, x: Node, o: LpPoolOptions): Node {
  const pools = poolsOf(`lpPool${n}d`, n, asNode(x, 'lpPool'), o)
  const size = pools.reduce((k, p) => k * p.size, 1)
  // A window that ceilMode cuts off is scaled up as if it were whole, as in PyTorch.
  return pow(mul(avgPool(n, pow(x, o.p), o), size), 1 / o.p)
}
/** (Σ xᵖ)^(1/p) of windows of [..., W]. */
export const lpPool1d = (x: Node, options: LpPoolOptions): Node => lpPool(1, x, options)
/** (Σ xᵖ)^(1/p) of windows of [..., H, W]. */
export const lpPool2d = (x: Node, options: LpPoolOptions): Node => lpPool(2, x, options)
