/** The number that every element of a node is, where the graph says so: a constant, or a constant stretched or reshaped. */
import type { Node } from '../../core/ir.ts'
import { decodeNumber, type Num } from '../../core/scalar.ts'

export function splat(node: Node): number | undefined {
  let at = node
  while (at.op.facts.transparent && at.operands.length === 1) at = at.operands[0]!
  const { value } = at.params
  return at.op.facts.leaf === 'constant' && value !== undefined ? decodeNumber(value as Num) : undefined
}
