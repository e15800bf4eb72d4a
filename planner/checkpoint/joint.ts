/**
 * The smallest arena for a graph at some cost, its order, what is computed again, what lies in place of what, and where everything lies chosen
 * together: schedules by eviction in orders that differ here and there, then changed one computation at a time, toward fewer bytes than the
 * best that has been placed.
 * Invariant: never a larger arena than that of the schedule it starts from; the same graph gives the same result; the arena is that of
 * a placement, the bound one for all orders. May not: cost more than it is told.
 */
import { lowerBound } from '../memory/bound.ts'
import { place } from '../memory/place.ts'
import { alive, blocksOf } from './arena.ts'
import { attempts } from './attempts.ts'
import { evictionSchedule } from './evict.ts'
import { leastBytes } from './joint-bound.ts'
import { changed, shuffled } from './joint-moves.ts'
import { polished } from './polish.ts'
import { generator } from './random.ts'
import type { RematGraph, Schedule } from './remat-graph.ts'

/** Of the annealing, as shares of the arena: rounds, each from the best so far. */
const HEATS = [0.02, 0.1, 0.3, 0.05]
/** Trials that one schedule by eviction stands for. */
const REBUILT = 10

export interface Joint {
  readonly schedule: Schedule
  readonly cost: number
  /** Bytes of the arena, as placed. */
  readonly arena: number
  /** No order, no recomputation within the cost, no placement can do with less. */
  readonly bound: number
}

export interface JointOptions {
  /** Schedules looked at. Default: 40,000. */
  readonly trials?: number
}

/** Bytes of the arena of a schedule, placed exactly or nearly. */
export function arenaOf(graph: RematGraph, schedule: Schedule): number {
  const blocks = blocksOf(graph, schedule)
  return blocks === undefined ? Number.POSITIVE_INFINITY : place(blocks, { strategy: 'exact', nodes: 20_000 }).peak
}

/** `start`: a schedule that costs at most `cost`. */
export function joint(graph: RematGraph, start: Schedule, cost: number, { trials = 40_000 }: JointOptions = {}): Joint {
  const random = generator()
  const bound = leastBytes(graph, cost)
  const share = trials / (2 * HEATS.length)
  let best: Placed = { schedule: start, arena: arenaOf(graph, start) }
  for (const heat of HEATS) {
    best = rebuilt(graph, best, { cost, bound, trials: share / REBUILT }, random)
    best = annealed(graph, best, { cost, bound, trials: share }, heat, random)
  }
  return { ...best, cost: costOf(graph, best.schedule), bound }
}

interface Placed {
  readonly schedule: Schedule
  readonly arena: number
}
/** What a search is after. */
interface Round {
  readonly cost: number
  readonly bound: number
  readonly trials: number
}

/** Annealing toward a byte less than the best; what gets there is placed, and is the best from then on. */
function annealed(
  graph: RematGraph,
  start: Placed,
  { cost, bound, trials }: Round,
  heat: number,
  random: () => number,
): Placed {
  let best = start
  let now = { schedule: start.schedule, excess: excessOf(graph, start.schedule, best.arena - 1) }
  for (let k = 0; k < trials && best.arena > bound; k++) {
    const schedule = changed(graph, now.schedule, random)
    if (schedule === undefined || costOf(graph, schedule) > cost) continue
    const excess = excessOf(graph, schedule, best.arena - 1)
    const warmth = heat * best.arena * (1 - k / trials) ** 2
    if (excess > now.excess && random() >= Math.exp((now.excess - excess) / warmth)) continue
    now = { schedule, excess }
    if (excess > 0) continue
    const arena = arenaOf(graph, schedule)
    if (arena >= best.arena) continue
    best = { schedule, arena }
    now = { schedule, excess: excessOf(graph, schedule, arena - 1) }
  }
  return best
}

/** Schedules by eviction, first computations in an order that differs here and there, stripped of what turns out to be superfluous in place. */
function rebuilt(graph: RematGraph, start: Placed, { cost, bound, trials }: Round, random: () => number): Placed {
  const weights = [...attempts(graph.nodes.length)]
  let best = start
  let order: Schedule = [...new Set(best.schedule)]
  for (let k = 0; k < trials && best.arena > bound; k++) {
    const next = shuffled(order, random, (moved) => blocksOf(graph, moved) !== undefined)
    const aim = best.arena - 1
    // Values that take the place of others are counted twice by eviction, which is why it is allowed more.
    const budget = aim * (1 + 0.25 * random())
    const found = evictionSchedule(reordered(graph, next), budget, weights[Math.floor(random() * weights.length)]!)
    if (!found) continue
    const fits = (s: Schedule): boolean => excessOf(graph, s, aim) === 0
    const whole = found.map((i) => next[i]!)
    if (!fits(whole)) continue
    const schedule = polished(graph, whole, aim, fits)
    if (costOf(graph, schedule) > cost) continue
    const arena = arenaOf(graph, schedule)
    if (arena >= best.arena) continue
    best = { schedule, arena }
    order = next
  }
  return best
}

/** The graph with its nodes in another order. */
function reordered(graph: RematGraph, order: readonly number[]): RematGraph {
  const at = new Int32Array(order.length)
  for (const [k, i] of order.entries()) at[i] = k
  return { nodes: order.map((i) => ({ ...graph.nodes[i]!, deps: graph.nodes[i]!.deps.map((d) => at[d]!) })) }
}

const costOf = ({ nodes }: RematGraph, schedule: Schedule): number =>
  schedule.reduce((sum, i) => sum + nodes[i]!.cost, 0)

/** Bytes above `aim`: the most, and a part of those at all other steps. Infinity for what cannot run. */
function excessOf(graph: RematGraph, schedule: Schedule, aim: number): number {
  const blocks = blocksOf(graph, schedule)
  if (blocks === undefined) return Number.POSITIVE_INFINITY
  if (lowerBound(blocks).bytes <= aim) return 0
  let [most, sum] = [0, 0]
  for (const bytes of alive(blocks, schedule.length)) {
    most = Math.max(most, bytes - aim)
    sum += Math.max(0, bytes - aim)
  }
  return most + sum / 8
}
