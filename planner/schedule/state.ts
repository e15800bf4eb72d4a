/**
 * Updating state, of a program and of a loop: the order that lets a value be overwritten in place, and copies where it cannot be.
 * Invariant: whatever reads the old value runs before the new one is stored, or reads each element just before it is replaced.
 * May not: give up a correct order for a place.
 */
import type { BufferId, Kernel } from '../../core/loops.ts'
import { count } from '../../core/shape.ts'
import type { Table } from '../kernels/buffers.ts'
import { copy } from '../kernels/copy.ts'
import { finish } from '../kernels/finish.ts'
import { accessesOf, type Item, isLoop, type Update } from '../kernels/items.ts'
import { inPlaceAt, renameItem } from './accesses.ts'

/** Items in an order, those that store a next value behind the readers of the old one. */
export type Arrange = (
  items: readonly Item<Kernel>[],
  updates: readonly Update[],
  table: Table,
) => readonly Item<Kernel>[]

/** Items in which every next value, of state and of the carries of loops, ends up in its own place. Bodies of loops have updates last. */
export function updated(
  items: readonly Item<Kernel>[],
  updates: readonly Update[],
  table: Table,
  inPlace: boolean,
  arrange: Arrange = updatesLast,
): readonly Item<Kernel>[] {
  const inner = items.map((item) =>
    isLoop(item)
      ? { ...item, items: [...updated(item.items, item.updates, table, inPlace), ...(item.after ?? [])], after: [] }
      : item,
  )
  return updateState(arrange(inner, updates, table), updates, table, inPlace)
}

/** Items that store a next value, and all that need them, come last. */
export function updatesLast(
  items: readonly Item<Kernel>[],
  updates: readonly Update[],
  table: Table,
): readonly Item<Kernel>[] {
  const late = new Set(updates.map((u) => u.from))
  const [first, last]: [Item<Kernel>[], Item<Kernel>[]] = [[], []]
  for (const item of items) {
    const { reads, writes } = accessesOf(item, table)
    const delayed = [...reads, ...writes].some((b) => late.has(b))
    if (delayed) for (const b of writes) late.add(b)
    ;(delayed ? last : first).push(item)
  }
  return [...first, ...last]
}

function updateState(
  items: readonly Item<Kernel>[],
  updates: readonly Update[],
  table: Table,
  inPlace: boolean,
): readonly Item<Kernel>[] {
  const renamed = new Map<BufferId, BufferId>()
  const copies: Kernel[] = []
  const positions = positionsOf(items, table)
  const parted = new Set(table.values.flatMap((v) => (v.slice ? [v.slice.of] : [])))
  for (const { from, to, own } of updates) {
    if (from === to) continue
    const { dtype, shape } = table.values[from]!
    if (own && inPlace && !parted.has(from) && safe(items, positions, from, to)) renamed.set(from, to)
    else if (count(shape) > 0) copies.push(finish(copy(from, to, dtype, count(shape))))
  }
  const id = (b: BufferId) => renamed.get(b) ?? b
  return [...(renamed.size > 0 ? items.map((item) => renameItem(item, id)) : items), ...copies]
}

interface Positions {
  /** The only item that writes a buffer; NaN where several do, part by part. */
  readonly writer: ReadonlyMap<BufferId, number>
  readonly readers: ReadonlyMap<BufferId, readonly number[]>
}
function positionsOf(items: readonly Item<Kernel>[], table: Table): Positions {
  const writer = new Map<BufferId, number>()
  const readers = new Map<BufferId, number[]>()
  items.forEach((item, i) => {
    const { reads, writes } = accessesOf(item, table)
    for (const b of writes) writer.set(b, writer.has(b) ? Number.NaN : i)
    for (const b of reads) {
      const at = readers.get(b)
      if (at) at.push(i)
      else readers.set(b, [i])
    }
  })
  return { writer, readers }
}

function safe(items: readonly Item<Kernel>[], { writer, readers }: Positions, from: BufferId, to: BufferId): boolean {
  const at = writer.get(from)
  const kernel = at === undefined ? undefined : items[at]
  if (at === undefined || kernel === undefined || isLoop(kernel)) return false
  const sweep = kernel.sweeps.find((s) => s.stores.some((store) => store.buffer === from))!
  const stores = sweep.stores.filter((s) => s.buffer === from)
  // All loads of straight-line code come before its stores.
  if (kernel.outer.length === 0 && kernel.sweeps.length === 1 && sweep.inner.length === 0)
    return (readers.get(to) ?? []).every((r) => r <= at)
  const single =
    kernel.sweeps.every((s) => s === sweep || s.stores.every((other) => other.buffer !== from)) &&
    stores.every((s) => !s.accumulate)
  const maps = stores.map((s) => s.map)
  return (readers.get(to) ?? []).every((r) => r < at || (r === at && single && inPlaceAt(kernel, sweep, to, maps)))
}
