/**
 * vmap of a part of a graph: the same nodes for k examples at once.
 * Invariant: only nodes that depend on a batched one are rebuilt; all others (residuals) are shared by the k examples.
 * May not: look at an op beyond its `batch`.
 */
import { lead } from '../align.ts'
import { topological } from '../graph.ts'
import type { Node } from '../ir.ts'

/** `roots` with each key of `batched` replaced by a node of the same type and a new leading axis of `size`; results have that axis too. */
export function batchNodes(roots: readonly Node[], batched: ReadonlyMap<Node, Node>, size: number): Node[] {
  const made = new Map(batched)
  const tuples = new Map<Node, readonly Node[]>()
  for (const node of topological(roots)) {
    if (made.has(node)) continue
    const items = node.op.facts.projection && tuples.get(node.operands[0]!)
    if (items) {
      made.set(node, items[node.params['index'] as number]!)
      continue
    }
    const marks = node.operands.map((o) => made.has(o))
    if (!marks.includes(true)) continue
    const next = node.op.batch(
      node.params,
      node.operands.map((o) => made.get(o) ?? o),
      marks,
      size,
    )
    if ('op' in next) made.set(node, next)
    else tuples.set(node, next)
  }
  return roots.map((r) => made.get(r) ?? lead(r, false, size))
}
