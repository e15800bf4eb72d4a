/**
 * The order in which to eliminate the intermediates of a scalar computational graph, so that its Jacobian takes few multiplications.
 * Forward, reverse and Markowitz are counted; the chosen order comes from a search, block by block, which starts from the best of several
 * greedy orders and anneals in rounds that double, until it meets a bound. Optimal Jacobian accumulation is NP-complete (Naumann 2008).
 * Invariant: reproducible: the budget counts evaluations, and a deadline that cuts it short is reported. Never worse than the other three.
 * May not: measure time; the caller says when to stop.
 */
import { anneal } from './elimination-anneal.ts'
import { type Block, blocksOf, eliminate } from './elimination-block.ts'
import { countMultiplications, markowitz } from './elimination-count.ts'
import { leastCosts } from './elimination-cut.ts'
import type { EliminationGraph } from './elimination-graph.ts'
import { prove } from './elimination-proof.ts'
import { starts } from './elimination-start.ts'
import { postorder } from './elimination-tree.ts'

export interface EliminationOptions {
  readonly seed?: number
  /** Orders to price, over all blocks. */
  readonly evaluations?: number
  /** Sets of eliminated vertices to look at for a proof, over all blocks. Default 0: no bound is sought. */
  readonly proof?: number
  /** Asked now and then; true ends the search with what it has. */
  readonly expired?: () => boolean
}
export interface Elimination {
  /** Scalar multiplications of each order. Markowitz: the lowest number of equals first. */
  readonly forward: number
  readonly reverse: number
  readonly markowitz: number
  readonly chosen: number
  /** The chosen order, as numbers of vertices. */
  readonly order: readonly number[]
  readonly evaluations: number
  /** No order takes fewer multiplications; `proven`: the chosen one takes no more. */
  readonly bound: number
  readonly proven: boolean
  /** The search ended before its budget did. */
  readonly truncated: boolean
}

interface Ordered {
  readonly order: readonly number[]
  readonly cost: number
}

export function eliminationOrder(graph: EliminationGraph, options: EliminationOptions = {}): Elimination {
  const { seed = 1, evaluations = 300_000, proof = 0, expired = () => false } = options
  // First what must be counted anyway, so that a clock leaves the search what is left.
  const counted = (order: readonly number[]): Ordered => ({ order, cost: countMultiplications(graph, order) })
  const forward = counted(graph.intermediates)
  const reverse = counted(graph.intermediates.toReversed())
  const cheapest = counted(markowitz(graph))
  const { useless, blocks } = blocksOf(graph)
  const searches = budgets(blocks, evaluations).map(({ block, budget }) => begin(block, budget, proof, expired))
  for (let round = 0; searches.some(isOpen) && !expired(); round++)
    for (const search of searches) advance(search, seed, round, expired)
  for (const search of searches) finish(search, Math.ceil(proof / searches.length), expired)
  const bound = searches.reduce((sum, search) => sum + search.bound, 0)
  const found = searches.flatMap(({ block, best }) => best.order.map((v) => block.vertices[v]!))
  const best = [counted([...useless, ...found]), forward, reverse, cheapest].reduce((a, b) => (b.cost < a.cost ? b : a))
  return {
    forward: forward.cost,
    reverse: reverse.cost,
    markowitz: cheapest.cost,
    chosen: best.cost,
    order: best.order,
    evaluations: searches.reduce((sum, { spent }) => sum + spent, 0),
    ...{ bound, proven: bound === best.cost },
    truncated: searches.some((search) => search.cut || isOpen(search)),
  }
}

interface Search {
  readonly block: Block
  readonly budget: number
  /** Out of time before the search proper. */
  readonly cut: boolean
  spent: number
  best: Ordered
  /** No order of the block costs less. */
  bound: number
}
const isProven = ({ best, bound }: Search): boolean => best.cost === bound
const isOpen = (search: Search): boolean => search.spent < search.budget && !isProven(search)

/** In proportion to size; a block of one vertex has one order, and in a very large one a move takes too long to price. */
function budgets(blocks: readonly Block[], evaluations: number): readonly { block: Block; budget: number }[] {
  const sizes = blocks.map(({ vertices, rows }) =>
    vertices.length > 1 && rows.byteLength <= LARGEST ? vertices.length : 0,
  )
  const all = sizes.reduce((a, b) => a + b, 0)
  return blocks.map((block, i) => ({ block, budget: all === 0 ? 0 : Math.floor((evaluations * sizes[i]!) / all) }))
}

function begin(block: Block, budget: number, proof: number, expired: () => boolean): Search {
  const given = [...block.vertices.keys()]
  const orders = given.length < 2 ? [given] : starts(block, expired)
  const found = Array.from(orders, (order) => ({ order, cost: price(block, order) }))
  const cut = given.length > 1 && expired()
  const best = found.reduce((a, b) => (b.cost < a.cost ? b : a))
  return { block, budget, cut, spent: 0, best, bound: proof > 0 && !expired() ? leastCost(block) : 0 }
}

/** Vertices of the largest blocks that are bounded, and that are searched for a proof. */
const MOST_BOUNDED = 500
const MOST_PROVEN = 150

function leastCost(block: Block): number {
  const all = [...block.vertices.keys()]
  return all.length > MOST_BOUNDED ? 0 : leastCosts(block, block.rows, all).reduce((sum, c) => sum + c, 0)
}

function finish(search: Search, nodes: number, expired: () => boolean): void {
  if (isProven(search) || nodes === 0 || search.block.vertices.length > MOST_PROVEN || expired()) return
  const { bound, order } = prove(search.block, search.best.cost, { nodes, expired })
  search.bound = bound
  if (order) search.best = { order, cost: bound }
}

function price(block: Block, order: readonly number[]): number {
  const rows = block.rows.slice()
  return order.reduce((cost, v) => cost + eliminate(block, rows, v), 0)
}

/** Moves in the first round; each round doubles, and starts hotter, up to `HOTTEST` multiplications. */
const FIRST_ROUND = 1_000
const COLDEST = 0.15
const HOTTEST = 2
/** Bytes of a block's rows up to which it is annealed; beyond, the best greedy order stands. */
const LARGEST = 2 ** 23

function advance(search: Search, seed: number, round: number, expired: () => boolean): void {
  const { block, budget, spent, best } = search
  if (!isOpen(search) || expired()) return
  const result = anneal(block, postorder(block, best.order), {
    seed: (Math.imul(seed, 0x9e3779b1) + round) | 0,
    evaluations: Math.min(budget - spent, FIRST_ROUND * 2 ** round),
    hot: Math.min(HOTTEST, 2 * COLDEST * 2 ** round),
    cold: COLDEST,
    expired,
  })
  search.spent += result.evaluations
  if (result.cost < best.cost) search.best = result
}
