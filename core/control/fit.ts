/**
 * Do operands fit a body? Shared by every op that has one.
 * Invariant: a refusal names the op, the position and both types.
 * May not: look inside the body.
 */
import type { Graph, Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { sameType, showType } from '../shape.ts'

/** Operands must be, one for one, what the inputs of `body` are. */
export function requireInputs(name: string, body: Graph, operands: readonly Node[]): void {
  if (operands.length !== body.inputs.length)
    throw operandError(`${name}: the body takes ${body.inputs.length} values, got ${operands.length}`, operands)
  body.inputs.forEach((wanted, i) => {
    const x = operands[i]!
    if (!sameType(x.type, wanted.type))
      throw operandError(
        `${name}: value ${i} of the body is ${showType(wanted.type)}, got ${showType(x.type)}`,
        [x],
        'cast or reshape it outside',
      )
  })
}
