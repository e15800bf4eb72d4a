/**
 * close: nodes that were written with others in scope → a closed body. What comes from outside becomes an extra input; what depends on
 * constants only stays inside.
 * Invariant: the body's inputs are the given ones, in order, then one for each captured node.
 * May not: capture a node that depends on one of the given inputs.
 */
import { graphOf, topological } from '../graph.ts'
import type { Graph, Node, TensorType } from '../ir.ts'
import { input } from '../primitives/leaf.ts'
import { substitute } from '../rebuild.ts'

export interface Closed {
  readonly body: Graph
  /** Outer nodes, in the order of the body's last inputs. */
  readonly captured: readonly Node[]
}

export function close(name: string, inputs: readonly Node[], outputs: Graph['outputs']): Closed {
  const order = topological(outputs.map((o) => o.node))
  const inside = new Set<Node>(inputs)
  const free = new Set<Node>()
  for (const node of order) {
    if (node.op.facts.leaf === 'input' && !inside.has(node)) free.add(node)
    if (node.operands.some((o) => inside.has(o))) inside.add(node)
    else if (node.operands.some((o) => free.has(o))) free.add(node)
  }
  const captured = [
    ...new Set([...order.filter((n) => inside.has(n)).flatMap((n) => n.operands), ...outputs.map((o) => o.node)]),
  ].filter((n) => free.has(n))
  const own = new Map(
    captured.flatMap((n, i) =>
      n.type.kind === 'tensor' ? [[n, input(`captured${i}`, n.type as TensorType)] as const] : [],
    ),
  )
  const made = substitute(
    outputs.map((o) => o.node),
    own,
  )
  const all = [...inputs, ...own.values()]
  return {
    body: graphOf(
      name,
      all,
      outputs.map((o, i) => ({ name: o.name, node: made[i]! })),
    ),
    captured: [...own.keys()],
  }
}
