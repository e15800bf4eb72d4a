/**
 * cbrt: x = 2^(3k)·m with m in [2^−1.5, 2^1.5), a polynomial to 9 bits, one step of Halley to 27, and with that rounded
 * to 24 bits, whose square is exact, a last one (Moler & Berry; Ng, fdlibm s_cbrt.c).
 * Invariant: odd; exact where the result is a small integer.
 */
import type { Scalar, ScalarWriter } from '../../../core/scalar.ts'
import { arithmetic } from './arithmetic.ts'
import { balanced } from './logarithm.ts'
import { polynomial } from './polynomial.ts'
import { inDouble } from './precision.ts'

const start: readonly number[] = [
  0.4302284569139707, 0.9776246716301169, -0.6342471012281204, 0.29202650703343075, -0.07226687136046962,
  0.0072387262646030105,
]

export function cbrt(w: ScalarWriter, x: Scalar): Scalar {
  const short = arithmetic(w, 'f32')
  return inDouble(
    w,
    (a, _, v) => {
      const { exponent, mantissa } = balanced(a, v)
      const k = a.nearest(a.mul(exponent, 1 / 3))
      const m = a.mul(mantissa, a.pow2(a.sub(exponent, a.mul(k, 3))))
      const rough = polynomial(a, m, start)
      const cube = a.mul(a.mul(rough, rough), rough)
      const better = a.mul(rough, a.div(a.add(cube, a.add(m, m)), a.add(a.add(cube, cube), m)))
      const t = a.from(short.from(better))
      const r = a.div(m, a.mul(t, t))
      const root = a.add(t, a.mul(t, a.div(a.sub(r, t), a.add(a.add(t, t), r))))
      const size = a.mul(root, a.pow2(k))
      const value = a.select(a.lt(v, 0), a.neg(size), size)
      // 0, infinities and NaN are their own roots.
      return a.select(a.either(a.eq(a.add(v, v), v), a.ne(v, v)), v, value)
    },
    x,
  )
}
