/**
 * delay: kernels that read only what is there from the start run just before the first that reads their results: their results live
 * shorter, and they may join that kernel.
 * Invariant: producers still come first; all other kernels keep their order.
 * May not: move what reads another's result: that would live longer.
 */
import type { BufferId } from '../../core/loops.ts'
import type { Table } from './buffers.ts'
import { accessesOf, type Item, isLoop } from './items.ts'
import type { Draft } from './lower.ts'

export function delay(items: readonly Item<Draft>[], table: Table): Item<Draft>[] {
  const accesses = items.map((item) => accessesOf(item, table))
  const made = new Set(accesses.flatMap((a) => a.writes))
  const free = items.map((item, i) => !isLoop(item) && !accesses[i]!.reads.some((b) => made.has(b)))
  const firstRead = new Map<BufferId, number>()
  const keys = new Array<number>(items.length)
  for (let i = items.length - 1; i >= 0; i--) {
    const { reads, writes } = accesses[i]!
    const reader = writes.reduce((first, b) => Math.min(first, firstRead.get(b) ?? Infinity), Infinity)
    keys[i] = free[i] && Number.isFinite(reader) ? reader : i
    for (const b of reads) firstRead.set(b, Math.min(keys[i]!, firstRead.get(b) ?? Infinity))
  }
  const order = items.map((_, i) => i).sort((a, b) => keys[a]! - keys[b]! || Number(free[b]) - Number(free[a]) || a - b)
  return order.map((i) => items[i]!)
}
