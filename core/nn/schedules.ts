/**
 * Schedules: a rate as a function of the steps already taken, as data; in a program it is part of the graph.
 * Invariant: `rateAt` is total: any step ≥ 0 has a rate.
 */
import { clamp } from '../composites/elementwise.ts'
import type { Node } from '../ir.ts'
import { add, div, minimum, mul, sub } from '../primitives/arithmetic.ts'
import { less, where } from '../primitives/comparison.ts'
import { pow } from '../primitives/exponential.ts'
import { constant } from '../primitives/leaf.ts'
import { floor } from '../primitives/rounding.ts'
import { cos } from '../primitives/trigonometric.ts'

/** A number is a constant rate. */
export type Schedule =
  | number
  | { readonly kind: 'exponential'; readonly rate: number; readonly decay: number; readonly steps: number }
  | { readonly kind: 'step'; readonly rate: number; readonly decay: number; readonly steps: number }
  | { readonly kind: 'cosine'; readonly rate: number; readonly steps: number; readonly final: number }
  | { readonly kind: 'piecewise'; readonly boundaries: readonly number[]; readonly rates: readonly number[] }
  | { readonly kind: 'warmUp'; readonly steps: number; readonly after: Schedule }

/** rate · decay^(t / steps). */
export const exponential = (rate: number, decay: number, steps: number): Schedule => ({
  kind: 'exponential',
  rate,
  decay,
  steps,
})
/** rate · decay^⌊t / steps⌋. */
export const stepDecay = (rate: number, decay: number, steps: number): Schedule => ({
  kind: 'step',
  rate,
  decay,
  steps,
})
/** From `rate` to `final` (default 0) along half a cosine in `steps`, then `final` (Loshchilov & Hutter 2017, without restarts). */
export const cosine = (rate: number, steps: number, final = 0): Schedule => ({ kind: 'cosine', rate, steps, final })
/** rates[i] up to boundaries[i], the last one after all: one rate more than boundaries. */
export const piecewise = (boundaries: readonly number[], rates: readonly number[]): Schedule => ({
  kind: 'piecewise',
  boundaries,
  rates,
})
/** In `steps` equal parts up to `after`, which starts to count at their end. */
export const warmUp = (steps: number, after: Schedule): Schedule => ({ kind: 'warmUp', steps, after })

/** The rate of the step that comes after `t` steps (0, 1, 2 …, a float scalar), as a scalar of its dtype. */
export function rateAt(schedule: Schedule, t: Node): Node {
  if (typeof schedule === 'number') return constant(schedule, t.dtype)
  switch (schedule.kind) {
    case 'exponential':
      return mul(pow(constant(schedule.decay, t.dtype), div(t, schedule.steps)), schedule.rate)
    case 'step':
      return mul(pow(constant(schedule.decay, t.dtype), floor(div(t, schedule.steps))), schedule.rate)
    case 'cosine': {
      const { rate, steps, final } = schedule
      const half = mul(add(cos(mul(clamp(div(t, steps), 0, 1), Math.PI)), 1), (rate - final) / 2)
      return add(half, final)
    }
    case 'piecewise': {
      const { boundaries, rates } = schedule
      const last: Node = constant(rates.at(-1) ?? 0, t.dtype)
      return boundaries.reduceRight((later, at, i) => where(less(t, at), rates[i] ?? 0, later), last)
    }
    case 'warmUp': {
      const { steps, after } = schedule
      const part = minimum(div(add(t, 1), steps), 1)
      return mul(rateAt(after, clamp(sub(t, steps), 0)), part)
    }
  }
}
