/**
 * The fewest bytes in which a graph can be computed at some cost, in any order: for each node, when it is computed first, whatever it needs in
 * any order and something after it in any order still reads is in memory, or is computed twice.
 * Invariant: a true bound for all orders, all recomputation within the cost, all use of memory in place, and any placement.
 * May not: find schedules.
 */
import { cover, type Demand } from './cover.ts'
import { type RematGraph, type RematNode, usersOf } from './remat-graph.ts'

/** `cost`: at most so much, all together. */
export function leastBytes(graph: RematGraph, cost: number): number {
  const slack = cost - graph.nodes.reduce((sum, n) => sum + n.cost, 0)
  const waiting = waitingAt(graph)
  const priced = withOperands(graph)
  let [low, high] = [0, graph.nodes.reduce((sum, n) => sum + n.bytes, 1)]
  // Bytes below `low` are too few; the bisection ends within a thousandth, on the safe side.
  while (high - low > high / 1000) {
    const mid = Math.floor((low + high) / 2)
    const demands = demandsOf(graph, waiting, mid)
    if (demands === undefined || cover(priced, demands) > slack) low = mid + 1
    else high = mid
  }
  return low
}

interface Waiting {
  /** In memory whatever happens: what the node reads and, unless it takes the place of something, its own value. */
  readonly needed: readonly number[]
  /** Read by the node's descendants, and computed before it. */
  readonly others: readonly number[]
}

/**
 * Costs with those of an operand that nothing else reads and that is no smaller: were that kept instead, no byte would be saved. It is never
 * itself in memory for the sake of something later, so it is not counted twice.
 */
function withOperands(graph: RematGraph): RematGraph {
  const users = usersOf(graph)
  const nodes: RematNode[] = []
  for (const node of graph.nodes) {
    const own = node.deps.find((d) => users[d]!.length === 1 && graph.nodes[d]!.bytes >= node.bytes)
    nodes.push(own === undefined ? node : { ...node, cost: node.cost + nodes[own]!.cost })
  }
  return { nodes }
}

/** Quadratic in nodes, by bits. */
function waitingAt(graph: RematGraph): readonly Waiting[] {
  const { nodes } = graph
  const users = usersOf(graph)
  const words = Math.ceil(nodes.length / 32)
  const before = nodes.map(() => new Int32Array(words))
  const after = nodes.map(() => new Int32Array(words))
  const join = (into: Int32Array, from: Int32Array, i: number) => {
    for (let w = 0; w < words; w++) into[w]! |= from[w]!
    into[i >> 5]! |= 1 << (i & 31)
  }
  for (const [i, { deps }] of nodes.entries()) for (const d of deps) join(before[i]!, before[d]!, d)
  for (let i = nodes.length - 1; i >= 0; i--) for (const u of users[i]!) join(after[i]!, after[u]!, u)
  const has = (set: Int32Array, i: number): boolean => (set[i >> 5]! & (1 << (i & 31))) !== 0
  return nodes.map(({ deps, over }, v) => {
    const others: number[] = []
    for (let u = 0; u < v; u++)
      if (has(before[v]!, u) && !deps.includes(u) && users[u]!.some((w) => has(after[v]!, w))) others.push(u)
    return { needed: over === undefined ? [...deps, v] : deps, others }
  })
}

function demandsOf({ nodes }: RematGraph, waiting: readonly Waiting[], budget: number): readonly Demand[] | undefined {
  const demands: Demand[] = []
  for (const { needed, others } of waiting) {
    const over = needed.reduce((sum, i) => sum + nodes[i]!.bytes, 0) - budget
    if (over > 0) return undefined
    const bytes = others.reduce((sum, i) => sum + nodes[i]!.bytes, over)
    if (bytes > 0) demands.push({ nodes: others, bytes })
  }
  return demands
}
