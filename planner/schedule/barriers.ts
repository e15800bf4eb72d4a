/**
 * Barriers: where all ranks must meet between two steps. Invariant: any two steps of which one writes what the other touches
 * are both rank 0's or have a barrier between them; of all such choices, one with the fewest barriers. Linear in accesses.
 * May not: reorder steps.
 */
import type { BufferId } from '../../core/loops.ts'
import type { Step } from '../types.ts'

export interface Unfenced {
  readonly kernel: number
  readonly ranks: Step['ranks']
  readonly reads: readonly BufferId[]
  readonly writes: readonly BufferId[]
}

/** What the current phase did to a buffer. */
interface Use {
  readAll: boolean
  readOne: boolean
  writeAll: boolean
  writeOne: boolean
}

/** A barrier as late as possible, just before the first step that clashes with its phase: the greedy choice is the fewest. */
export function withBarriers(steps: readonly Unfenced[]): Step[] {
  const phase = new Map<BufferId, Use>()
  const meets = steps.map((step, at) => {
    const clash = at > 0 && clashes(step, phase)
    if (clash) phase.clear()
    record(step, phase)
    return clash
  })
  return steps.map(({ kernel, ranks }, at) => ({ kernel, ranks, barrier: meets[at + 1] ?? false }))
}

function clashes({ ranks, reads, writes }: Unfenced, phase: ReadonlyMap<BufferId, Use>): boolean {
  const all = ranks === 'all'
  const written = (u: Use | undefined): boolean => u !== undefined && (u.writeAll || (all && u.writeOne))
  const read = (u: Use | undefined): boolean => u !== undefined && (u.readAll || (all && u.readOne))
  return (
    reads.some((id) => written(phase.get(id))) || writes.some((id) => written(phase.get(id)) || read(phase.get(id)))
  )
}

function record({ ranks, reads, writes }: Unfenced, phase: Map<BufferId, Use>): void {
  for (const [ids, kind] of [
    [reads, 'read'],
    [writes, 'write'],
  ] as const) {
    for (const id of ids) {
      const use = phase.get(id) ?? { readAll: false, readOne: false, writeAll: false, writeOne: false }
      use[`${kind}${ranks === 'all' ? 'All' : 'One'}`] = true
      phase.set(id, use)
    }
  }
}
