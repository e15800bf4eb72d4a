/**
 * The validator of plans: every law that a backend relies on, checked from the plan alone.
 * Invariant: independent of the planner (it shares no code with placement, lifetimes or barriers); an empty list means that no
 * access leaves its buffer, no live bytes are shared, nothing unwritten is read and no rank races another.
 * Expects a document of the right JSON types. May not: repair anything.
 */
import { invalidPlan } from '../../core/errors.ts'
import type { PlanData } from '../types.ts'
import { checkBuffers } from './buffer-laws.ts'
import { checkKernel } from './kernel-laws.ts'
import { checkLoops, ofWholes, wholesOf } from './loop-laws.ts'
import { checkPatterns } from './pattern-laws.ts'
import { checkPhases, checkStoresOf } from './race-laws.ts'
import { checkSteps, touchedBy } from './step-laws.ts'
import type { Context, Violation } from './violation.ts'

export type { Law, Violation } from './violation.ts'

export function validatePlan(plan: PlanData): readonly Violation[] {
  const violations: Violation[] = []
  const context: Context = {
    plan,
    buffers: new Map(plan.buffers.toReversed().map((b) => [b.id, b])),
    broken: (law, detail) => violations.push({ law, detail }),
  }
  const wholes = wholesOf(plan)
  const touched = plan.kernels.map((k) => ofWholes(touchedBy(k), wholes))
  const split = new Set(plan.steps.filter((s) => s.ranks === 'all').map((s) => s.kernel))
  checkBuffers(context)
  checkLoops(context)
  checkPatterns(context)
  for (const [i, kernel] of plan.kernels.entries()) {
    checkKernel(context, kernel)
    checkStoresOf(context, kernel, split.has(i))
  }
  checkSteps(context, touched)
  checkPhases(context, touched)
  return violations
}

/** Throws an InvariantError that lists what is broken. */
export function assertValid(plan: PlanData): void {
  const violations = validatePlan(plan)
  if (violations.length > 0) throw invalidPlan(plan.name, violations)
}
