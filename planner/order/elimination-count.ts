/**
 * What an elimination order costs, on the graph as given: the textbook procedure, slow and obvious.
 * Eliminating a vertex multiplies each of its in-edges with each of its out-edges (Griewank & Reese 1991): in-degree × out-degree products,
 * which leave an edge from each predecessor to each successor.
 * Invariant: shares no code with the search, whose result it counts.
 */
import type { EliminationGraph } from './elimination-graph.ts'

interface Elimination {
  costOf(vertex: number): number
  /** The intermediates whose cost this changed. */
  eliminate(vertex: number): readonly number[]
}

/** The number of scalar multiplications of `order`. */
export function countMultiplications(graph: EliminationGraph, order: readonly number[]): number {
  const elimination = begin(graph)
  let count = 0
  for (const v of order) {
    count += elimination.costOf(v)
    elimination.eliminate(v)
  }
  return count
}

/** The cheapest vertex next (Markowitz 1957); of equals, the lowest number. */
export function markowitz(graph: EliminationGraph): number[] {
  const elimination = begin(graph)
  const costs = new Map([...graph.intermediates].sort((a, b) => a - b).map((v) => [v, elimination.costOf(v)]))
  const order: number[] = []
  while (costs.size > 0) {
    let [best, least] = [-1, Number.POSITIVE_INFINITY]
    for (const [v, cost] of costs) if (cost < least) [best, least] = [v, cost]
    costs.delete(best)
    order.push(best)
    for (const v of elimination.eliminate(best)) if (costs.has(v)) costs.set(v, elimination.costOf(v))
  }
  return order
}

function begin(graph: EliminationGraph): Elimination {
  const into = graph.predecessors.map((p) => new Set(p))
  const from = graph.successors.map((s) => new Set(s))
  return {
    costOf: (v) => into[v]!.size * from[v]!.size,
    eliminate: (v) => {
      const [before, after] = [[...into[v]!], [...from[v]!]]
      for (const b of after) into[b]!.delete(v)
      for (const a of before) for (const b of after) into[b]!.add(a)
      for (const a of before) for (const b of after) from[a]!.add(b)
      from[v]!.clear()
      if (graph.outputs.has(v)) return [...before, ...after]
      for (const a of before) from[a]!.delete(v)
      into[v]!.clear()
      return [...before, ...after]
    },
  }
}
