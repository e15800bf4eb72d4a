/**
 * Lifetimes of buffers that loops touch.
 * Invariant: a buffer lives through a whole loop unless every iteration writes it, whole, before reading it, and nothing outside touches it.
 */
import type { BufferId } from '../../core/loops.ts'
import type { KernelAccesses } from '../kernels/items.ts'
import type { Loop } from '../types.ts'
import type { Lifetime } from './lifetimes.ts'

export function overLoops(
  live: ReadonlyMap<BufferId, Lifetime>,
  accesses: readonly KernelAccesses[],
  loops: readonly Loop[],
  /** Written part by part as loops go on: not whole in any iteration. */
  parted: ReadonlySet<BufferId>,
): Map<BufferId, Lifetime> {
  const out = new Map(live)
  for (const { first, last } of loops.toReversed()) {
    const reads = new Set<BufferId>()
    const writes = new Set<BufferId>()
    const carried = new Set<BufferId>()
    for (let at = first; at <= last; at++) {
      for (const b of accesses[at]!.reads) {
        reads.add(b)
        if (!writes.has(b)) carried.add(b)
      }
      for (const b of accesses[at]!.writes) writes.add(b)
    }
    for (const b of new Set([...reads, ...writes])) {
      const own = out.get(b)
      if (!own || (!carried.has(b) && !parted.has(b) && own[0] >= first && own[1] <= last)) continue
      out.set(b, [Math.min(own[0], first), Math.max(own[1], last)])
    }
  }
  return out
}
