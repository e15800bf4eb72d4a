/**
 * Placing blocks one after the other in a given order: each at the lowest gap, or in the tightest one, that stays
 * free for its whole lifetime. Invariant: blocks alive together never share a byte; the same order gives the same offsets.
 * Quadratic in the number of blocks: meant for a few thousand. May not: choose the order.
 */
import type { Block } from './bound.ts'

export type Fit = 'first' | 'best'

export interface Fitted {
  /** By position in `blocks`. */
  readonly offsets: Float64Array
  readonly peak: number
}

/** Undefined as soon as the peak would reach `limit`: then it is no improvement. `order` holds positions in `blocks`. */
export function fitInOrder(
  blocks: readonly Block[],
  order: readonly number[],
  fit: Fit,
  limit: number,
): Fitted | undefined {
  const offsets = new Float64Array(blocks.length)
  const placed = new Int32Array(blocks.length)
  let count = 0
  let peak = 0
  for (const i of order) {
    const block = blocks[i]!
    if (block.size === 0) continue
    const offset = findGap(blocks, offsets, placed, count, block, fit)
    peak = Math.max(peak, offset + block.size)
    if (peak >= limit) return undefined
    offsets[i] = offset
    let at = count
    while (at > 0 && offsets[placed[at - 1]!]! > offset) at--
    placed.copyWithin(at + 1, at, count++)
    placed[at] = i
  }
  return { offsets, peak }
}

/** `placed` is sorted by offset, so one walk sees the gaps that the blocks alive together with `block` leave. */
function findGap(
  blocks: readonly Block[],
  offsets: Float64Array,
  placed: Int32Array,
  count: number,
  block: Block,
  fit: Fit,
): number {
  let top = 0
  let best = -1
  let bestGap = Number.POSITIVE_INFINITY
  for (let k = 0; k < count; k++) {
    const i = placed[k]!
    const other = blocks[i]!
    if (other.first > block.last || other.last < block.first) continue
    const gap = offsets[i]! - top
    if (gap >= block.size && gap < bestGap) {
      if (fit === 'first') return top
      best = top
      bestGap = gap
    }
    top = Math.max(top, offsets[i]! + other.size)
  }
  return best < 0 ? top : best
}
