/**
 * Kernels that run again: a timeline's runs as items, each value computed again in a buffer of its own.
 * Invariant: a kernel that runs again is the same code, less what nobody wants of it, so the bits are the same.
 * May not: write where another kernel writes.
 */
import type { BufferId, Kernel } from '../../core/loops.ts'
import { nameOf, type Table } from '../kernels/buffers.ts'
import { accessesOf, type Item, isLoop } from '../kernels/items.ts'
import { dropUnread } from '../kernels/prune.ts'
import { renameItem } from '../schedule/accesses.ts'
import type { Run } from './replay.ts'
import type { Timeline } from './timeline.ts'

/** `items` are those that the timeline was made of. New buffers are added to `table`. */
export function runAgain(
  items: readonly Item<Kernel>[],
  table: Table,
  t: Timeline,
  runs: readonly Run[],
): readonly Item<Kernel>[] {
  const current = new Map<BufferId, BufferId>()
  const id = (b: BufferId): BufferId => current.get(b) ?? b
  return runs.map(({ moment, again, writes }) => {
    const item = items[moment]!
    if (!again || isLoop(item)) return current.size > 0 ? renameItem(item, id) : item
    const wanted = new Set(writes.map((v) => t.values[v]!.buffer))
    const left = less(item, wanted, table)
    const fresh = new Map(accessesOf(left).writes.map((b) => [b, copyOf(table, b)]))
    const made = renameItem(left, (b) => fresh.get(b) ?? id(b))
    for (const b of wanted) current.set(b, fresh.get(b)!)
    return made
  })
}

function copyOf(table: Table, b: BufferId): BufferId {
  const { id: _, ...value } = table.values[b]!
  return table.extra({ ...value, role: 'temporary', name: () => `${nameOf(value)}, again` })
}

/** The kernel without what is not wanted of it; whole, where its product would be another. */
function less(kernel: Kernel, wanted: ReadonlySet<BufferId>, table: Table): Kernel {
  const [left] = dropUnread([{ ...kernel, product: false }], (b) => wanted.has(b), table)
  if (left === undefined || isLoop(left)) return kernel
  const { product: _, ...made } = left
  const [before, after] = [kernel.sweeps[0]!, made.sweeps[0]!]
  const same = after.code.length === before.code.length && after.reductions.length === before.reductions.length
  return kernel.form && !same ? kernel : made
}
