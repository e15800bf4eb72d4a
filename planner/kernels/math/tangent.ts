/**
 * tan, as the quotient of the sine and cosine of one reduced argument; sine and cosine of multiples of π.
 * Invariant: tan is odd and keeps −0; there is no float at which it is infinite.
 */
import type { Scalar, ScalarWriter } from '../../../core/scalar.ts'
import type { Arithmetic } from './arithmetic.ts'
import { unaryInDouble } from './precision.ts'
import { cosKernel, sinKernel } from './trigonometric.ts'
import { farF64, near, nearEnd, type Turned } from './turns.ts'

function quotient(a: Arithmetic, x: Turned): Scalar {
  const z = a.mul(x.r, x.r)
  const [s, c] = [sinKernel(a, x, z), cosKernel(a, x, z)]
  const half = a.mul(x.quarters, 0.5)
  const turned = a.ne(half, a.floor(half))
  return a.div(a.select(turned, a.neg(c), s), a.select(turned, s, c))
}

export const tan: (w: ScalarWriter, x: Scalar) => Scalar = unaryInDouble((a, _, x) => {
  const far = a.lt(nearEnd.f64, a.abs(x))
  const value = a.rare(far, quotient(a, farF64(a, x)), quotient(a, near(a, x)))
  return a.select(a.lt(a.abs(x), 2 ** -28), x, value)
})

/** sin and cos of π·r for 0 ≤ r ≤ ½, both by the kernels that are right up to π/4. */
export function ofHalfTurn(a: Arithmetic, r: Scalar): { readonly sin: Scalar; readonly cos: Scalar } {
  const late = a.lt(0.25, r)
  const angle = a.mul(a.select(late, a.sub(0.5, r), r), Math.PI)
  const x: Turned = { quarters: a.constant(0), r: angle, low: a.constant(0) }
  const z = a.mul(angle, angle)
  const [s, c] = [sinKernel(a, x, z), cosKernel(a, x, z)]
  return { sin: a.select(late, c, s), cos: a.select(late, s, c) }
}
