/**
 * planFromJSON: a plan that comes from elsewhere → a plan that any backend may run.
 * Invariant: what passes has the form of a plan, breaks no law of the validator, and asks for no more memory and work than the limits.
 * May not: repair anything, or run it.
 */
import { documentError, invalidPlan } from '../../core/errors.ts'
import { type Limits, requireDocument } from '../../core/nn/limits.ts'
import { validatePlan } from '../memory/validate.ts'
import { withExplain } from '../plan.ts'
import type { Plan, PlanData } from '../types.ts'
import { planForm } from './plan-form.ts'

export interface PlanLimits extends Pick<Limits, 'depth' | 'values' | 'letters'> {
  /** Of memory. Default 2³², where WebAssembly's ends. */
  readonly bytes?: number
  /** Scalar instructions of a run. Default 10¹⁵, about a day. */
  readonly work?: number
}

/** Constants and patterns are texts: as long as a string may be. */
const LETTERS = 2 ** 29

/** A plan from its JSON, checked: an error names the field that is wrong, or the law that is broken. */
export function planFromJSON(document: unknown, limits: PlanLimits = {}): Plan {
  const { bytes = 2 ** 32, work = 1e15 } = limits
  requireDocument(document, { letters: LETTERS, ...limits })
  planForm(document, undefined)
  const plan = document as PlanData
  if (plan.arena > bytes) throw documentError('arena', `${plan.arena} bytes; the limit is ${bytes}`)
  const violations = validatePlan(plan)
  if (violations.length > 0) throw invalidPlan(plan.name, violations)
  const asked = workOf(plan)
  if (!(asked <= work)) throw documentError('steps', `${asked} instructions in all; the limit is ${work}`)
  return withExplain(plan)
}

/** Scalar instructions of a run, as often as loops say; and of the initial state. */
function workOf(plan: PlanData): number {
  const product = (axes: readonly { readonly extent: number }[]) => axes.reduce((n, a) => n * a.extent, 1)
  const kernels = plan.kernels.map(({ outer, sweeps }) =>
    sweeps.reduce((n, s) => n + product(outer) * product(s.inner) * (s.code.length + 1), 1),
  )
  const times = plan.steps.map(() => 1)
  // A loop that asks before each iteration, and has no fault for going on, is unbounded by intent: runs of it have no patience either.
  for (const { first, last, count, test, fault } of plan.loops)
    for (let i = first; i <= last; i++) times[i]! *= test && fault === undefined ? 1 : count
  const steps = plan.steps.reduce((n, { kernel }, i) => n + times[i]! * kernels[kernel]!, 0)
  return plan.state.reduce((n, { init, shape }) => {
    const size = shape.reduce((a, b) => a * b, 1)
    return n + (init.kind === 'orthogonal' ? size * Math.min(shape.at(-1) ?? 1, size / (shape.at(-1) || 1)) : size)
  }, steps)
}
