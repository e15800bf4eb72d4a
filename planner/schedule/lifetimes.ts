/**
 * Lifetimes: during which steps the contents of a buffer matter. Invariant: if one buffer's lifetime ends before another's
 * begins, every step that uses the first is ordered before every step that uses the second, so they may share bytes.
 * Linear in accesses. May not: look at sizes or addresses.
 */
import type { BufferId } from '../../core/loops.ts'
import type { PlanBuffer, Role, Step } from '../types.ts'

export type Lifetime = readonly [first: number, last: number]

export interface Accesses {
  readonly reads: readonly BufferId[]
  readonly writes: readonly BufferId[]
}

const wholeRun: ReadonlySet<Role> = new Set(['control', 'input', 'state', 'constant'])

/** `accesses` and `steps` are parallel. A buffer that no step uses lives at step 0, an output to the end. */
export function lifetimes(
  accesses: readonly Accesses[],
  steps: readonly Step[],
  buffers: readonly Pick<PlanBuffer, 'id' | 'role'>[],
): Map<BufferId, Lifetime> {
  const lastStep = Math.max(0, steps.length - 1)
  const settled = settledAt(steps)
  const used = new Map<BufferId, [number, number]>()
  for (const [at, { reads, writes }] of accesses.entries()) {
    for (const id of [...reads, ...writes]) {
      const life = used.get(id) ?? [at, at]
      used.set(id, [life[0], Math.max(life[1], settled[at]!)])
    }
  }
  return new Map(
    buffers.map(({ id, role }) => {
      const [first, last] = used.get(id) ?? [0, 0]
      return [id, wholeRun.has(role) ? [0, lastStep] : [first, role === 'output' ? lastStep : last]]
    }),
  )
}

/**
 * For each step, the last one that may still run beside it: no barrier lies between, and not both are rank 0's.
 * Every access counts, not the last only: what rank 0 used last, another rank may have used just before.
 */
function settledAt(steps: readonly Step[]): number[] {
  const settled = new Array<number>(steps.length)
  let phaseEnd = steps.length - 1
  let lastAll = -1
  for (let at = steps.length - 1; at >= 0; at--) {
    const { barrier, ranks } = steps[at]!
    if (barrier) {
      phaseEnd = at
      lastAll = -1
    }
    if (ranks === 'all' && lastAll < 0) lastAll = at
    settled[at] = ranks === 'all' ? phaseEnd : Math.max(at, lastAll)
  }
  return settled
}
