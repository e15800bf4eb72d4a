/**
 * remat: a graph and a budget of bytes → what to compute when, some of it again.
 * Invariant: the schedule fits, as `measure` judges; `optimal` means that no schedule with this order of first computations costs less.
 * May not: exceed the budget silently: where it cannot be kept, the error names the bytes that would do.
 */
import { budgetTooSmall } from '../../core/errors-memory.ts'
import { attempts } from './attempts.ts'
import { blockSchedule } from './block-chain.ts'
import { blocksOf, together } from './blocks.ts'
import { chainOf, chainSchedule } from './chain.ts'
import { leastCost } from './cover.ts'
import { evictionSchedule } from './evict.ts'
import { measure } from './measure.ts'
import { polished } from './polish.ts'
import { everything, type RematGraph, type Schedule, workingSet } from './remat-graph.ts'

export interface Remat {
  readonly schedule: Schedule
  readonly cost: number
  readonly peak: number
  /** No schedule with this order of first computations costs less. */
  readonly bound: number
  /** The cost is the bound; `rematExact` says what it means there. */
  readonly optimal: boolean
  /** What found it. */
  readonly by: string
}

export interface RematOptions {
  /** Asked between attempts; true ends the search. */
  readonly expired?: () => boolean
}

/** Attempts by eviction before the chain, or the chain of blocks, which takes longer; very long ones get no further. */
const FIRST = 8
/** Nodes on the way there of blocks that are taken together. */
const TOGETHER = [1, 7]

export function remat(graph: RematGraph, budget: number, options: RematOptions = {}): Remat {
  requireRoom(graph, budget)
  const bound = leastCost(graph, budget)
  let best: Remat | undefined
  for (const { schedule, by } of schedules(graph, budget, () => best?.cost)) {
    const { cost, peak } = measure(graph, schedule)
    if (peak <= budget && (best === undefined || cost < best.cost))
      best = { schedule, cost, peak, bound, optimal: cost <= bound, by }
    if (best?.optimal || (best && options.expired?.())) break
  }
  if (best === undefined) throw budgetTooSmall(budget, '', enough(graph, budget), true)
  return best
}

interface Proposal {
  readonly schedule: Schedule
  /** What found it. */
  readonly by: string
}

/** Schedules worth measuring, one after the other. `known`: the least cost so far, without which long chains have too many ways. */
function* schedules(graph: RematGraph, budget: number, known: () => number | undefined): Iterable<Proposal> {
  yield { schedule: everything(graph), by: 'everything once' }
  for (const [k, w] of [...attempts(graph.nodes.length)].entries()) {
    if (k === FIRST) yield* folded(graph, budget, known())
    const found = evictionSchedule(graph, budget, w)
    if (found) yield { schedule: polished(graph, found, budget), by: 'eviction' }
  }
}

/** A chain as one; what folds otherwise, block by block. */
export function* folded(graph: RematGraph, budget: number, known: number | undefined): Iterable<Proposal> {
  const chain = chainOf(graph)
  if (chain) {
    const schedule = chainSchedule(graph, chain, budget, known)
    if (schedule) yield { schedule, by: 'chain' }
    return
  }
  const blocks = blocksOf(graph)
  for (const most of blocks ? TOGETHER : []) {
    const found = blockSchedule(graph, together(blocks!, most), budget)
    if (found) yield { schedule: polished(graph, found, budget), by: 'blocks' }
  }
}

/** The largest working set first: below it nothing can be done. */
function requireRoom(graph: RematGraph, budget: number): void {
  const sizes = graph.nodes.map((_, i) => workingSet(graph, i))
  const most = sizes.reduce((a, b) => Math.max(a, b), 0)
  if (most > budget) throw budgetTooSmall(budget, graph.nodes[sizes.indexOf(most)]!.name, most, false)
}

/** Bytes above `budget` for which the heuristic finds an order; few steps of bisection, since it is only said in an error. */
function enough(graph: RematGraph, budget: number): number {
  let [low, high] = [budget, measure(graph, everything(graph)).peak]
  for (let step = 0; step < 8; step++) {
    const mid = Math.floor((low + high) / 2)
    const [first] = attempts(graph.nodes.length)
    if (evictionSchedule(graph, mid, first!)) high = mid
    else low = mid
  }
  return high
}
