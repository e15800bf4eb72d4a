/**
 * Pooling to a given size: window i of n covers ⌊i·size/n⌋ … ⌈(i+1)·size/n⌉ − 1 along each axis. Source: PyTorch.
 * Invariant: where windows are alike it is ordinary pooling; averages are otherwise products with constant matrices, axis by axis.
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { reshape } from '../primitives/broadcast.ts'
import { maxFirst } from '../primitives/first-max.ts'
import { transpose } from '../primitives/layout.ts'
import { avgPool1d, avgPool2d, avgPool3d, chosen, maxPool1d, maxPool2d, maxPool3d, planePositions } from './pooling.ts'
import { alongAxis, picked, spatialOf } from './spatial.ts'

/** The size of the result along each axis; null keeps it. */
export type AdaptiveSize = number | null | readonly (number | null)[]

/** [first, one past the last] of each window. */
const spans = (size: number, count: number): [number, number][] =>
  Array.from({ length: count }, (_, i) => [Math.floor((i * size) / count), Math.ceil(((i + 1) * size) / count)])

function countsOf(name: string, n: number, x: Node, size: AdaptiveSize): readonly number[] {
  const own = spatialOf(name, x, n)
  const asked: readonly (number | null)[] = typeof size === 'number' || size === null ? own.map(() => size) : size
  const list = (asked.length === 1 && n > 1 ? own.map(() => asked[0]!) : asked).map((c, i) => c ?? own[i]!)
  if (own.length !== n || list.length !== n || list.some((c) => !Number.isInteger(c) || c < 0))
    throw operandError(`${name}: [${asked}] is not a size for each of ${n} spatial axes`, [asNode(x, name)])
  if (own.includes(0)) throw operandError(`${name}: nothing to pool in [${own}]`, [x])
  return list
}

/** Are the windows alike, with nothing between them? Then this is their size. */
function plainSize(own: readonly number[], counts: readonly number[]): readonly number[] | undefined {
  return counts.every((c, i) => c > 0 && own[i]! % c === 0) ? own.map((d, i) => d / counts[i]!) : undefined
}

function adaptiveAvg(n: number, x: Node, size: AdaptiveSize): Node {
  const name = `adaptiveAvgPool${n}d`
  const counts = countsOf(name, n, x, size)
  const own = spatialOf(name, x, n)
  const plain = plainSize(own, counts)
  if (plain) return [avgPool1d, avgPool2d, avgPool3d][n - 1]!(x, { size: plain })
  const rows = (d: number, c: number) =>
    spans(d, c).map(([from, to]) => Array.from({ length: d }, (_, i) => (i >= from && i < to ? 1 / (to - from) : 0)))
  return counts.reduce((y, c, i) => (c === own[i] ? y : alongAxis(y, y.shape.length - n + i, rows(own[i]!, c))), x)
}
/** Averages: [..., W] → [..., size]. */
export const adaptiveAvgPool1d = (x: Node, size: AdaptiveSize): Node => adaptiveAvg(1, x, size)
/** Averages: [..., H, W] → [..., ...size]. */
export const adaptiveAvgPool2d = (x: Node, size: AdaptiveSize): Node => adaptiveAvg(2, x, size)
/** Averages: [..., D, H, W] → [..., ...size]. */
export const adaptiveAvgPool3d = (x: Node, size: AdaptiveSize): Node => adaptiveAvg(3, x, size)

/**
 * [..., H, W] → [..., OH, OW, LH, LW]: all windows, as long as the longest. A shorter one repeats its last element, which
 * changes neither its maximum nor its first position.
 */
function gathered(x: Node, counts: readonly number[]): Node {
  const n = counts.length
  const lead = x.shape.length - n
  const own = spatialOf('adaptiveMaxPool', x, n)
  const wide = counts.reduceRight((y, c, i) => {
    const at = lead + i
    const list = spans(own[i]!, c)
    const longest = Math.max(0, ...list.map(([from, to]) => to - from))
    const index = list.flatMap(([from, to]) => Array.from({ length: longest }, (_, k) => Math.min(from + k, to - 1)))
    const back = picked(y, at, index)
    return reshape(back, [...back.shape.slice(0, at), c, longest, ...back.shape.slice(at + 1)])
  }, x)
  const tail = (odd: number) => counts.map((_, i) => lead + 2 * i + odd)
  return transpose(wide, [...Array.from({ length: lead }, (_, i) => i), ...tail(0), ...tail(1)])
}

function adaptiveMax(n: number, x: Node, size: AdaptiveSize): Node {
  const name = `adaptiveMaxPool${n}d`
  const counts = countsOf(name, n, x, size)
  const plain = plainSize(spatialOf(name, x, n), counts)
  if (plain) return [maxPool1d, maxPool2d, maxPool3d][n - 1]!(x, { size: plain })
  const found = gathered(x, counts)
  return maxFirst(found, { axes: counts.map((_, i) => i - n) })
}
/** Maxima: [..., W] → [..., size]. */
export const adaptiveMaxPool1d = (x: Node, size: AdaptiveSize): Node => adaptiveMax(1, x, size)
/** Maxima: [..., H, W] → [..., ...size]. */
export const adaptiveMaxPool2d = (x: Node, size: AdaptiveSize): Node => adaptiveMax(2, x, size)
/** Maxima: [..., D, H, W] → [..., ...size]. */
export const adaptiveMaxPool3d = (x: Node, size: AdaptiveSize): Node => adaptiveMax(3, x, size)

/** Row-major positions (i32) of the maxima that `adaptiveMaxPool` takes along the last `n` axes. */
export function adaptiveArgmaxPool(n: 1 | 2 | 3, x: Node, size: AdaptiveSize): Node {
  const counts = countsOf('adaptiveArgmaxPool', n, x, size)
  return chosen(gathered(x, counts), gathered(planePositions(x, n), counts), n)
}
