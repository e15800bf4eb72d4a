/**
 * straight: small kernels, unrolled to the last point, join to one kernel without axes: straight-line code whose values pass in registers.
 * So graphs of scalars, small vectors taken apart and put together, and small fixed matrices cost their arithmetic and no more.
 * Invariant: the same operations in the same order as in loops, hence the same bits; whatever a kernel reads is stored before, by an
 * earlier kernel or by itself. In a kernel without axes all loads come before all stores.
 * May not: unroll what is worth vectors.
 */
import type { BufferId, Kernel } from '../../core/loops.ts'
import type { Table } from './buffers.ts'
import { accessesOf, type Item, isLoop, type LoopItem } from './items.ts'
import { fits, sizeOf, straightWriter } from './straight-writer.ts'

/** Instructions of one kernel of straight-line code. */
const MOST = 1500
/** Groups that may still grow: the latest ones. */
const OPEN = 8

interface Group {
  readonly at: number
  readonly kernels: Kernel[]
  size: number
}
type Place = LoopItem<Kernel> | Kernel | Group

export interface StraightOptions {
  readonly table: Table
  /** Buffers that somebody outside reads. */
  readonly kept: (id: BufferId) => boolean
  /** Also single kernels, which gain where a loop keeps their values in registers. */
  readonly single: boolean
}

/** `items` in producer-first order, and so is the result. */
export function straighten(items: readonly Item<Kernel>[], o: StraightOptions): Item<Kernel>[] {
  return written(grouped(items, o.table), o)
}

/** Each kernel that fits joins the earliest group after everything that it reads, or that uses what it writes. */
function grouped(items: readonly Item<Kernel>[], table: Table): Place[] {
  const places: Place[] = []
  let open: Group[] = []
  const written = new Map<BufferId, number>()
  const used = new Map<BufferId, number>()
  for (const item of items) {
    const { reads, writes } = accessesOf(item, table)
    const after = Math.max(-1, ...reads.map((b) => written.get(b) ?? -1), ...writes.map((b) => used.get(b) ?? -1))
    let at = places.length
    if (isLoop(item) || !fits(item)) places.push(item)
    else {
      const size = sizeOf(item)
      const group = open.find((g) => g.at >= after && g.size + size <= MOST)
      at = group?.at ?? at
      if (group) {
        group.kernels.push(item)
        group.size += size
      } else {
        const made = { at, kernels: [item], size }
        places.push(made)
        open = [...open, made].slice(-OPEN)
      }
    }
    for (const b of writes) written.set(b, Math.max(at, written.get(b) ?? at))
    for (const b of [...reads, ...writes]) used.set(b, Math.max(at, used.get(b) ?? at))
  }
  return places
}

const isGroup = (place: Place): place is Group => 'kernels' in place

/** From the end: what later places read must be stored. */
function written(places: readonly Place[], { table, kept, single }: StraightOptions): Item<Kernel>[] {
  const read = new Set<BufferId>()
  const needed = (b: BufferId): boolean => kept(b) || read.has(table.whole(b))
  const out: Item<Kernel>[] = []
  for (const place of places.toReversed()) {
    const made = isGroup(place) ? joined(place.kernels, needed, single) : place
    if (made === undefined) continue
    out.push(made)
    for (const b of accessesOf(made, table).reads) read.add(b)
  }
  return out.reverse()
}

/** One kernel for all; none where nobody needs what they store. */
function joined(kernels: readonly Kernel[], needed: (b: BufferId) => boolean, single: boolean): Kernel | undefined {
  const [first, ...others] = kernels
  if (others.length === 0 && !single) return first
  const writer = straightWriter()
  for (const kernel of kernels) writer.add(kernel)
  const sweep = writer.sweep(needed)
  if (sweep.stores.length === 0) return undefined
  return Object.freeze({ name: others.length === 0 ? first!.name : 'scalars', outer: [], sweeps: [sweep] })
}
