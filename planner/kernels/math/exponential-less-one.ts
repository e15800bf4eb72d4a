/**
 * expm1, exp2, sinh and cosh, from e^x = 2ⁿ·(1 + p), p = e^r − 1 (see exponential.ts for the reduction).
 * expm1 = 2ⁿ·p + (2ⁿ − 1), where only the last addition rounds on the scale of the result; sinh is odd in one series up to 1.
 * Invariant: expm1 and sinh keep their relative accuracy, and the sign of 0, around 0; cosh(0) = 1.
 */
import type { Scalar, ScalarWriter } from '../../../core/scalar.ts'
import { type Arithmetic, arithmeticOf, type Float, type PerFloat } from './arithmetic.ts'
import { ln2, scaled } from './exponential.ts'
import { polynomial } from './polynomial.ts'
import { odd, unaryInDouble } from './precision.ts'

/** (e^r − 1 − r)/r² for |r| ≤ ½ ln 2: interpolated at Chebyshev's points, as all polynomials here. */
const q: PerFloat<readonly number[]> = {
  f32: [
    0.500000001353873, 0.16666666681704215, 0.04166646419740569, 0.008333310844647862, 0.0013933730715792083,
    0.00019891080463998843,
  ],
  f64: [
    0.5000000000000001, 0.16666666666666669, 0.041666666666623824, 0.008333333333330039, 0.0013888888917367081,
    0.00019841269863171557, 2.4801521057868204e-5, 2.7557268276905696e-6, 2.7620201591031547e-7, 2.5100472505694996e-8,
  ],
}
/** (sinh x − x)/x³ in x², |x| ≤ 1. */
const sinhSeries: PerFloat<readonly number[]> = {
  f32: [0.16666666646842135, 0.00833333967591706, 0.00019838101968683888, 2.8062802582276946e-6],
  f64: [
    0.16666666666666666, 0.008333333333333299, 0.00019841269841324198, 2.7557319191381816e-6, 2.5052117695907823e-8,
    1.6057679623801638e-10, 7.746178593018827e-13,
  ],
}

interface Parts {
  /** e^r − 1. */
  readonly p: Scalar
  readonly n: Scalar
}

/** x = n·ln 2 + r; x within the range of exp; `to`: the dtype that the result is for. */
export function exponentialParts(a: Arithmetic, to: Float, x: Scalar): Parts {
  const { high, low } = ln2[a.dtype]
  const n = a.nearest(a.mul(x, Math.LOG2E))
  const r = a.sub(a.sub(x, a.mul(n, high)), a.mul(n, low))
  return { p: a.add(r, a.mul(a.mul(r, r), polynomial(a, r, q[to]))), n }
}

/** Above, expm1 is infinite; below, it rounds to its argument. */
const ends: PerFloat<{ readonly highest: number; readonly same: number }> = {
  f32: { highest: 89, same: 2 ** -25 },
  f64: { highest: 710, same: 2 ** -54 },
}

export function expm1(w: ScalarWriter, x: Scalar): Scalar {
  const a = arithmeticOf(w, x)
  const { highest, same } = ends[a.dtype]
  const { p, n } = exponentialParts(a, a.dtype, a.atMost(a.atLeast(x, -40), highest))
  // Half of it, so that 2ⁿ does not overflow first.
  const s = a.pow2(a.sub(n, 1))
  const half = a.add(a.mul(s, p), a.sub(s, 0.5))
  return a.select(a.lt(a.abs(x), same), x, a.add(half, half))
}

/** r = (x − n)·ln 2, whose difference is exact: whole powers are. */
export function exp2(w: ScalarWriter, x: Scalar): Scalar {
  const a = arithmeticOf(w, x)
  const [least, most] = a.dtype === 'f32' ? [-152, 129] : [-1080, 1025]
  const limited = a.atMost(a.atLeast(x, least), most)
  const n = a.nearest(limited)
  const r = a.mul(a.sub(limited, n), Math.LN2)
  return scaled(a, a.add(a.add(r, a.mul(a.mul(r, r), polynomial(a, r, q[a.dtype]))), 1), n)
}

/** e^|x| / 2. */
function halfExponential(a: Arithmetic, to: Float, x: Scalar): Scalar {
  const { p, n } = exponentialParts(a, to, a.atMost(a.abs(x), 711))
  return scaled(a, a.add(p, 1), a.sub(n, 1))
}

export const sinh: (w: ScalarWriter, x: Scalar) => Scalar = unaryInDouble((a, to, x) => {
  const z = a.mul(x, x)
  const near = a.add(x, a.mul(a.mul(x, z), polynomial(a, z, sinhSeries[to])))
  const half = halfExponential(a, to, x)
  const far = odd(a, x, a.sub(half, a.div(0.25, half)))
  return a.select(a.lt(a.abs(x), 1), near, far)
})

export const cosh: (w: ScalarWriter, x: Scalar) => Scalar = unaryInDouble((a, to, x) => {
  const half = halfExponential(a, to, x)
  return a.add(half, a.div(0.25, half))
})
