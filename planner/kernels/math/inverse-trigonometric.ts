/**
 * asin, acos, atan and atan2: a series up to tan(π/8), or up to ½ for asin, and exact identities to get there
 * (Cody & Waite 1980, ch. 10 and 11). π and its parts are in two pieces where they are added.
 * Invariant: odd functions keep −0; atan2 has the signs and zeros of IEEE 754.
 */
import type { Scalar, ScalarWriter } from '../../../core/scalar.ts'
import type { Arithmetic, Float, PerFloat } from './arithmetic.ts'
import { halfPi, halfPiLow } from './pi.ts'
import { polynomial } from './polynomial.ts'
import { inDouble, odd, unaryInDouble } from './precision.ts'

/** (atan t − t)/t³ in t², |t| ≤ tan(π/8). */
const atanSeries: PerFloat<readonly number[]> = {
  f32: [
    -0.33333333278951577, 0.19999977153974205, -0.14284145548273774, 0.11071260444313767, -0.08623896669600505,
    0.05046128167603517,
  ],
  f64: [
    -0.3333333333333333, 0.199999999999998, -0.14285714285659326, 0.11111111105106705, -0.09090908751076636,
    0.0769229630497447, -0.06666423628069258, 0.058789145444006215, -0.052303478730160745, 0.04551108126325172,
    -0.034558092551413795, 0.01627194475162406,
  ],
}
/** (asin s − s)/s³ in s², |s| ≤ ½. */
const asinSeries: PerFloat<readonly number[]> = {
  f32: [
    0.16666666686085643, 0.07499992404401838, 0.04464766388813485, 0.030269138728589183, 0.023611817008891752,
    0.010574415516912909, 0.030974540371355073,
  ],
  f64: [
    0.16666666666666666, 0.07500000000000118, 0.044642857142551895, 0.03038194447553234, 0.02237215744350722,
    0.017352816540325496, 0.01396378001220357, 0.011566459612121669, 0.009621842970100282, 0.009319560794767446,
    0.0030448799094556773, 0.019554513336123378, -0.01924167174674304, 0.02961201126495512,
  ],
}
const INFINITY = Number.POSITIVE_INFINITY
const TAN_PI_8 = Math.SQRT2 - 1

/** atan(n/d) in the first quadrant; n and d not both 0. */
function arc(a: Arithmetic, to: Float, n: Scalar, d: Scalar): Scalar {
  const steep = a.lt(a.mul(d, 1 / TAN_PI_8), n)
  const middle = a.lt(a.mul(d, TAN_PI_8), n)
  const over = a.select(steep, a.neg(d), a.select(middle, a.sub(n, d), n))
  const under = a.select(steep, n, a.select(middle, a.add(n, d), d))
  const t = a.div(over, under)
  const z = a.mul(t, t)
  const tail = a.mul(a.mul(t, z), polynomial(a, z, atanSeries[to]))
  const base = a.select(steep, halfPi, a.select(middle, halfPi / 2, 0))
  const low = a.select(steep, halfPiLow, a.select(middle, halfPiLow / 2, 0))
  return a.add(base, a.add(t, a.add(tail, low)))
}

export const atan: (w: ScalarWriter, x: Scalar) => Scalar = unaryInDouble((a, to, x) =>
  odd(a, x, arc(a, to, a.abs(x), a.constant(1))),
)

const signed = (a: Arithmetic, x: Scalar): Scalar => a.either(a.lt(x, 0), a.lt(a.div(1, x), 0))

/** The angle of the point (x, y). */
export function atan2(w: ScalarWriter, y: Scalar, x: Scalar): Scalar {
  return inDouble(w, quadrants, y, x)
}
function quadrants(a: Arithmetic, to: Float, y: Scalar, x: Scalar): Scalar {
  const [n, d] = [a.abs(y), a.abs(x)]
  // Sums stay finite, and infinities of one size are at 45 degrees.
  const scale = a.select(a.either(a.lt(2 ** 1000, n), a.lt(2 ** 1000, d)), 0.25, 1)
  const equal = a.eq(n, d)
  const over = a.select(equal, 1, a.mul(n, scale))
  const under = a.select(equal, 1, a.mul(d, scale))
  const angle = a.select(a.eq(n, 0), 0, arc(a, to, over, under))
  const behind = a.sub(2 * halfPi, a.sub(angle, 2 * halfPiLow))
  const turned = a.select(signed(a, x), behind, angle)
  const value = a.select(signed(a, y), a.neg(turned), turned)
  return a.select(a.both(a.eq(x, x), a.eq(y, y)), value, Number.NaN)
}

/** asin of s = |x| up to ½, else of √((1 − |x|)/2), which is half of what is left to π/2. NaN beyond 1. */
function halved(a: Arithmetic, to: Float, x: Scalar): { readonly inner: Scalar; readonly value: Scalar } {
  const size = a.abs(x)
  const inner = a.lt(size, 0.5)
  const z = a.select(inner, a.mul(x, x), a.mul(a.sub(1, size), 0.5))
  const s = a.select(inner, size, a.sqrt(z))
  return { inner, value: a.add(s, a.mul(a.mul(s, z), polynomial(a, z, asinSeries[to]))) }
}

export const asin: (w: ScalarWriter, x: Scalar) => Scalar = unaryInDouble((a, to, x) => {
  const { inner, value } = halved(a, to, x)
  const outer = a.sub(halfPi, a.sub(a.add(value, value), halfPiLow))
  return odd(a, x, a.select(inner, value, outer))
})

export const acos: (w: ScalarWriter, x: Scalar) => Scalar = unaryInDouble((a, to, x) => {
  const { inner, value } = halved(a, to, x)
  const twice = a.add(value, value)
  const left = a.lt(x, 0)
  const outer = a.select(left, a.sub(2 * halfPi, a.sub(twice, 2 * halfPiLow)), twice)
  const centre = a.sub(halfPi, a.sub(a.select(left, a.neg(value), value), halfPiLow))
  return a.select(a.eq(x, INFINITY), Number.NaN, a.select(inner, centre, outer))
})
