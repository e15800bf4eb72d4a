/**
 * cse: equal nodes become one. Equal: the same op, params and operands.
 * Invariant: linear time; the first of equal nodes stays, with its declaration site.
 * May not: reorder operands of what does not commute.
 */
import type { Graph, Node, Op, Param } from '../../core/ir.ts'
import { isGraph, rebuild, withOperands } from '../../core/rebuild.ts'

export function cse(graph: Graph): Graph {
  const ids = new Map<object, number>()
  const idOf = (x: object): number => {
    const known = ids.get(x)
    if (known !== undefined) return known
    ids.set(x, ids.size)
    return ids.size - 1
  }
  const first = new Map<string, Node>()
  return rebuild(graph, (node, operands) => {
    if (node.op.facts.leaf === 'input') return node
    const args = operands.map(idOf)
    if (node.op.facts.commutes && args[0]! > args[1]!) args.reverse()
    const key = `${idOf(node.op as Op & object)}(${args})${paramKey(node.params, idOf)}`
    const known = first.get(key)
    if (known) return known
    const made = withOperands(node, operands)
    first.set(key, made)
    return made
  })
}

/** Bodies and data count by identity, everything else by value. */
function paramKey(params: { readonly [key: string]: Param }, idOf: (x: object) => number): string {
  return JSON.stringify(params, (_, p: Param) => (isGraph(p) || ArrayBuffer.isView(p) ? `#${idOf(p as object)}` : p))
}
