/**
 * Activations in pieces, as PyTorch defines them.
 * Convention: at the ends of a flat piece the derivative is the flat one's, 0, as for relu; hardswish alone passes it at ±3.
 */
import type { X } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { abs, add, div, mul, sub } from '../primitives/arithmetic.ts'
import { reshape } from '../primitives/broadcast.ts'
import { greater, greaterEqual, less, lessEqual, where } from '../primitives/comparison.ts'
import { expm1 } from '../primitives/exponential.ts'
import { clamp } from './elementwise.ts'

/** x, or slope · x where x ≤ 0. */
export const leakyRelu = (x: Node, slope: X = 0.01): Node => where(greater(x, 0), x, mul(slope, x))

/** leakyRelu with slopes that are learnt: one, or one a channel (`weight`: [channels], x: [batch, channels, …]). */
export function prelu(x: Node, weight: Node): Node {
  const [rank, wide] = [x.shape.length, weight.shape.length > 0 && weight.shape[0] !== 1]
  if (weight.shape.length > 1 || (wide && weight.shape[0] !== x.shape[rank < 2 ? 0 : 1]))
    throw operandError(
      'prelu: the weights do not fit',
      [x, weight],
      'one weight, or one a channel: x is [batch, channels, …]',
    )
  const channels = !wide ? [] : rank < 2 ? weight.shape : [...weight.shape, ...x.shape.slice(2).map(() => 1)]
  return leakyRelu(x, reshape(weight, channels))
}

/** Randomised leakyRelu when it is evaluated: the slope is the mean of its bounds. */
export const rrelu = (x: Node, lower: number = 1 / 8, upper: number = 1 / 3): Node => leakyRelu(x, (lower + upper) / 2)

/** x, or alpha · (e^x − 1) where x ≤ 0. */
export const elu = (x: Node, alpha = 1): Node => where(greater(x, 0), x, mul(expm1(x), alpha))

/** x, or alpha · (e^(x/alpha) − 1) where x ≤ 0. */
export const celu = (x: Node, alpha = 1): Node => where(greater(x, 0), x, mul(expm1(div(x, alpha)), alpha))

const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 } as const
/** elu scaled so that layers of it keep mean 0 and variance 1 (Klambauer et al. 2017). */
export const selu = (x: Node): Node => mul(elu(x, SELU.alpha), SELU.scale)

/** x between `low` and `high`, else the nearer of them; `high` where that is the lower one. */
export const hardtanh = (x: Node, low = -1, high = 1): Node =>
  where(lessEqual(x, low), Math.min(low, high), where(greaterEqual(x, high), high, x))
export const relu6 = (x: Node): Node => hardtanh(x, 0, 6)
/** (x + 3)/6 between 0 and 1. */
export const hardsigmoid = (x: Node): Node => div(hardtanh(add(x, 3), 0, 6), 6)
/** x · (x + 3)/6 between −3 and 3; 0 and x beyond. */
export const hardswish = (x: Node): Node => div(mul(x, clamp(add(x, 3), 0, 6)), 6)

/** x moved by `lambda` towards 0, and 0 up to there. */
export const softshrink = (x: Node, lambda = 0.5): Node =>
  where(greater(x, lambda), sub(x, lambda), where(less(x, -lambda), add(x, lambda), 0))
/** x, and 0 up to |x| = lambda. */
export const hardshrink = (x: Node, lambda = 0.5): Node => where(lessEqual(abs(x), lambda), 0, x)

/** x above `limit`, else `value`. */
export const threshold = (x: Node, limit: number, value: number): Node => where(lessEqual(x, limit), value, x)
