/**
 * Activations as functions of ops: no rules of their own.
 * Invariant: relu'(0) = 0; softmax and logSoftmax subtract the maximum first, so they never overflow.
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { div, mul, sub } from '../primitives/arithmetic.ts'
import { sum } from '../primitives/broadcast.ts'
import { stopGradient } from '../primitives/cast.ts'
import { greater, where } from '../primitives/comparison.ts'
import { exp, log } from '../primitives/exponential.ts'
import { max } from '../primitives/reduce.ts'

export const relu = (x: Node): Node => where(greater(x, 0), x, 0)

export const square = (x: Node): Node => mul(x, x)

/** x − max(x) along `axis`. The maximum cancels out of every result built on it, so no derivative flows through it. */
function centred(x: Node, axis: number): Node {
  return sub(asNode(x, 'softmax'), stopGradient(max(x, { axes: axis, keepDims: true })))
}

/** e^x / Σ e^x along `axis` (default: the last). */
export function softmax(x: Node, axis = -1): Node {
  const e = exp(centred(x, axis))
  return div(e, sum(e, { axes: axis, keepDims: true }))
}

/** x − log Σ e^x along `axis` (default: the last). */
export function logSoftmax(x: Node, axis = -1): Node {
  const c = centred(x, axis)
  return sub(c, log(sum(exp(c), { axes: axis, keepDims: true })))
}
