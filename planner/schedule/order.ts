/**
 * The order of items that keeps few bytes alive: the given one, or if it needs fewer, one by list scheduling, improved by moving items;
 * for few items the best of all, by dynamic programming over what has been run.
 * Invariant: deterministic; the order that comes back needs no more bytes than the given one; next values are stored after the old
 * ones have been read, where some order allows it. May not: change an item, or reorder inside a loop.
 */
import type { Kernel } from '../../core/loops.ts'
import type { Table } from '../kernels/buffers.ts'
import type { Item, Update } from '../kernels/items.ts'
import { bestOrder } from './order-exact.ts'
import { backward, givenOrder, inOrder, listSchedule } from './order-list.ts'
import { moved } from './order-moves.ts'
import { peakOf } from './order-peak.ts'
import { type OrderProblem, orderProblem } from './order-problem.ts'

/** Items of which all orders are considered. */
const FEW = 20

export function ordered(
  items: readonly Item<Kernel>[],
  updates: readonly Update[],
  table: Table,
  scratch: (kernel: Kernel) => number,
): readonly Item<Kernel>[] {
  return lowOrder(orderProblem(items, updates, table, scratch)).map((i) => items[i]!)
}

/** Positions of items in the order of their running. */
export function lowOrder(declared: OrderProblem): readonly number[] {
  const given = givenOrder(declared)
  const p = inOrder(declared, given)
  const candidates = [given, listSchedule(p), listSchedule(backward(p)).toReversed()]
  const peaks = candidates.map((order) => peakOf(p, order))
  const best = candidates[peaks.indexOf(Math.min(...peaks))]!
  const improved = p.bytes.length === 0 ? best : moved(p, best)
  const exact = p.bytes.length > 0 && p.uses.length <= FEW ? bestOrder(p, peakOf(p, improved)) : undefined
  return exact ?? improved
}
