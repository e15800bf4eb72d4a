/**
 * Renaming buffers in items, and the test for working in place.
 * Invariant: a slice keeps its name; only what is not a part of another buffer, and has no parts, is renamed.
 */
import type { BufferId, Kernel, Sweep } from '../../core/loops.ts'
import { type Item, isLoop } from '../kernels/items.ts'

/** The item with its buffers renamed, all the way down. */
export function renameItem(item: Item<Kernel>, to: (id: BufferId) => BufferId): Item<Kernel> {
  if (!isLoop(item)) return renameBuffers(item, to)
  return {
    ...item,
    items: item.items.map((inner) => renameItem(inner, to)),
    ...(item.after && { after: item.after.map((inner) => renameItem(inner, to)) }),
    ...(item.test && { test: { ...item.test, buffer: to(item.test.buffer) } }),
    updates: item.updates.map((u) => ({ ...u, from: to(u.from), to: to(u.to) })),
    reads: item.reads.map(to),
    writes: item.writes.map(to),
  }
}

/** The kernel with its buffers renamed. */
export function renameBuffers(kernel: Kernel, to: (id: BufferId) => BufferId): Kernel {
  const sweep = (s: Sweep): Sweep => ({
    ...s,
    code: s.code.map((i) => (i.op === 'load' ? { ...i, buffer: to(i.buffer) } : i)),
    stores: s.stores.map((store) => ({ ...store, buffer: to(store.buffer) })),
  })
  return { ...kernel, sweeps: kernel.sweeps.map(sweep) }
}

/** Every access of `buffer` in the kernel is at one of the places that `sweep` stores to through `maps`: element by element, in place. */
export function inPlaceAt(
  kernel: Kernel,
  sweep: Sweep,
  buffer: BufferId,
  maps: readonly { readonly offset: number; readonly strides: readonly number[]; readonly indirect?: unknown }[],
): boolean {
  if (maps.some((map) => map.indirect)) return false
  const places = new Set(maps.map((map) => `${map.offset} ${map.strides}`))
  for (const other of kernel.sweeps)
    for (const i of other.code) {
      if (i.op !== 'load' || i.buffer !== buffer) continue
      if (other !== sweep || i.guards || i.map.indirect) return false
      if (!places.has(`${i.map.offset} ${i.map.strides}`)) return false
    }
  return true
}
