/**
 * How a value of a graph is laid out where it is not dense: a result of a sparse request, however many requests pass it on.
 * May not: resolve anything.
 */
import type { Node, SparseLayout } from '../ir.ts'

export function layoutOf(node: Node): SparseLayout | undefined {
  for (let at = node; at.op.facts.projection; ) {
    const [request] = at.operands
    const found = request!.op.layout?.(request!, at.params['index'] as number)
    if (found === undefined || 'kind' in found) return found
    at = found
  }
  return undefined
}
