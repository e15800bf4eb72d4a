/**
 * merge: each kernel joins one that is there already, where that saves memory traffic or a step and repeats nothing: the latest of
 * its producers, whose results become registers; else one that reads the same; else, small ones, any over the same loops.
 * So chains with several readers, epilogues, softmax and norms (rows of sweeps), several sums over the same data, and updates of small
 * parameters become one kernel each.
 * Invariant: kernels stay in an order where producers come first: all other producers of the joining kernel are before its new place.
 * May not: repeat work, or join loops.
 */
import type { BufferId } from '../../core/loops.ts'
import type { Table } from './buffers.ts'
import type { Accessing } from './delay.ts'
import { closed, type Host, hostFor, join, pointsOf, spaceOf } from './host.ts'
import { type Item, isLoop } from './items.ts'
import type { Draft } from './lower.ts'

/** Points up to which kernels over the same loops share one, though they share no data. */
const SMALL = 2 ** 18
/** How many kernels back a kernel that reads the same may be: its results live from there on. */
const RECENT = 4

type Place = { readonly host: Host } | { readonly item: Item<Draft> }

interface Merging {
  readonly places: Place[]
  /** The last place that writes a buffer, or reads it. */
  readonly writer: Map<BufferId, number>
  readonly reader: Map<BufferId, number>
  /** The last host over these axes, all outer or some inner. */
  readonly bySpace: Map<string, number>
}

/** `items` in producer-first order. Nothing joins a loop. */
export function merge(items: readonly Accessing[], table: Table): Item<Draft>[] {
  const m: Merging = { places: [], writer: new Map(), reader: new Map(), bySpace: new Map() }
  for (const { item, reads, writes } of items) {
    const at = isLoop(item) ? m.places.push({ item }) - 1 : placed(m, item, reads, table)
    for (const b of reads) m.reader.set(b, at)
    for (const b of writes) m.writer.set(b, Math.max(at, m.writer.get(b) ?? -1))
  }
  return m.places.map((place) => ('host' in place ? closed(place.host) : place.item))
}

/** The place of `draft`: one that it joined, or its own. */
function placed(m: Merging, draft: Draft, reads: readonly BufferId[], table: Table): number {
  const last = reads.reduce((latest, b) => Math.max(latest, m.writer.get(b) ?? -1), -1)
  const tried = new Set<number>()
  for (const at of candidates(m, draft, reads, last)) {
    const place = m.places[at]
    if (at < last || tried.has(at) || !place || !('host' in place)) continue
    tried.add(at)
    if (!join(place.host, draft, (b) => m.writer.get(table.whole(b)) === at)) continue
    announce(m, place.host, at)
    return at
  }
  const host = hostFor(draft)
  const at = m.places.push(host ? { host } : { item: draft }) - 1
  if (host && !draft.product) announce(m, host, at)
  return at
}

function announce(m: Merging, host: Host, at: number): void {
  m.bySpace.set(host.space, at)
  for (const { space } of host.stages)
    if (space !== '') m.bySpace.set(host.space === '' ? space : `${host.space},${space}`, at)
}

/** Places to try, best first. `last`: the latest producer. */
function* candidates(m: Merging, draft: Draft, reads: readonly BufferId[], last: number): Generator<number> {
  yield last
  const space = spaceOf(draft.outer)
  const open = (at: number): Host | undefined => {
    const place = m.places[at]
    return place && 'host' in place && !place.host.draft.product ? place.host : undefined
  }
  for (const b of reads) {
    const at = m.reader.get(b) ?? -1
    if (at >= m.places.length - RECENT && open(at)?.space === space) yield at
  }
  const near = m.bySpace.get(space) ?? -1
  if (pointsOf(draft) <= SMALL && (open(near)?.points ?? Infinity) <= SMALL) yield near
}
