/**
 * In place: a result takes the buffer of an operand that dies in its kernel, where both are accessed element by element at one place.
 * Invariant: only temporaries die; dtype and size are equal; the kernel reads the dying buffer nowhere else.
 * May not: touch inputs, state or constants.
 */
import type { BufferId, Kernel } from '../../core/loops.ts'
import { count } from '../../core/shape.ts'
import type { Table, Value } from '../kernels/buffers.ts'
import { accessesOf, type Item, isLoop } from '../kernels/items.ts'
import { inPlaceAt, renameBuffers } from './accesses.ts'

export function inPlace(items: readonly Item<Kernel>[], table: Table): readonly Item<Kernel>[] {
  const parted = new Set(table.values.flatMap((v) => (v.slice ? [v.slice.of] : [])))
  const everywhere = countAccesses(items, new Map())
  return inList(items, table, (b) => !parted.has(b), everywhere)
}

/** How many kernels access each buffer, loops included. */
function countAccesses(items: readonly Item<Kernel>[], counts: Map<BufferId, number>): Map<BufferId, number> {
  for (const item of items) {
    if (isLoop(item)) {
      countAccesses(item.items, counts)
      for (const u of item.updates) for (const b of [u.from, u.to]) counts.set(b, (counts.get(b) ?? 0) + 1)
      if (item.test) counts.set(item.test.buffer, (counts.get(item.test.buffer) ?? 0) + 1)
      continue
    }
    const { reads, writes } = accessesOf(item)
    for (const b of new Set([...reads, ...writes])) counts.set(b, (counts.get(b) ?? 0) + 1)
  }
  return counts
}

/** Only buffers that no other list touches: a loop's body, or what is around it. */
function inList(
  items: readonly Item<Kernel>[],
  table: Table,
  whole: (b: BufferId) => boolean,
  everywhere: ReadonlyMap<BufferId, number>,
): readonly Item<Kernel>[] {
  const here = countAccesses(
    items.filter((item) => !isLoop(item)),
    new Map(),
  )
  const free = (b: BufferId): boolean =>
    table.values[b]!.role === 'temporary' && whole(b) && here.get(b) === everywhere.get(b)
  const lastRead = new Map<BufferId, number>()
  const writers = new Map<BufferId, number>()
  items.forEach((item, i) => {
    const { reads, writes } = accessesOf(item)
    for (const b of reads) lastRead.set(b, i)
    for (const b of writes) writers.set(b, (writers.get(b) ?? 0) + 1)
  })
  const renamed = new Map<BufferId, BufferId>()
  const id = (b: BufferId): BufferId => renamed.get(b) ?? b
  return items.map((item, i) => {
    if (isLoop(item)) return { ...item, items: inList(item.items, table, whole, everywhere) }
    const dying = accessesOf(item).reads.filter((b) => free(b) && lastRead.get(b) === i)
    if (dying.length === 0) return renamed.size > 0 ? renameBuffers(item, id) : item
    const stores = storeCounts(item)
    for (const sweep of item.sweeps)
      for (const store of sweep.stores) {
        if (!free(store.buffer) || writers.get(store.buffer) !== 1) continue
        if (store.accumulate || stores.get(store.buffer) !== 1) continue
        const at = dying.findIndex(
          (b) => sameSize(table.values[b]!, table.values[store.buffer]!) && inPlaceAt(item, sweep, b, [store.map]),
        )
        if (at < 0) continue
        renamed.set(store.buffer, id(dying[at]!))
        dying.splice(at, 1)
      }
    return renameBuffers(item, id)
  })
}

const sameSize = (a: Value, b: Value): boolean => a.dtype === b.dtype && count(a.shape) === count(b.shape)
function storeCounts(kernel: Kernel): Map<BufferId, number> {
  const counts = new Map<BufferId, number>()
  for (const { stores } of kernel.sweeps) for (const s of stores) counts.set(s.buffer, (counts.get(s.buffer) ?? 0) + 1)
  return counts
}
