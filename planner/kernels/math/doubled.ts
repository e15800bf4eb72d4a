/**
 * Numbers of twice the precision: unevaluated sums of two f64 (Dekker 1971; Shewchuk 1997).
 * Invariant: exact unless said otherwise, barring overflow.
 */
import type { Scalar } from '../../../core/scalar.ts'
import type { Arithmetic, Value } from './arithmetic.ts'

export interface Doubled {
  readonly hi: Scalar
  readonly lo: Scalar
}

/** x + y. */
export function twoSum(a: Arithmetic, x: Value, y: Value): Doubled {
  const hi = a.add(x, y)
  const part = a.sub(hi, x)
  return { hi, lo: a.add(a.sub(x, a.sub(hi, part)), a.sub(y, part)) }
}

/** x + y, where |x| ≥ |y|, or the rounded sum is exact. */
export function fastTwoSum(a: Arithmetic, x: Value, y: Value): Doubled {
  const hi = a.add(x, y)
  return { hi, lo: a.sub(y, a.sub(hi, x)) }
}

/** x − y, under the same condition. */
export function fastTwoDifference(a: Arithmetic, x: Value, y: Value): Doubled {
  const hi = a.sub(x, y)
  return { hi, lo: a.sub(a.sub(x, hi), y) }
}

/** x in two halves of 26 bits (Veltkamp), for |x| < 2^996. */
function split(a: Arithmetic, x: Value): Doubled {
  const wide = a.mul(x, 2 ** 27 + 1)
  const hi = a.sub(wide, a.sub(wide, x))
  return { hi, lo: a.sub(x, hi) }
}

/** x · y, where it does not underflow. */
export function twoProduct(a: Arithmetic, x: Value, y: Value): Doubled {
  const hi = a.mul(x, y)
  const u = split(a, x)
  const v = split(a, y)
  const rest = a.sub(hi, a.mul(u.hi, v.hi))
  const cross = a.sub(a.sub(rest, a.mul(u.lo, v.hi)), a.mul(u.hi, v.lo))
  return { hi, lo: a.sub(a.mul(u.lo, v.lo), cross) }
}
