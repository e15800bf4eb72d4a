/**
 * The smallest plan, where nothing fits: what is proven to be too little, and what is enough.
 * Invariant: below the bytes that the error calls proven there is no plan of these kernels; those that are enough are those of a plan that was
 * placed. May not: say less than it knows.
 */
import { planTooSmall } from '../../core/errors-memory.ts'
import type { PlanData } from '../types.ts'
import { type Candidate, type Fitting, fitting, remade, type Stages } from './candidate.ts'
import { cheapest } from './drops.ts'
import { plainPeak } from './replay.ts'
import { solved } from './solved.ts'

/** Steps of bisection between what is proven and what is found. */
const STEPS = 6

/** Of all ways of cutting loops, those first that may lead to less than is known already. */
export function smallest(candidates: readonly Candidate[], budget: number, whole: PlanData, stages: Stages): Fitting {
  let best: Fitting | undefined
  const smaller = (f: Fitting): void => {
    if (best === undefined || f.data.arena < best.data.arena) best = f
  }
  for (const c of candidates) smaller(fitting(budget, c, whole, c.plain, 0))
  const byPromise = candidates.toSorted((a, b) => a.least.bytes - b.least.bytes)
  for (const c of byPromise)
    if (c.least.bytes < best!.data.arena) for (const f of shrunk(c, budget, whole, stages)) smaller(f)
  return best!
}

/** Plans of falling size, as far as they are found. */
function* shrunk(c: Candidate, budget: number, whole: PlanData, stages: Stages): Iterable<Fitting> {
  const { timeline: t } = c
  let low = c.least.bytes - c.base
  let high = plainPeak(t)
  // What is proven to be needed is often enough.
  for (let step = 0, target = low; step < STEPS && high - low > high / 200; step++) {
    const found = [cheapest(t, target).replay, solved(t, target)].filter((r) => r !== undefined && r.peak <= target)
    for (const replay of found) yield remade(budget, c, whole, replay!, stages)
    if (found.length > 0) high = Math.min(...found.map((r) => r!.peak))
    else low = target
    target = Math.floor((low + high) / 2)
  }
}

/** Names what needs most at once, and says what is proven and what is enough. */
export function tooSmall(candidates: readonly Candidate[], budget: number, least: number): Error {
  const { bytes, name } = candidates.map((c) => c.least).reduce((a, b) => (b.bytes < a.bytes ? b : a))
  return planTooSmall(candidates[0]!.plain.name, budget, least, name, bytes)
}
