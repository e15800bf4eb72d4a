/**
 * budget: a graph → the fastest plan found that fits into so many bytes: its loops in segments, and kernels that run again.
 * What is counted is the placed arena: order, what to drop, order again and placement are repeated until it fits.
 * Invariant: without need nothing is computed twice; the results are the same bits as without a budget.
 * May not: exceed the budget silently.
 */
import { planTooSmall } from '../../core/errors-memory.ts'
import type { Graph } from '../../core/ir.ts'
import type { Kernel } from '../../core/loops.ts'
import { costOfItems } from '../cost.ts'
import { nameOf, tableFrom } from '../kernels/buffers.ts'
import type { Fused } from '../kernels/fuse.ts'
import type { Item } from '../kernels/items.ts'
import { lowOrder } from '../schedule/order.ts'
import { orderProblem } from '../schedule/order-problem.ts'
import { updatesOf } from '../schedule/schedule.ts'
import type { Target } from '../target.ts'
import type { BudgetReport, CurvePoint, PlanData, Role } from '../types.ts'
import { runAgain } from './again.ts'
import { type Dropped, dropped } from './drops.ts'
import { declared, segmented } from './loop-segments.ts'
import { limitedTo } from './tape-limit.ts'
import { type Timeline, timelineOf } from './timeline.ts'

/** The stages of planning that are repeated. */
export interface Stages {
  readonly target: Target
  readonly threads: number
  fuse(graph: Graph): Fused
  /** Schedules and places; may change the table. */
  finish(fused: Fused, graph: Graph): PlanData
}

/** A plan, and what was done for it to fit. */
export interface Fitting {
  readonly data: PlanData
  readonly report: BudgetReport
}

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
/** Ways of cutting loops, each with a quarter of the bytes of the one before. */
const CUTS = 6

export function fitter(graph: Graph, stages: Stages): Fitter {
  const whole = candidate(segmented(graph, declared), stages)
  const cuts = new Map<number, Candidate | undefined>()
  const cut = (bytes: number): Candidate | undefined => {
    if (!cuts.has(bytes)) {
      let differs = false
      const limited = limitedTo(bytes)
      const made = segmented(graph, (pair) => {
        const every = limited(pair)
        differs ||= every !== declared(pair)
        return every
      })
      cuts.set(bytes, differs ? candidate(made, stages) : undefined)
    }
    return cuts.get(bytes)
  }
  const tried = (budget: number): { readonly found: Fitting[]; readonly candidates: Candidate[] } => {
    const candidates = [whole]
    const found = fitted(whole, budget, whole.plain, stages)
    if (found && found.data === whole.plain) return { found: [found], candidates }
    const all = found ? [found] : []
    // Powers of two, so that budgets close to each other cut alike.
    let bytes = 2 ** Math.floor(Math.log2(Math.max(1, (budget - whole.base) / 2)))
    for (let k = 0; k < CUTS && bytes >= 1; k++, bytes /= 4) {
      const next = cut(bytes)
      const fits = next && fitted(next, budget, whole.plain, stages)
      if (next) candidates.push(next)
      if (fits) return { found: [...all, fits], candidates }
    }
    return { found: all, candidates }
  }
  const best = (found: readonly Fitting[]): Fitting | undefined =>
    found.toSorted((a, b) => a.data.cost.predictedMs - b.data.cost.predictedMs)[0]
  return {
    whole: whole.plain,
    fit: (budget) => {
      const { found, candidates } = tried(budget)
      const made = best(found)
      if (made) return made
      const [least] = candidates
        .map((c) => ({ c, ...smallest(c, budget, whole.plain, stages) }))
        .sort((x, y) => x.data.arena - y.data.arena) as [Fitting & { readonly c: Candidate }]
      if (least.data.arena > budget) throw tooSmall(least.c, budget, least.data.arena)
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

/** One way of cutting loops, everything else kept. */
interface Candidate {
  readonly graph: Graph
  /** Its items in the order in which they run. */
  readonly fused: Fused
  readonly plain: PlanData
  /** Bytes that persist. */
  readonly base: number
  readonly timeline: Timeline
}

function candidate(graph: Graph, stages: Stages): Candidate {
  const fused = stages.fuse(graph)
  const { target, threads } = stages
  const scratch = (kernel: Kernel): number => {
    const { shared, perRank } = target.scratch(kernel)
    return shared + perRank * threads
  }
  const updates = updatesOf(fused)
  const order = lowOrder(orderProblem(fused.items, updates, fused.table, scratch))
  const items = order.map((i) => fused.items[i]!)
  const seconds = (item: Item<Kernel>): number => costOfItems([item], target).seconds
  const timeline = timelineOf(items, updates, fused.table, { seconds, scratch })
  const plain = stages.finish({ ...fused, table: tableFrom(fused.table.values) }, graph)
  return { graph, fused: { ...fused, items }, plain, base: baseOf(plain), timeline }
}

const persistent: ReadonlySet<Role> = new Set<Role>(['control', 'state', 'input', 'constant'])
const baseOf = ({ buffers }: PlanData): number =>
  buffers.reduce((end, b) => (persistent.has(b.role) ? Math.max(end, b.offset + b.bytes) : end), 0)

/** The target is moved by what the arena turns out to be, since order, placement and places shared are not all in the timeline. */
function fitted(c: Candidate, budget: number, whole: PlanData, stages: Stages): Fitting | undefined {
  if (c.plain.arena <= budget) return fitting(budget, c, whole, c.plain, 0)
  const alone = dropped(c.timeline, Number.POSITIVE_INFINITY).replay.peak
  let target = alone - (c.plain.arena - budget)
  let [least, most] = [0, alone]
  let best: Fitting | undefined
  for (let round = 0; round < ROUNDS && target > least && target < most; round++) {
    const choice = cheapest(c.timeline, target)
    if (choice.replay.peak > target) return best
    const made = remade(budget, c, whole, choice, stages)
    const { data } = made
    if (data.arena <= budget) {
      if (best === undefined || data.cost.predictedMs < best.data.cost.predictedMs) best = made
      if (budget - data.arena < budget / 100) break
      least = target
      target = Math.min(target + (budget - data.arena), (target + most) / 2)
    } else {
      most = target
      target = Math.max(target - (data.arena - budget) * 1.1, (least + target) / 2)
    }
  }
  return best
}

/** How much time counts against bytes. */
const POWERS = [1, 0.5]
function cheapest(t: Timeline, target: number): Dropped {
  const all = POWERS.map((power) => dropped(t, target, power))
  const fits = all.filter(({ replay }) => replay.peak <= target)
  if (fits.length > 0) return fits.reduce((a, b) => (b.replay.extra < a.replay.extra ? b : a))
  return all.reduce((a, b) => (b.replay.peak < a.replay.peak ? b : a))
}

function remade(budget: number, c: Candidate, whole: PlanData, { replay }: Dropped, stages: Stages): Fitting {
  const { graph, fused, timeline } = c
  const table = tableFrom(fused.table.values)
  const items = runAgain(fused.items, table, timeline, replay.runs)
  const again = replay.runs.filter((r) => r.again).length
  return fitting(budget, c, whole, stages.finish({ ...fused, table, items }, graph), again)
}

function fitting(bytes: number, c: Candidate, whole: PlanData, data: PlanData, again: number): Fitting {
  const extraMs = Number(Math.max(0, data.cost.predictedMs - whole.cost.predictedMs).toPrecision(4))
  const loops = c.plain.loops.length - whole.loops.length
  return { data, report: { bytes, again, loops, extraMs, keptBytes: whole.arena } }
}

/** Names the largest working set, and the bytes of the smallest plan found. */
function tooSmall({ timeline, fused, base, plain }: Candidate, budget: number, least: number): Error {
  const sum = (list: readonly number[]): number => list.reduce((n, v) => n + timeline.values[v]!.bytes, 0)
  const together = timeline.moments.map(
    (m) => base + m.scratch + sum([...m.reads, ...m.writes]) - sum(m.reuses.map(([made]) => made)),
  )
  const most = together.reduce((a, b) => Math.max(a, b), base)
  const own = timeline.moments[together.indexOf(most)]
  const largest = own?.writes.toSorted((a, b) => timeline.values[b]!.bytes - timeline.values[a]!.bytes)[0]
  const culprit = largest === undefined ? plain.name : nameOf(fused.table.values[timeline.values[largest]!.buffer]!)
  return planTooSmall(plain.name, budget, least, culprit, most)
}

/** The smallest plan found for one way of cutting loops: targets fall as long as something fits. */
function smallest(c: Candidate, budget: number, whole: PlanData, stages: Stages): Fitting {
  let { peak } = dropped(c.timeline, Number.POSITIVE_INFINITY).replay
  let least = fitting(budget, c, whole, c.plain, 0)
  for (let factor = 0.8; factor < 0.98 && peak > 0; ) {
    const choice = cheapest(c.timeline, peak * factor)
    if (choice.replay.peak > peak * factor) {
      factor = Math.sqrt(factor)
      continue
    }
    peak = choice.replay.peak
    const made = remade(budget, c, whole, choice, stages)
    if (made.data.arena < least.data.arena) least = made
  }
  return least
}
