/**
 * Updating state: the order that lets a state value be overwritten in place, and copies where it cannot be.
 * Invariant: every kernel that reads the old value runs before the new one is stored, or reads each element just before it is replaced.
 * May not: give up a correct order for a place.
 */
import type { BufferId, Kernel } from '../../core/loops.ts'
import type { Value } from '../kernels/buffers.ts'
import { copy } from '../kernels/copy.ts'
import { finish } from '../kernels/finish.ts'
import { count } from '../../core/shape.ts'
import { accessesOf, inPlaceAt, renameBuffers } from './accesses.ts'

/** The next value (`from`) of a state (`to`). */
export interface Update {
  readonly from: BufferId
  readonly to: BufferId
}

/** Kernels that store a next value, and all that need them, come last. */
export function updatesLast(kernels: readonly Kernel[], updates: readonly Update[]): readonly Kernel[] {
  const late = new Set(updates.map((u) => u.from))
  const [first, last]: [Kernel[], Kernel[]] = [[], []]
  for (const kernel of kernels) {
    const { reads, writes } = accessesOf(kernel)
    const delayed = [...reads, ...writes].some((b) => late.has(b))
    if (delayed) for (const b of writes) late.add(b)
    ;(delayed ? last : first).push(kernel)
  }
  return [...first, ...last]
}

/** Kernels that leave every next value in its state's own buffer. `inPlace`: without a copy where that is safe. */
export function updateState(kernels: readonly Kernel[], updates: readonly Update[], values: readonly Value[], inPlace: boolean): readonly Kernel[] {
  const renamed = new Map<BufferId, BufferId>()
  const copies: Kernel[] = []
  const positions = positionsOf(kernels)
  for (const { from, to } of updates) {
    if (inPlace && safe(kernels, positions, from, to)) renamed.set(from, to)
    else if (count(values[from]!.shape) > 0) copies.push(finish(copy(from, to, values[from]!.dtype, count(values[from]!.shape))))
  }
  const id = (b: BufferId) => renamed.get(b) ?? b
  return [...(renamed.size > 0 ? kernels.map((k) => renameBuffers(k, id)) : kernels), ...copies]
}

interface Positions {
  readonly writer: ReadonlyMap<BufferId, number>
  readonly readers: ReadonlyMap<BufferId, readonly number[]>
}
function positionsOf(kernels: readonly Kernel[]): Positions {
  const writer = new Map<BufferId, number>()
  const readers = new Map<BufferId, number[]>()
  kernels.forEach((kernel, i) => {
    const { reads, writes } = accessesOf(kernel)
    for (const b of writes) writer.set(b, i)
    for (const b of reads) readers.set(b, [...(readers.get(b) ?? []), i])
  })
  return { writer, readers }
}

function safe(kernels: readonly Kernel[], { writer, readers }: Positions, from: BufferId, to: BufferId): boolean {
  const at = writer.get(from)
  if (at === undefined) return false
  const kernel = kernels[at]!
  const sweep = kernel.sweeps.find((s) => s.stores.some((store) => store.buffer === from))!
  const store = sweep.stores.find((s) => s.buffer === from)!
  const single = kernel.sweeps.every((s) => s === sweep || s.stores.every((other) => other.buffer !== from)) && !store.accumulate
  return (readers.get(to) ?? []).every((r) => r < at || (r === at && single && inPlaceAt(kernel, sweep, to, store.map)))
}
