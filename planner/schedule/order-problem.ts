/**
 * What the order of items costs in memory, as numbers: which item must come before which, and what each makes and lets go.
 * Invariant: any order that keeps the edges computes the same values. Bytes are those of temporaries and outputs only; what persists
 * is there in any order. Linear in accesses. May not: choose an order.
 */
import type { BufferId, Kernel } from '../../core/loops.ts'
import { bytesOf, count } from '../../core/shape.ts'
import type { Table } from '../kernels/buffers.ts'
import { accessesOf, type Item, isLoop, type Update } from '../kernels/items.ts'
import { aligned } from '../target.ts'
import { inPlaceAt } from './accesses.ts'

export interface OrderProblem {
  /** By item: items that come later whatever happens. */
  readonly after: readonly (readonly number[])[]
  /** By item: items that come later if a next value is to be stored where the old one is. */
  readonly afterReading: readonly (readonly number[])[]
  /** Buffers that take memory, numbered anew, by item. */
  readonly makes: readonly (readonly number[])[]
  readonly uses: readonly (readonly number[])[]
  /** By item: a buffer that it makes may lie where one that it uses last has been. */
  readonly reuses: readonly (readonly (readonly [made: number, used: number])[])[]
  readonly bytes: readonly number[]
  /** Items that use each buffer, or make it; outputs count one more that never comes. */
  readonly users: readonly number[]
  /** Bytes that an item needs while it runs. */
  readonly scratch: readonly number[]
}

export function orderProblem(
  items: readonly Item<Kernel>[],
  updates: readonly Update[],
  table: Table,
  scratch: (kernel: Kernel) => number,
): OrderProblem {
  const accesses = items.map((item) => accessesOf(item, table))
  const numbers = new Map<BufferId, number>()
  const bytes: number[] = []
  const users: number[] = []
  const inState = new Set(updates.map((u) => u.from))
  const numbered = (ids: readonly BufferId[], use: boolean): number[] =>
    ids.flatMap((id) => {
      const { role, shape, dtype } = table.values[id]!
      if ((role !== 'temporary' && role !== 'output') || inState.has(id)) return []
      const known = numbers.get(id)
      if (known === undefined && use) return []
      const n = known ?? bytes.push(aligned(count(shape) * bytesOf[dtype])) - 1
      if (known === undefined) users.push(role === 'output' ? 1 : 0)
      numbers.set(id, n)
      return [n]
    })
  const makes = accesses.map(({ writes }) => numbered(writes, false))
  const uses = accesses.map(({ reads }, i) => [...new Set([...numbered(reads, true), ...makes[i]!])])
  for (const list of uses) for (const n of list) users[n]!++
  return {
    ...edges(accesses, updates),
    ...{ makes, uses, bytes, users },
    reuses: items.map((item) => (isLoop(item) ? [] : reusesOf(item, numbers, table))),
    scratch: items.map((item) => (isLoop(item) ? 0 : aligned(scratch(item)))),
  }
}

/** Of two items that touch one buffer, and one of them writes it, the first stays first. */
function edges(
  accesses: readonly { readonly reads: readonly BufferId[]; readonly writes: readonly BufferId[] }[],
  updates: readonly Update[],
): Pick<OrderProblem, 'after' | 'afterReading'> {
  const after = accesses.map((): number[] => [])
  const afterReading = accesses.map((): number[] => [])
  const writer = new Map<BufferId, number>()
  const readers = new Map<BufferId, number[]>()
  const all = new Map<BufferId, number[]>()
  accesses.forEach(({ reads, writes }, i) => {
    for (const b of [...reads, ...writes]) if (writer.has(b)) after[writer.get(b)!]!.push(i)
    for (const b of writes) {
      for (const r of readers.get(b) ?? []) if (r !== i) after[r]!.push(i)
      readers.set(b, [])
      writer.set(b, i)
    }
    for (const b of reads) for (const by of [readers, all]) append(by, b, i)
  })
  for (const { from, to } of updates) {
    const at = writer.get(from)
    if (at !== undefined) for (const r of all.get(to) ?? []) if (r !== at) afterReading[r]!.push(at)
  }
  return { after, afterReading }
}

/** As inPlace will find them, if the operand is used last here. */
export function reusesOf(
  kernel: Kernel,
  numbers: ReadonlyMap<BufferId, number>,
  table: Table,
): (readonly [made: number, used: number])[] {
  const taken = new Set<number>()
  const found: (readonly [number, number])[] = []
  const { reads } = accessesOf(kernel)
  for (const sweep of kernel.sweeps)
    for (const { buffer, map, accumulate } of sweep.stores) {
      const made = numbers.get(buffer)
      if (made === undefined || accumulate || table.values[buffer]!.role !== 'temporary') continue
      const same = reads.find((b) => {
        const used = numbers.get(b)
        if (used === undefined || taken.has(used) || table.values[b]!.role !== 'temporary') return false
        const [x, y] = [table.values[b]!, table.values[buffer]!]
        return x.dtype === y.dtype && count(x.shape) === count(y.shape) && inPlaceAt(kernel, sweep, b, [map])
      })
      if (same === undefined) continue
      taken.add(numbers.get(same)!)
      found.push([made, numbers.get(same)!])
    }
  return found
}

function append(lists: Map<BufferId, number[]>, key: BufferId, i: number): void {
  const list = lists.get(key)
  if (list) list.push(i)
  else lists.set(key, [i])
}
