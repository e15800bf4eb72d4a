/**
 * What a profiled module times: every step, and every loop that is one function.
 * Invariant: host and module number the same spans alike, since both ask here.
 * May not: read a clock.
 */
import type { PlanData } from '../../planner/types.ts'
import type { Span } from '../recorder.ts'
import { inRegisters } from './loop-registers.ts'
import type { Marks } from './module-marks.ts'

export function spansOf(plan: PlanData): readonly Span[] {
  const spans: Span[] = []
  const whole = new Map(plan.loops.flatMap(({ first }, i) => (inRegisters(plan, i) ? [[first, i] as const] : [])))
  for (let at = 0; at < plan.steps.length; at++) {
    const loop = whole.get(at)
    const last = loop === undefined ? at : plan.loops[loop]!.last
    spans.push({ first: at, last, ...(loop !== undefined && { loop }) })
    at = last
  }
  return spans
}

export const marksOf = (plan: PlanData): Marks => ({
  span: spansOf(plan).flatMap(({ first, last }, i) => Array.from({ length: last - first + 1 }, () => i)),
})
