/**
 * Graphs: frozen nodes in topological order, with an index built by graphlib when somebody asks for one.
 * Invariant: every operand of a node stands before it; inputs come first. The array is the truth, the index is a view.
 * May not: recurse over depth, or let the index near a hot path.
 */
import type { Graph, Node } from './ir.ts'
import { expressionOf } from './node.ts'
import { type Graphlib, graphlib } from './packages-late.ts'
import { showType } from './shape.ts'

/**
 * Every node that `roots` need, operands first, in the order of a depth-first walk that follows operands left to right.
 * `known`: nodes that are left out, and all that only they need.
 */
export function topological(roots: readonly Node[], known: readonly Node[] = []): Node[] {
  const done = new Set<Node>(known)
  const order: Node[] = []
  // The path from a root, and the operand to follow next at each node of it.
  const path: Node[] = []
  const next: number[] = []
  const enter = (node: Node): void => {
    if (done.has(node)) return
    done.add(node)
    path.push(node)
    next.push(0)
  }
  for (const root of roots) {
    enter(root)
    for (let top = path.length - 1; top >= 0; top = path.length - 1) {
      const node = path[top]!
      const at = next[top]!
      if (at < node.operands.length) {
        next[top] = at + 1
        enter(node.operands[at]!)
        continue
      }
      order.push(node)
      path.pop()
      next.pop()
    }
  }
  return order
}

/** The closed graph that computes `outputs` from `inputs`. Of other nodes, only those in `kept` and what they need stay; inputs always do. */
export function graphOf(
  name: string,
  inputs: readonly Node[],
  outputs: Graph['outputs'],
  kept: readonly Node[] = [],
): Graph {
  const rest = topological([...kept, ...outputs.map((o) => o.node)], inputs)
  return Object.freeze({
    kind: 'graph' as const,
    name,
    inputs: Object.freeze([...inputs]),
    nodes: Object.freeze([...inputs, ...rest]),
    outputs: Object.freeze(outputs.map((o) => Object.freeze({ name: o.name, node: o.node }))),
  })
}

/** How often each node is read, outputs included. */
export function useCounts(graph: Graph): Map<Node, number> {
  const uses = new Map<Node, number>()
  const add = (node: Node) => uses.set(node, (uses.get(node) ?? 0) + 1)
  for (const node of graph.nodes) node.operands.forEach(add)
  for (const { node } of graph.outputs) add(node)
  return uses
}

const indices = new WeakMap<Graph, Graphlib.Graph>()

/** The graph as a graphlib multigraph: node labels say op, type and expression; edges carry the operand position. Keys start with a letter. */
function indexOf(graph: Graph): Graphlib.Graph {
  const known = indices.get(graph)
  if (known) return known
  const index = new (graphlib().Graph)({ directed: true, multigraph: true })
  const keys = new Map(graph.nodes.map((node, i) => [node, `n${i}`]))
  for (const [node, key] of keys)
    index.setNode(key, { op: node.op.name, type: showType(node.type), text: expressionOf(node) })
  for (const [node, key] of keys)
    node.operands.forEach((o, i) => index.setEdge(keys.get(o)!, key, { operand: i }, String(i)))
  indices.set(graph, index)
  return index
}

/** Parts of the graph that share no value: each a list of positions in `graph.nodes`. */
export function components(graph: Graph): number[][] {
  return graphlib()
    .alg.components(indexOf(graph))
    .map((keys) => keys.map((k) => Number(k.slice(1))).sort((a, b) => a - b))
}

/** The declared graph as a JSON document (graphlib's form), with its outputs. */
export function toDocument(graph: Graph): object {
  const at = new Map(graph.nodes.map((node, i) => [node, `n${i}`]))
  return {
    name: graph.name,
    ...graphlib().json.write(indexOf(graph)),
    outputs: graph.outputs.map((o) => ({ name: o.name, node: at.get(o.node) })),
  }
}
