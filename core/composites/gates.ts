/**
 * Smooth activations as functions of ops.
 * Invariant: no overflow, and tails keep their relative accuracy.
 */
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { abs, add, div, mul, neg, sub } from '../primitives/arithmetic.ts'
import { erfc } from '../primitives/error-function.ts'
import { sigmoid, tanh } from '../primitives/exponential.ts'
import { slice } from '../primitives/layout.ts'
import { softplus } from '../primitives/log-space.ts'
import { axisOf, sizes } from '../shape.ts'

/** x · Φ(x), Φ the normal distribution's; `tanh`: with its approximation (Hendrycks & Gimpel 2016). */
export function gelu(x: Node, approximate: 'none' | 'tanh' = 'none'): Node {
  const half = mul(x, 0.5)
  if (approximate === 'none') return mul(half, erfc(mul(x, -Math.SQRT1_2)))
  const inner = mul(add(x, mul(mul(mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI))
  return mul(half, add(tanh(inner), 1))
}

/** x · sigmoid(x), also called swish. */
export const silu = (x: Node): Node => mul(x, sigmoid(x))
/** x · tanh(softplus(x)). */
export const mish = (x: Node): Node => mul(x, tanh(softplus(x)))
/** x/(1 + |x|). */
export const softsign = (x: Node): Node => div(x, add(abs(x), 1))
/** x − tanh x. */
export const tanhshrink = (x: Node): Node => sub(x, tanh(x))
/** log sigmoid(x). */
export const logSigmoid = (x: Node): Node => neg(softplus(neg(x)))

/** The first half along `axis` times the sigmoid of the second (default: the last). */
export function glu(x: Node, axis = -1): Node {
  const at = axisOf(axis, x.shape.length)
  if (at === undefined) throw operandError(`glu: axis ${axis} is outside rank ${x.shape.length}`, [x])
  const extents = sizes(x.shape, 'glu')
  const half = extents[at]! / 2
  if (!Number.isInteger(half))
    throw operandError(`glu: axis ${axis} has ${extents[at]} elements, not an even number`, [x])
  const part = (from: number): Node =>
    slice(x, ...extents.map((d, i): [number, number] => (i === at ? [from, from + half] : [0, d])))
  return mul(part(0), sigmoid(part(half)))
}
