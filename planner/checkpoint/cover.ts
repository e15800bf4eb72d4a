/**
 * A lower bound on the cost of any schedule whose first computations come in the order of the nodes: whatever is computed once only stays
 * in memory from then to its last use, so at each first computation what overflows the budget must be among what is computed twice.
 * Invariant: a true bound, whatever the number of sets looked at. May not: find schedules.
 */
import { type RematGraph, usersOf } from './remat-graph.ts'

export interface Demand {
  /** Nodes that may be away at this moment. */
  readonly nodes: readonly number[]
  /** Bytes of them that must be. */
  readonly bytes: number
}

/** Sets of nodes computed again × nodes in demands that are looked at: about half a second. */
const EFFORT = 2e7

/** Infinity if some node does not fit with what it needs. */
export function leastCost(graph: RematGraph, budget: number): number {
  const base = graph.nodes.reduce((sum, n) => sum + n.cost, 0)
  const demands = demandsOf(graph, budget)
  return demands === undefined ? Number.POSITIVE_INFINITY : base + cover(graph, demands)
}

function demandsOf(graph: RematGraph, budget: number): readonly Demand[] | undefined {
  const { nodes } = graph
  const users = usersOf(graph)
  const last = users.map((list) => (list.length === 0 ? nodes.length : Math.max(...list)))
  const demands: Demand[] = []
  for (let at = 0; at < nodes.length; at++) {
    const needed = new Set([at, ...nodes[at]!.deps])
    let bytes = -budget
    for (const i of needed) bytes += nodes[i]!.bytes
    if (bytes > 0) return undefined
    const others: number[] = []
    for (let i = 0; i < at; i++)
      if (!needed.has(i) && last[i]! >= at) {
        bytes += nodes[i]!.bytes
        // Results stay once they are final; they may be made late, but that is a second time too.
        others.push(i)
      }
    if (bytes > 0) demands.push({ nodes: others, bytes })
  }
  return demands
}

/** The cheapest set of nodes that meets all demands: branch and bound, the bound that of the hardest demand met in fractions. */
export function cover(graph: RematGraph, unsorted: readonly Demand[]): number {
  const price = (i: number): number => graph.nodes[i]!.cost / graph.nodes[i]!.bytes
  const demands = unsorted.map(({ nodes, bytes }): Demand => {
    return { bytes, nodes: nodes.filter((i) => graph.nodes[i]!.bytes > 0).sort((a, b) => price(a) - price(b)) }
  })
  const open: { chosen: ReadonlySet<number>; banned: ReadonlySet<number>; cost: number; bound: number }[] = []
  const visit = (chosen: ReadonlySet<number>, banned: ReadonlySet<number>, cost: number) => {
    const bound = cost + Math.max(0, ...demands.map((d) => fraction(graph, d, chosen, banned)))
    if (bound < Number.POSITIVE_INFINITY) open.push({ chosen, banned, cost, bound })
  }
  visit(new Set(), new Set(), 0)
  const most = EFFORT / demands.reduce((sum, d) => sum + d.nodes.length, 1)
  for (let sets = 0; open.length > 0; sets++) {
    let least = 0
    for (let k = 1; k < open.length; k++) if (open[k]!.bound < open[least]!.bound) least = k
    const { chosen, banned, cost, bound } = open[least]!
    open[least] = open.at(-1)!
    open.pop()
    const node = undecided(graph, demands, chosen, banned)
    if (node === undefined || sets >= most) return bound
    visit(new Set([...chosen, node]), banned, cost + graph.nodes[node]!.cost)
    visit(chosen, new Set([...banned, node]), cost)
  }
  return Number.POSITIVE_INFINITY
}

/** The least cost of meeting one demand if nodes could be split. */
function fraction({ nodes }: RematGraph, d: Demand, chosen: ReadonlySet<number>, banned: ReadonlySet<number>): number {
  let left = d.bytes
  for (const i of d.nodes) if (chosen.has(i)) left -= nodes[i]!.bytes
  if (left <= 0) return 0
  let cost = 0
  for (const i of d.nodes) {
    if (chosen.has(i) || banned.has(i)) continue
    const part = Math.min(1, left / nodes[i]!.bytes)
    cost += part * nodes[i]!.cost
    left -= part * nodes[i]!.bytes
    if (left <= 1e-9) return cost
  }
  return Number.POSITIVE_INFINITY
}

/** Of the unmet demands, the largest node that may still meet one; undefined when all are met. */
function undecided(
  { nodes }: RematGraph,
  demands: readonly Demand[],
  chosen: ReadonlySet<number>,
  banned: ReadonlySet<number>,
): number | undefined {
  let best: number | undefined
  for (const d of demands) {
    let left = d.bytes
    for (const i of d.nodes) if (chosen.has(i)) left -= nodes[i]!.bytes
    if (left <= 0) continue
    for (const i of d.nodes)
      if (!chosen.has(i) && !banned.has(i) && (best === undefined || nodes[i]!.bytes > nodes[best]!.bytes)) best = i
  }
  return best
}
