/**
 * Proposes an elimination order for programs of scalars: the best by counts of edges (elimination.ts), improved by moving vertices next to their
 * neighbours under costs that know slopes.
 * Invariant: deterministic; searches are bounded by orders and products looked at; what was searched in a plan is not searched in it again.
 */
import { SINGLE_SEEDS } from '../../core/differentiate/single-seeds.ts'
import type { ElementGraph, Problem } from '../../core/ir.ts'
import { uniform } from '../../core/threefry.ts'
import { type Elimination, eliminationOrder } from './elimination.ts'
import { eliminationGraph } from './elimination-graph.ts'
import { type SlopeCount, slopeCount } from './slope-count.ts'
import type { Proposal, Strategy } from './strategy.ts'

/** Edges of the largest graph that is tried unasked. */
const LARGEST = 4_000
/** Orders priced by counts of edges, first to see whether there is anything to gain. */
const FIRST = 300
const EVALUATIONS = 5_000
/** Products looked at by the search that knows slopes. */
const PRODUCTS = 100_000
/** An order must need this much fewer products of edges than the global ones to be searched for, and operations to be built and priced. */
const HOPE = 1.05
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
    if (!asked && (graph.edges.length > LARGEST || !hopeful(problem, graph))) return undefined
    const found = remember(`eliminate ${JSON.stringify(graph)}`, () => searched(graph))
    return asked || isScalar(graph) || found.cost * GAIN < cheapestGlobal(problem, graph, found)
      ? { kind: 'eliminate', order: found.order }
      : undefined
  },
}

/** Seeds go one by one where they are few, and together, zeros and all, where they are many; there, the first product that unit seeds meet is free. */
function cheapestGlobal(
  { inputs, outputs }: Problem,
  { edges }: ElementGraph,
  { forward, reverse }: Pick<Searched, 'forward' | 'reverse'>,
): number {
  const seeds = (n: number, counted: number): number =>
    n > SINGLE_SEEDS ? Math.max(counted, (n * edges.length) / 2) : counted
  return Math.min(seeds(inputs, forward), seeds(outputs, reverse))
}

/** Whether elimination is as plain as forward and reverse: of scalars, all of them are straight-line code. */
export function isPlain(problem: Problem): boolean {
  const graph = problem.elements()
  return !('impossible' in graph) && isScalar(graph)
}

/** Programs of scalars gain where seeds would be arrays; others only by fewer products. */
const isScalar = ({ inputs, vertices, edges }: ElementGraph): boolean => edges.length <= 2 * (vertices - inputs)

function hopeful(problem: Problem, graph: ElementGraph): boolean {
  if (isScalar(graph)) return true
  const counted = byEdges(graph, FIRST)
  return counted.chosen * HOPE < cheapestGlobal(problem, graph, counted)
}

function byEdges({ inputs, vertices, outputs, edges }: ElementGraph, evaluations: number): Elimination {
  const document = { inputs, vertices, outputs, edges: edges.map((e) => [e.from, e.to]) }
  return eliminationOrder(eliminationGraph(document), { evaluations })
}

function searched(graph: ElementGraph): Searched {
  const count = slopeCount(graph)
  const priced = (order: readonly number[]): Found => ({
    order,
    cost: count.price(order, Number.POSITIVE_INFINITY),
  })
  const forward = priced(count.vertices)
  const reverse = priced(count.vertices.toReversed())
  const started = [reverse, forward, priced(byEdges(graph, EVALUATIONS).order)]
  const best = started.reduce((a, b) => (b.cost < a.cost ? b : a))
  return { ...improved(count, best), forward: forward.cost, reverse: reverse.cost }
}

/** Vertices moved one at a time, before or after a neighbour; a move that costs nothing is made too. */
function improved(count: SlopeCount, from: Found): Found {
  const { vertices, neighbours } = count
  let best = from
  let n = 0
  const pick = (below: number): number => Math.floor(below * uniform(1, 17, n++))
  const end = count.spent() + PRODUCTS
  for (let tries = 0; count.spent() < end && tries < PRODUCTS && vertices.length > 1; tries++) {
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
