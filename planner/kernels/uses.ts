/**
 * How each node of a graph is read: the facts that fusion decides by.
 * Invariant: a view has no readers of its own; those who read it read its operand.
 * May not: decide.
 */

import { broken } from '../../core/errors.ts'
import type { Graph, Lowering, Node } from '../../core/ir.ts'
import { inspect } from '../../core/node.ts'

export interface Uses {
  /** Reads of the node, counting each reader of a view of it. */
  readonly reads: ReadonlyMap<Node, number>
  readonly lowering: (node: Node) => Lowering
}

export function usesOf(graph: Graph): Uses {
  const reads = new Map<Node, number>()
  const add = (node: Node, n: number) => reads.set(node, (reads.get(node) ?? 0) + n)
  const lowerings = new Map<Node, Lowering>()
  const lowering = (node: Node): Lowering => {
    const known = lowerings.get(node)
    if (known) return known
    const made = node.op.lower?.(node)
    if (!made) throw broken('fuse', `${node.op.name} has no lowering`, inspect(node))
    lowerings.set(node, made)
    return made
  }
  for (const { node } of graph.outputs) add(node, 1)
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!
    const view = node.op.facts.view && lowering(node).kind !== 'parts'
    const n = view ? (reads.get(node) ?? 0) : 1
    for (const o of node.operands) add(o, n)
  }
  return { reads, lowering }
}
