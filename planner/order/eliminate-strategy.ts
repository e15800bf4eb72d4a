/**
 * Proposes an elimination order for programs of scalars. Orders to start from are those by counts of edges (elimination.ts) and greedy ones that
 * know slopes; the best is improved by moving vertices next to their neighbours, under costs that know them too.
 * Invariant: deterministic; the search's work is bounded by products looked at, and what was searched in a plan is not searched in it again.
 */
import { SINGLE_SEEDS } from '../../core/differentiate/single-seeds.ts'
import type { ElementGraph } from '../../core/ir.ts'
import { uniform } from '../../core/threefry.ts'
import { eliminationOrder } from './elimination.ts'
import { eliminationGraph } from './elimination-graph.ts'
import { type SlopeCount, slopeCount } from './slope-count.ts'
import type { Proposal, Strategy } from './strategy.ts'

/** Edges, and vertices to eliminate, of the largest graph that is tried unasked. */
const LARGEST = 4_000
/** Orders priced by counts of edges; products looked at by what knows slopes. */
const EVALUATIONS = 2_000
const PRODUCTS = 60_000
/** An order must need this much fewer operations than the global ones before it is built and priced. */
const GAIN = 1.1

interface Found {
  readonly order: readonly number[]
  readonly cost: number
}
interface Searched extends Found {
  readonly forward: number
  readonly reverse: number
}

export const eliminate: Strategy = {
  kind: 'eliminate',
  propose: (problem, { asked, remember }): Proposal => {
    const graph = problem.elements()
    if ('impossible' in graph) return graph
    if (!asked && graph.edges.length > LARGEST) return undefined
    const { order, cost, forward, reverse } = remember(`eliminate ${JSON.stringify(graph)}`, () => searched(graph))
    const seeds = (n: number, counted: number): number => (n > SINGLE_SEEDS ? n * graph.edges.length : counted)
    const cheapest = Math.min(seeds(problem.inputs, forward), seeds(problem.outputs, reverse))
    return asked || cost * GAIN < cheapest ? { kind: 'eliminate', order } : undefined
  },
}

function searched(graph: ElementGraph): Searched {
  const count = slopeCount(graph)
  const priced = (order: readonly number[]): Found => ({
    order,
    cost: count.price(order, Number.POSITIVE_INFINITY),
  })
  const forward = priced(count.vertices)
  const reverse = priced(count.vertices.toReversed())
  const others = [...starts(graph, count)].map(priced)
  const best = [reverse, forward, ...others].reduce((a, b) => (b.cost < a.cost ? b : a))
  return { ...improved(count, best), forward: forward.cost, reverse: reverse.cost }
}

function* starts(graph: ElementGraph, count: SlopeCount): Generator<readonly number[]> {
  yield count.greedy((cost) => cost)
  yield count.greedy((cost, before, after) => cost - before - after)
  const { inputs, vertices, outputs, edges } = graph
  const document = { inputs, vertices, outputs, edges: edges.map((e) => [e.from, e.to]) }
  yield eliminationOrder(eliminationGraph(document), { evaluations: EVALUATIONS }).order
}

/** Vertices moved one at a time, before or after a neighbour; a move that costs nothing is made too. */
function improved(count: SlopeCount, from: Found): Found {
  const { vertices, neighbours } = count
  let best = from
  let n = 0
  const pick = (below: number): number => Math.floor(below * uniform(1, 17, n++))
  const end = count.spent() + PRODUCTS
  for (let tries = 0; count.spent() < end && tries < PRODUCTS && vertices.length > 2; tries++) {
    const v = vertices[pick(vertices.length)]!
    const near = neighbours[v]!
    if (near.length === 0) continue
    const rest = best.order.filter((u) => u !== v)
    rest.splice(rest.indexOf(near[pick(near.length)]!) + pick(2), 0, v)
    const cost = count.price(rest, best.cost)
    if (cost <= best.cost) best = { order: rest, cost }
  }
  return best
}
