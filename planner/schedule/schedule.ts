/**
 * schedule: fused kernels → steps: their order, who runs each, where ranks meet, and which buffers turn out to be one.
 * Invariant: a step waits for every step whose memory it reads or overwrites.
 * May not: give addresses.
 */
import type { BufferId, Kernel } from '../../core/loops.ts'
import { NEXT } from '../../core/program.ts'
import { type Cost, costOf, costOfItems } from '../cost.ts'
import type { Table } from '../kernels/buffers.ts'
import type { Fused } from '../kernels/fuse.ts'
import { accessesOf, type Item, isLoop, type KernelAccesses, type Update } from '../kernels/items.ts'
import type { Target } from '../target.ts'
import type { Loop, Step } from '../types.ts'
import { fenced } from './alone.ts'
import { inPlace } from './in-place.ts'
import { ordered } from './order.ts'
import { type Arrange, updated, updatesLast } from './state.ts'

export interface Scheduled {
  readonly kernels: readonly Kernel[]
  readonly steps: readonly Step[]
  readonly loops: readonly Loop[]
  /** By step; slices count as the buffer they are a part of. */
  readonly accesses: readonly KernelAccesses[]
  readonly cost: Cost
  readonly table: Table
  /** Number in the plan of each loop that slices name. */
  readonly loopNumbers: ReadonlyMap<number, number>
}

interface Options {
  readonly threads: number
  readonly target: Target
  readonly inPlace: boolean
  readonly reorder: boolean
}

/** A kernel shorter than this, in seconds, is not worth waking other ranks for. */
const WORTH_SHARING = 10e-6

export function schedule(fused: Fused, o: Options): Scheduled {
  const { table } = fused
  const updates = updatesOf(fused)
  for (const u of updates) table.assign(u.from, 'temporary', table.values[u.from]!.name)
  const arrange: Arrange = o.reorder
    ? (items, next) => ordered(items, next, table, (k) => scratchOf(k, o))
    : updatesLast
  const inOrder = updated(fused.items, updates, table, o.inPlace, arrange)
  const items = o.inPlace ? inPlace(inOrder, table) : inOrder
  const flat = flatten(items, { kernels: [], loops: [], numbers: new Map() })
  const kernels = flat.kernels.map((k) => withScratch(k, table, o))
  const accesses = withTests(
    kernels.map((k) => accessesOf(k, table)),
    flat.loops,
  )
  const unfenced = kernels.map((k, kernel) => ({ kernel, ranks: ranksOf(k, o), ...accesses[kernel]! }))
  const { steps, loops } = fenced(unfenced, flat.loops)
  const cost = costOfItems(items, o.target)
  return { kernels, steps, loops, accesses, cost, table, loopNumbers: flat.numbers }
}

/** Next values of state, and where they go. */
export function updatesOf({ inputs, outputs }: Fused): Update[] {
  const stateOf = new Map(inputs.map((i) => [String(i.node.params['name']), i.buffer]))
  return outputs
    .filter((out) => out.name.startsWith(NEXT))
    .map((out) => ({ from: out.buffer, to: stateOf.get(out.name.slice(NEXT.length))!, own: true }))
}

/** A test reads its flag at the first step of its loop, for every iteration. */
function withTests(accesses: readonly KernelAccesses[], loops: readonly Loop[]): readonly KernelAccesses[] {
  const extra = new Map<number, BufferId[]>()
  for (const { first, last, test } of loops)
    if (test) for (const at of [first, last]) extra.set(at, [...(extra.get(at) ?? []), test.buffer])
  return accesses.map((a, i) => (extra.has(i) ? { ...a, reads: [...a.reads, ...extra.get(i)!] } : a))
}

interface Flat {
  readonly kernels: Kernel[]
  readonly loops: Loop[]
  readonly numbers: Map<number, number>
}
function flatten(items: readonly Item<Kernel>[], into: Flat): Flat {
  for (const item of items) {
    if (!isLoop(item)) {
      into.kernels.push(item)
      continue
    }
    const at = into.loops.length
    const first = into.kernels.length
    into.numbers.set(item.loop, at)
    const { count, test, fault } = item
    const loop = { first, last: first, count, ...(test && { test }), ...(fault !== undefined && { fault }) }
    into.loops.push(loop)
    flatten(item.items, into)
    // Carries that only go round leave nothing to repeat.
    if (into.kernels.length === first) into.loops.length = at
    else into.loops[at] = { ...loop, last: into.kernels.length - 1 }
  }
  return into
}

function ranksOf(kernel: Kernel, o: Options): Step['ranks'] {
  const [first] = kernel.outer
  const shareable = o.threads > 1 && first?.kind === 'parallel' && first.extent > 1
  return shareable && costOf(kernel, o.target).seconds - o.target.overhead > WORTH_SHARING ? 'all' : 'one'
}

function scratchOf(kernel: Kernel, o: Options): number {
  const { shared, perRank } = o.target.scratch(kernel)
  return shared + perRank * o.threads
}

/** Scratch that the backend wants for the kernel, as a buffer of its own. */
function withScratch(kernel: Kernel, table: Table, o: Options): Kernel {
  const { shared, perRank } = o.target.scratch(kernel)
  const bytes = scratchOf(kernel, o)
  if (bytes === 0) return kernel
  const buffer = table.extra({ name: `scratch of ${kernel.name}`, role: 'scratch', dtype: 'u8', shape: [bytes] })
  return { ...kernel, scratch: { buffer, shared, perRank } }
}
