/**
 * evaluate: a graph run by each op's own `evaluate`. The oracle: slow and obvious.
 * Invariant: rounds to each node's dtype; no pass, plan or kernel is involved.
 * May not: be optimised.
 */
import { resolve } from './differentiate/resolve.ts'
import { broken } from './errors.ts'
import type { Graph, Node, Tensor } from './ir.ts'

/** Values of the outputs by name, for values of all inputs (state included) by name. */
export function evaluate(graph: Graph, inputs: { readonly [name: string]: Tensor }): { [name: string]: Tensor } {
  const resolved = resolve(graph)
  const values = new Map<Node, Tensor>()
  for (const node of resolved.nodes) {
    if (node.op.facts.leaf === 'input') {
      const name = String(node.params['name'])
      const value = inputs[name]
      if (!value) throw broken('evaluate', `no value for input ${name}`, `given: ${Object.keys(inputs).join(', ')}`)
      values.set(node, value)
    } else {
      const operands = node.operands.map((o) => values.get(o)!)
      values.set(node, node.op.evaluate(node.params, operands, node.type) as Tensor)
    }
  }
  return Object.fromEntries(resolved.outputs.map((o) => [o.name, values.get(o.node)!]))
}
