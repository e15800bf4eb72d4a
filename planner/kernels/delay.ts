/**
 * delay: kernels that read only what is there from the start run just before the first that reads their results: their results live
 * shorter, and they may join that kernel.
 * Invariant: producers still come first; all other kernels keep their order.
 * May not: move what reads another's result: that would live longer.
 */
import type { BufferId } from '../../core/loops.ts'
import type { Table } from './buffers.ts'
import { accessesOf, type Item, isLoop, type KernelAccesses } from './items.ts'
import type { Draft } from './lower.ts'

/** An item and what it reads and writes, slices counted as their whole. */
export interface Accessing extends KernelAccesses {
  readonly item: Item<Draft>
}
export const withAccesses = (items: readonly Item<Draft>[], table: Table): Accessing[] =>
  items.map((item) => ({ item, ...accessesOf(item, table) }))

export function delay(items: readonly Accessing[]): Accessing[] {
  const made = new Set<BufferId>()
  for (const { writes } of items) for (const b of writes) made.add(b)
  const free = items.map(({ item, reads }) => !isLoop(item) && !reads.some((b) => made.has(b)))
  const firstRead = new Map<BufferId, number>()
  const keys = new Array<number>(items.length)
  for (let i = items.length - 1; i >= 0; i--) {
    const { reads, writes } = items[i]!
    const reader = writes.reduce((first, b) => Math.min(first, firstRead.get(b) ?? Infinity), Infinity)
    keys[i] = free[i] && Number.isFinite(reader) ? reader : i
    for (const b of reads) firstRead.set(b, Math.min(keys[i]!, firstRead.get(b) ?? Infinity))
  }
  const order = items.map((_, i) => i).sort((a, b) => keys[a]! - keys[b]! || Number(free[b]) - Number(free[a]) || a - b)
  return order.map((i) => items[i]!)
}
