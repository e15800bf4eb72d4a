/**
 * How long a run may take before its workers count as hung.
 * Invariant: never shorter than half a minute, far longer than predicted, and endless where the plan does not know how often it loops.
 */
import type { PlanData } from '../planner/types.ts'

/** Iterations of a `whileLoop` without maxSteps. */
const UNBOUNDED = 2 ** 31 - 1

/** Milliseconds. */
export function patience(plan: Pick<PlanData, 'loops' | 'cost'>): number {
  const open = plan.loops.some((loop) => loop.test && loop.count === UNBOUNDED)
  return open ? Number.POSITIVE_INFINITY : Math.max(30_000, 1000 * plan.cost.predictedMs)
}
