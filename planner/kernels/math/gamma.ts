/**
 * lgamma and digamma: Stirling's series from 8 on, a polynomial on an interval of length 1 around the zeros, and the
 * recurrence in between; the reflection formulas for negative arguments.
 * Invariant: relative accuracy around the zeros at 1 and 2 (lgamma) and 1.4616… (digamma). Around the zeros of negative
 * arguments the accuracy is absolute. Both are computed in f64, also for f32.
 */
import type { Scalar, ScalarWriter } from '../../../core/scalar.ts'
import type { Arithmetic } from './arithmetic.ts'
import { log } from './logarithm.ts'
import { polynomial } from './polynomial.ts'
import { unaryInDouble } from './precision.ts'
import { ofHalfTurn } from './tangent.ts'

/** log Γ(2 + d)/(d·(1 + d)), −0.8 ≤ d ≤ 0.2. */
const aroundTwo: readonly number[] = [
  0.42278433509846713, -0.10031730167435392, 0.032965000621158105, -0.012384192193368766, 0.004998641164261931,
  -0.0021081308352327837, 0.00091537695160427, -0.00040570725397146045, 0.00018255192370158563, -8.310120000337073e-5,
  3.8166754824471096e-5, -1.756664203467868e-5, 8.534159107313474e-6, -3.869688081745483e-6, -7.364846818076593e-7,
  -8.56656691480331e-6, -1.1687586023596474e-5, -1.139330998247909e-5, -5.83582227508981e-6, -1.488721560641902e-6,
]
/** ψ(1.5 + e)/(1.5 + e − x₀), |e| ≤ ½, x₀ the zero of ψ. */
const aroundZero: readonly number[] = [
  0.951055876031833, -0.4236274212814605, 0.2405424842407742, -0.14840492305390884, 0.09498872445494122,
  -0.061922133273064534, 0.04076083381242074, -0.02697579675613825, 0.0179072524394512, -0.011908218001568644,
  0.007926944646403797, -0.005279964873257405, 0.003519006401502276, -0.002345267632540769, 0.0015566317474486838,
  -0.0010376374098418604, 0.0007233266279287554, -0.0004821990530566789, 0.0002272331660987376, -0.00015148586836773365,
  0.00025968482126430747, -0.00017312261802727394,
]
const ZERO = { hi: 1.4616321449683622, lo: 9.549995429965697e-17 } as const
/** Stirling's series in 1/x², x ≥ 8: of log Γ times x, of ψ times −x². */
const stirling: readonly number[] = [
  0.08333333333333333, -0.002777777777773988, 0.000793650789752374, -0.0005952365844987332, 0.0008414700845084233,
  -0.0018903829559755586, 0.005065904614765912,
]
const stirlingSlope: readonly number[] = [
  0.08333333333333333, -0.008333333333278636, 0.00396825391195325, -0.004166644822949278, 0.0075716896096004165,
  -0.020697986826550732, 0.0636214951470787,
]
const INFINITY = Number.POSITIVE_INFINITY

/** x less 1 as often as it takes to be below `end` (at most six times), and `each` for every value passed. */
function lowered(a: Arithmetic, x: Scalar, end: number, each: (z: Scalar, on: Scalar) => void): Scalar {
  let z = x
  for (let i = 0; i < 6; i++) {
    const on = a.le(end, z)
    z = a.select(on, a.sub(z, 1), z)
    each(z, on)
  }
  return z
}

/** log Γ(x) for x > −0.2. */
function upper(a: Arithmetic, w: ScalarWriter, x: Scalar): Scalar {
  const [low, lowest, big] = [a.lt(x, 1.2), a.lt(x, 0.2), a.le(8, x)]
  let product = a.constant(1)
  const z = lowered(a, x, 2.2, (value, on) => {
    product = a.select(on, a.mul(product, value), product)
  })
  // Γ(2 + d) is Γ(x) times x, or x·(1 + x), or divided by the product.
  const d = a.select(lowest, x, a.select(low, a.sub(x, 1), a.sub(z, 2)))
  const factor = a.select(lowest, a.abs(a.mul(x, a.add(x, 1))), a.select(low, x, product))
  const ln = log(w, a.select(big, x, factor))
  const near = a.mul(a.mul(d, a.add(d, 1)), polynomial(a, d, aroundTwo))
  const small = a.add(near, a.select(low, a.neg(ln), ln))
  const inverse = a.div(1, x)
  const series = a.mul(inverse, polynomial(a, a.mul(inverse, inverse), stirling))
  const large = a.add(a.mul(a.sub(x, 0.5), a.sub(ln, 1)), a.add(series, 0.5 * Math.log(2 * Math.PI) - 0.5))
  return a.select(big, large, small)
}

/** log(π/(v·|sin πv|)) − log Γ(v), v = −x. */
export const lgamma: (w: ScalarWriter, x: Scalar) => Scalar = (w, x) =>
  unaryInDouble((a, _, v) => {
    const size = a.neg(v)
    const { sin } = ofHalfTurn(a, a.abs(a.sub(size, a.nearest(size))))
    const reflected = a.sub(log(w, a.div(Math.PI, a.mul(size, sin))), upper(a, w, size))
    const lower = a.select(a.eq(v, -INFINITY), INFINITY, reflected)
    return a.rare(a.lt(v, -0.2), lower, upper(a, w, v))
  })(w, x)

/** ψ(x) for x ≥ 0. Terms 1/z are collected in one fraction. */
function upperSlope(a: Arithmetic, w: ScalarWriter, x: Scalar): Scalar {
  const low = a.lt(x, 1)
  let [over, under] = [a.select(low, -1, 0), a.select(low, x, 1)]
  const z = lowered(a, x, 2, (value, on) => {
    over = a.select(on, a.add(a.mul(over, value), under), over)
    under = a.select(on, a.mul(under, value), under)
  })
  const at = a.select(low, a.add(x, 1), z)
  const fromZero = a.sub(a.sub(at, ZERO.hi), ZERO.lo)
  const small = a.add(a.mul(fromZero, polynomial(a, a.sub(at, 1.5), aroundZero)), a.div(over, under))
  const inverse = a.div(1, x)
  const square = a.mul(inverse, inverse)
  const series = a.add(a.mul(inverse, 0.5), a.mul(square, polynomial(a, square, stirlingSlope)))
  return a.select(a.le(8, x), a.sub(log(w, x), series), small)
}

/** ψ(1 − x) − π/tan πx below 0; NaN at negative integers. */
export const digamma: (w: ScalarWriter, x: Scalar) => Scalar = (w, x) =>
  unaryInDouble((a, _, v) => {
    const r = a.sub(v, a.nearest(v))
    const { sin, cos } = ofHalfTurn(a, a.abs(r))
    const cotangent = a.div(a.mul(cos, Math.PI), a.select(a.lt(r, 0), a.neg(sin), sin))
    const reflected = a.sub(upperSlope(a, w, a.sub(1, v)), cotangent)
    return a.rare(a.lt(v, 0), a.select(a.eq(r, 0), Number.NaN, reflected), upperSlope(a, w, v))
  })(w, x)
