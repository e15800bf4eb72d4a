/**
 * straight: small kernels, unrolled to the last point, join to one kernel whose values pass in registers: without axes (graphs of scalars, small
 * vectors taken apart and put together, small fixed matrices), or along one long axis (batches of such: `batched.ts`).
 * Invariant: the same operations in the same order as in loops, hence the same bits; whatever a kernel reads is stored before, by an
 * earlier kernel or by itself. In a kernel without axes all loads come before all stores.
 * May not: unroll what is worth vectors.
 */
import type { Axis, BufferId, Kernel } from '../../core/loops.ts'
import { batches, type Elements, type Grouping } from './batched.ts'
import type { Table } from './buffers.ts'
import { accessesOf, type Item, isLoop, type LoopItem } from './items.ts'
import { type Along, fits, sizeOf, straightWriter } from './straight-writer.ts'

const scalars: Grouping = {
  along: 0,
  most: 1500,
  fits: (kernel) => fits(kernel, 0),
  starts: (kernel) => fits(kernel, 0),
  joins: (_, kernel) => kernel,
  add: () => {},
}

/** Groups that may still grow: the latest ones. */
const OPEN = 8

interface Group extends Elements {
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
export function straighten(items: readonly Item<Kernel>[], o: StraightOptions): readonly Item<Kernel>[] {
  const batched = written(grouped(items, o.table, batches), { ...o, single: false }, 1)
  return written(grouped(batched, o.table, scalars), o, 0)
}

/** Each kernel that fits joins the earliest group after everything that it reads, or that uses what it writes. */
function grouped(items: readonly Item<Kernel>[], table: Table, g: Grouping): Place[] {
  const places: Place[] = []
  let open: Group[] = []
  const written = new Map<BufferId, number>()
  const used = new Map<BufferId, number>()
  for (const item of items) {
    const { reads, writes } = accessesOf(item, table)
    const after = Math.max(-1, ...reads.map((b) => written.get(b) ?? -1), ...writes.map((b) => used.get(b) ?? -1))
    const host = isLoop(item) ? undefined : hostOf(item, open, after, g)
    const at = host?.group.at ?? places.length
    if (host) join(host.group, host.kernel, g)
    else if (isLoop(item) || !g.starts(item)) places.push(item)
    else {
      const group: Group = { at, kernels: [], size: 0, stores: new Map(), loads: new Set() }
      join(group, item, g)
      places.push(group)
      open = [...open, group].slice(-OPEN)
    }
    for (const b of writes) written.set(b, Math.max(at, written.get(b) ?? at))
    for (const b of [...reads, ...writes]) used.set(b, Math.max(at, used.get(b) ?? at))
  }
  return places
}

function hostOf(kernel: Kernel, open: readonly Group[], after: number, g: Grouping) {
  if (!g.fits(kernel)) return undefined
  for (const group of open) {
    const own = group.at >= after ? g.joins(group, kernel) : undefined
    if (own && group.size + sizeOf(own, g.along) <= g.most) return { group, kernel: own }
  }
  return undefined
}

function join(group: Group, kernel: Kernel, g: Grouping): void {
  group.kernels.push(kernel)
  group.size += sizeOf(kernel, g.along)
  g.add(group, kernel)
}

const isGroup = (place: Place): place is Group => 'kernels' in place

/** From the end: what later places read must be stored. */
function written(places: readonly Place[], { table, kept, single }: StraightOptions, along: Along): Item<Kernel>[] {
  const read = new Set<BufferId>()
  const needed = (b: BufferId): boolean => kept(b) || read.has(table.whole(b))
  const out: Item<Kernel>[] = []
  for (const place of places.toReversed()) {
    const made = isGroup(place) ? joined(place.kernels, needed, along, single) : place
    if (made === undefined) continue
    out.push(made)
    for (const b of accessesOf(made, table).reads) read.add(b)
  }
  return out.reverse()
}

/** One kernel for all; none where nobody needs what they store. */
function joined(
  kernels: readonly Kernel[],
  needed: (b: BufferId) => boolean,
  along: Along,
  single: boolean,
): Kernel | undefined {
  const [first, ...others] = kernels as [Kernel, ...Kernel[]]
  if (others.length === 0 && !single) return first
  const writer = straightWriter(along)
  for (const kernel of kernels) writer.add(kernel)
  const sweep = writer.sweep(needed)
  if (sweep.stores.length === 0) return undefined
  const outer: readonly Axis[] = first.outer.slice(0, along)
  return Object.freeze({ name: others.length === 0 ? first.name : 'scalars', outer, sweeps: [sweep] })
}
