/**
 * Items of a program: kernels, and loops over items.
 * Invariant: a loop's reads and writes cover everything inside, slices counted as the whole they are a part of.
 */
import type { Graph } from '../../core/ir.ts'
import type { BufferId, Kernel } from '../../core/loops.ts'
import type { Fault } from '../types.ts'
import type { Buffers, Table } from './buffers.ts'
import type { Uses } from './uses.ts'

/** What is shared by a graph and the bodies in it. */
export interface Fusion {
  readonly table: Table
  readonly faults: Fault[]
  readonly fusion: boolean
  readonly threads: number
  /** Small kernels become straight-line code. */
  readonly scalars: boolean
  /** Numbers loops. */
  nextLoop(): number
}

/** Fuses a graph whose buffers are known. `kept`: buffers that somebody outside reads. */
export type FuseItems = (
  c: Fusion,
  graph: Graph,
  buffers: Buffers,
  uses: Uses,
  kept: (id: BufferId) => boolean,
) => Item<Kernel>[]

/** The next value (`from`) of a state or carry (`to`). `own`: nothing else is computed into `from`, so it may be renamed. */
export interface Update {
  readonly from: BufferId
  readonly to: BufferId
  readonly own: boolean
}

export interface LoopItem<K> {
  readonly kind: 'loop'
  /** Number of the loop, as slices name it. */
  readonly loop: number
  readonly count: number
  readonly items: readonly (K | LoopItem<K>)[]
  /** Carries, to be replaced at the end of an iteration. */
  readonly updates: readonly Update[]
  /** What follows when they have been. */
  readonly after?: readonly (K | LoopItem<K>)[]
  readonly test?: { readonly buffer: BufferId; readonly is: boolean }
  readonly fault?: number
  readonly reads: readonly BufferId[]
  readonly writes: readonly BufferId[]
}
export type Item<K = Kernel> = K | LoopItem<K>

export const isLoop = <K extends object>(item: Item<K>): item is LoopItem<K> => 'kind' in item && item.kind === 'loop'

export interface KernelAccesses {
  readonly reads: readonly BufferId[]
  readonly writes: readonly BufferId[]
}

/** What an item reads and writes; its scratch counts as written. With `table`, slices count as their whole. */
export function accessesOf(
  item: Item<Pick<Kernel, 'sweeps' | 'scratch'>>,
  table?: Pick<Table, 'whole'>,
): KernelAccesses {
  if (isLoop(item)) return { reads: item.reads, writes: item.writes }
  const reads: BufferId[] = []
  const writes: BufferId[] = []
  for (const sweep of item.sweeps) {
    for (const i of sweep.code) if (i.op === 'load') reads.push(table ? table.whole(i.buffer) : i.buffer)
    for (const s of sweep.stores) writes.push(table ? table.whole(s.buffer) : s.buffer)
  }
  if (item.scratch) writes.push(item.scratch.buffer)
  return { reads: distinct(reads), writes: distinct(writes) }
}

/** Most kernels in the making access two or three buffers: for those, a set costs more than it saves. */
function distinct(ids: BufferId[]): readonly BufferId[] {
  if (ids.length < 2) return ids
  return ids.length > 8 ? [...new Set(ids)] : ids.filter((id, i) => ids.indexOf(id) === i)
}
