/**
 * Kernels and loops in the order in which they run, as numbers: what computing a value again would cost, and what it would take.
 * Invariant: a value that may be dropped is a temporary that one kernel computes, whole, from values that do not change meanwhile.
 * Bytes are those of temporaries and outputs; what persists is there anyway. May not: choose what to drop.
 */
import type { BufferId, Kernel } from '../../core/loops.ts'
import { bytesOf, count } from '../../core/shape.ts'
import type { Table } from '../kernels/buffers.ts'
import { accessesOf, type Item, isLoop, type Update } from '../kernels/items.ts'
import { reusesOf } from '../schedule/order-problem.ts'
import { aligned } from '../target.ts'

export interface Moment {
  /** Seconds. */
  readonly cost: number
  /** Values it reads and does not write, and values it writes: positions in `Timeline.values`. */
  readonly reads: readonly number[]
  readonly writes: readonly number[]
  /** A value that it writes may lie where one that it reads last has been. */
  readonly reuses: readonly (readonly [made: number, used: number])[]
  /** Bytes that it needs while it runs. */
  readonly scratch: number
  /** Moments that replace state which this one reads: where it runs again, they wait for it. */
  readonly replacers: readonly number[]
}

export interface TimelineValue {
  readonly buffer: BufferId
  readonly bytes: number
  /** May be computed again, by the moment that writes it. */
  readonly droppable: boolean
  /** Stays to the end. */
  readonly output: boolean
  readonly writer: number
  /** Moments that read it, in order. */
  readonly readers: readonly number[]
}

export interface Timeline {
  readonly moments: readonly Moment[]
  readonly values: readonly TimelineValue[]
}

interface Costs {
  readonly seconds: (item: Item<Kernel>) => number
  readonly scratch: (kernel: Kernel) => number
}

/** `updates`: next values of state, which lie where the state does. */
export function timelineOf(
  items: readonly Item<Kernel>[],
  updates: readonly Update[],
  table: Table,
  costs: Costs,
): Timeline {
  const inState = new Set(updates.map((u) => u.from))
  const parted = new Set(table.values.flatMap((v) => (v.slice ? [table.whole(v.id)] : [])))
  const accesses = items.map((item) => accessesOf(item, table))
  const numbers = new Map<BufferId, number>()
  const values: {
    -readonly [K in keyof TimelineValue]: TimelineValue[K] & (K extends 'readers' ? number[] : unknown)
  }[] = []
  const replacers = replacersOf(accesses, updates)
  const moments = items.map((item, at): Moment => {
    const writes = new Set(accesses[at]!.writes)
    for (const b of writes) {
      const { role, shape, dtype } = table.values[b]!
      if ((role !== 'temporary' && role !== 'output') || inState.has(b)) continue
      const known = numbers.get(b)
      if (known !== undefined) {
        // Of several writers none can do it alone.
        values[known]!.droppable = false
        if (values[known]!.readers.at(-1) !== at) values[known]!.readers.push(at)
        continue
      }
      const droppable = role === 'temporary' && !isLoop(item) && !parted.has(b)
      numbers.set(b, values.length)
      values.push({
        buffer: b,
        bytes: aligned(count(shape) * bytesOf[dtype]),
        droppable,
        output: role === 'output',
        writer: at,
        readers: [],
      })
    }
    const reads = accesses[at]!.reads.filter((b) => !writes.has(b)).flatMap((b) => numbers.get(b) ?? [])
    for (const v of reads) values[v]!.readers.push(at)
    return {
      cost: costs.seconds(item),
      reads,
      writes: [...writes].flatMap((b) => numbers.get(b) ?? []),
      reuses: isLoop(item) ? [] : reusesOf(item, numbers, table),
      scratch: isLoop(item) ? 0 : aligned(costs.scratch(item)),
      replacers: accesses[at]!.reads.flatMap((b) => replacers.get(b) ?? []),
    }
  })
  return { moments, values }
}

/** By buffer of state, the moment that computes its next value. */
function replacersOf(
  accesses: readonly { readonly writes: readonly BufferId[] }[],
  updates: readonly Update[],
): ReadonlyMap<BufferId, number> {
  const writer = new Map(accesses.flatMap(({ writes }, at) => writes.map((b) => [b, at] as const)))
  return new Map(updates.flatMap(({ from, to }) => (writer.has(from) ? [[to, writer.get(from)!] as const] : [])))
}
