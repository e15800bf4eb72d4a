/**
 * A graph without requests, run node by node: bodies of control flow, and all of `evaluate`.
 * Invariant: values of `inputs` in the order of the graph's inputs; results in the order of its outputs.
 */
import type { Graph, Node, Tensor } from './ir.ts'

export function evaluateBody(graph: Graph, inputs: readonly Tensor[]): Tensor[] {
  const values = new Map<Node, Tensor>(graph.inputs.map((node, i) => [node, inputs[i]!]))
  const tuples = new Map<Node, readonly Tensor[]>()
  for (const node of graph.nodes) {
    if (values.has(node)) continue
    const items = node.op.facts.projection && tuples.get(node.operands[0]!)
    if (items) {
      values.set(node, items[node.params['index'] as number]!)
      continue
    }
    const value = node.op.evaluate(
      node.params,
      node.operands.map((o) => values.get(o)!),
      node.type,
    )
    if ('data' in value) values.set(node, value)
    else tuples.set(node, value)
  }
  return graph.outputs.map((o) => values.get(o.node)!)
}
