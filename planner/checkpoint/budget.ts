/**
 * budget: a graph → the fastest plan found that fits into so many bytes: its loops in segments, and kernels that run again.
 * What is counted is the placed arena: order, what to drop, order again and placement are repeated until it fits.
 * Invariant: without need nothing is computed twice; the results are the same bits as without a budget.
 * May not: exceed the budget silently.
 */
import type { Graph } from '../../core/ir.ts'
import type { CurvePoint, PlanData } from '../types.ts'
import { type Candidate, candidate, type Fitting, fitting, remade, type Stages } from './candidate.ts'
import { cheapest } from './drops.ts'
import type { LoopPair } from './loop-pairs.ts'
import { declared, segmented } from './loop-segments.ts'
import { plainPeak, type Replay } from './replay.ts'
import { smallest, tooSmall } from './smallest.ts'
import { solved } from './solved.ts'
import { limitedTo, limitsOf } from './tape-limit.ts'

export interface Fitter {
  /** Everything kept, but what loops were declared to compute again. */
  readonly whole: PlanData
  /** Throws an InputError where nothing is found that fits. */
  fit(budget: number): Fitting
  /** Plans within budgets spread evenly below what everything takes, as far as they are found, and that of everything. */
  curve(points: number): readonly CurvePoint[]
}

/** Plans made for one way of cutting loops. */
const ROUNDS = 6
/** Plans with what another search lets run again. */
const OTHERS = 3
/** Parts of the bytes left over that longer segments are tried with. */
const LONGER = [0.95, 0.6]

export function fitter(graph: Graph, stages: Stages): Fitter {
  const pairs: LoopPair[] = []
  const kept = segmented(graph, (pair) => {
    pairs.push(pair)
    return declared(pair)
  })
  const whole = candidate(kept, stages)
  const limits = limitsOf(pairs)
  const known = new Map<string, Candidate>()
  const cut = (bytes: number): Candidate => {
    const limited = limitedTo(bytes)
    const lengths: (number | undefined)[] = []
    const made = segmented(graph, (pair) => {
      lengths.push(limited(pair))
      return lengths.at(-1)
    })
    const key = lengths.join()
    if (!known.has(key)) known.set(key, candidate(made, stages))
    return known.get(key)!
  }
  const longer = (limit: number, c: Candidate, budget: number): Candidate => {
    const next = limits[limits.indexOf(limit) - 1] ?? Number.POSITIVE_INFINITY
    for (const part of LONGER) {
      const more = cut(Math.min(next - 1, limit + part * (budget - c.plain.arena)))
      if (more.plain.arena <= budget && more.plain.cost.predictedMs < c.plain.cost.predictedMs) return more
    }
    return c
  }
  /** Ends with the first level of segments for which only loops run again: all others run more. */
  const tried = (budget: number): { readonly found: Fitting[]; readonly candidates: Candidate[] } => {
    const candidates = [whole]
    const first = fitted(whole, budget, whole.plain, stages)
    const found = first ? [first] : []
    if (first && first.data === whole.plain) return { found, candidates }
    for (const limit of limits) {
      const next = cut(limit)
      candidates.push(next)
      const fits = next.plain.arena <= budget
      const made = fitted(fits ? longer(limit, next, budget) : next, budget, whole.plain, stages)
      if (made) found.push(made)
      if (fits) break
    }
    return { found, candidates }
  }
  const best = (found: readonly Fitting[]): Fitting | undefined =>
    found.toSorted((a, b) => a.data.cost.predictedMs - b.data.cost.predictedMs)[0]
  return {
    whole: whole.plain,
    fit: (budget) => {
      const { found, candidates } = tried(budget)
      const made = best(found)
      if (made) return made
      const least = smallest(candidates, budget, whole.plain, stages)
      if (least.data.arena > budget) throw tooSmall(candidates, budget, least.data.arena)
      return least
    },
    curve: (points) => {
      const all = [pointOf(whole.plain)]
      for (let i = 1; i <= points; i++) {
        const made = best(tried(Math.floor((whole.plain.arena * (points + 1 - i)) / (points + 1))).found)
        if (made === undefined) break
        all.push(pointOf(made.data))
      }
      return all
    },
  }
}

export const pointOf = ({ arena, cost }: PlanData): CurvePoint => ({ bytes: arena, predictedMs: cost.predictedMs })

/** The target is moved by what the arena turns out to be, since order, placement and places shared are not all in the timeline. */
function fitted(c: Candidate, budget: number, whole: PlanData, stages: Stages): Fitting | undefined {
  if (c.plain.arena <= budget) return fitting(budget, c, whole, c.plain, 0)
  if (c.least.bytes > budget) return undefined
  const alone = plainPeak(c.timeline)
  let target = alone - (c.plain.arena - budget)
  let [least, most] = [0, alone]
  let best: Fitting | undefined
  const offer = (replay: Replay): number => {
    const made = remade(budget, c, whole, replay, stages)
    const { arena, cost } = made.data
    if (arena <= budget && (best === undefined || cost.predictedMs < best.data.cost.predictedMs)) best = made
    return arena
  }
  for (let round = 0; round < ROUNDS && target > least && target < most; round++) {
    const { replay } = cheapest(c.timeline, target)
    if (replay.peak > target) break
    const arena = offer(replay)
    if (arena <= budget) {
      least = target
      if (budget - arena < budget / 100) break
      target = Math.min(target + (budget - arena), (target + most) / 2)
    } else {
      most = target
      target = Math.max(target - (arena - budget) * 1.1, (least + target) / 2)
    }
  }
  if (least > 0) target = least
  for (let k = 0; k < OTHERS; k++) {
    const replay = solved(c.timeline, target)
    const arena = replay && offer(replay)
    if (arena === undefined || Math.abs(budget - arena) < budget / 100) break
    target += arena > budget ? (budget - arena) * 1.1 : budget - arena
  }
  return best
}
