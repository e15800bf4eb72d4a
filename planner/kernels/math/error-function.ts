/**
 * erf, erfc and erfinv. erf is a series up to 1; erfc(x) = e^(−x²)·g(t)/(1 + 2x), t = (x − 4)/(x + 4), where g is smooth on all of
 * x ≥ 0 (Shepherd & Laframboise 1981). erfinv starts with a polynomial in −log(1 − x²) (Giles 2010) and takes one step of Halley.
 * Invariant: erf is odd and within ±1; erfc keeps its relative accuracy down to the subnormals.
 */
import type { Scalar, ScalarWriter } from '../../../core/scalar.ts'
import { type Arithmetic, arithmetic, type Float, type PerFloat } from './arithmetic.ts'
import { twoProduct } from './doubled.ts'
import { exp, scaled } from './exponential.ts'
import { exponentialParts } from './exponential-less-one.ts'
import { log } from './logarithm.ts'
import { polynomial } from './polynomial.ts'
import { unaryInDouble } from './precision.ts'

/** erf(x)/x in x², |x| ≤ 1. */
const erfSeries: PerFloat<readonly number[]> = {
  f32: [
    1.1283791658483509, -0.37612626666720334, 0.11283594715160218, -0.026854212010626412, 0.005189087423433974,
    -0.000801686428716587, 7.875875062685488e-5,
  ],
  f64: [
    1.1283791670955126, -0.3761263890318375, 0.11283791670954879, -0.026866170645076792, 0.0052239776248180145,
    -0.000854832698083379, 0.0001205533111164271, -1.4925595266831182e-5, 1.6461000484121368e-6, -1.6350312701054695e-7,
    1.4659775274047436e-8, -1.1372848856791674e-9, 5.957176147748911e-11,
  ],
}
/** e^(x²)·erfc(x)·(1 + 2x) in t, 0 ≤ x ≤ 28. */
const g: PerFloat<readonly number[]> = {
  f32: [
    1.2329951182947814, -0.13962111471056546, 0.015379686522711258, 0.0680969334199073, -0.10103965465809889,
    0.0937345252213466, -0.06632647735230077, 0.037157866461937014, -0.016210684182979693, 0.0050587365561790805,
    -0.0007336660474310245, -0.00023671902844100095, 0.00012590638737705191,
  ],
  f64: [
    1.2329951186255526, -0.1396211168405629, 0.01537965210262074, 0.06809705425473732, -0.10103906603635213,
    0.09373283499679412, -0.06633036581152939, 0.03716751556249286, -0.016197734059115006, 0.005031969755895426,
    -0.00075777334141333, -0.00019925550755614952, 0.000150622243948303, -2.4403169244974074e-5, -1.1224789135154701e-5,
    5.7178872846321855e-6, 3.0135049944875397e-7, -8.351619688696847e-7, 6.270727157198311e-8, 1.1534943745754157e-7,
    -7.71541861441783e-9, -1.3670989863347383e-8, -1.8206098680308682e-9,
  ],
}

/** erfc of x ≥ 0. */
function complement(a: Arithmetic, to: Float, x: Scalar): Scalar {
  const size = a.atMost(x, 28)
  const t = a.div(a.sub(size, 4), a.add(size, 4))
  const part = a.div(polynomial(a, t, g[to]), a.add(a.add(size, size), 1))
  // The square of an f32 is exact; that of an f64 has a low part, and e to it is 1 more, or 1 less its negative.
  const square = to === 'f32' ? { hi: a.mul(size, size), lo: a.constant(0) } : twoProduct(a, size, size)
  const { p, n } = exponentialParts(a, to, a.neg(square.hi))
  const corrected = to === 'f32' ? p : a.sub(p, a.add(square.lo, a.mul(p, square.lo)))
  return scaled(a, a.add(part, a.mul(part, corrected)), n)
}
const series = (a: Arithmetic, to: Float, x: Scalar): Scalar => a.mul(x, polynomial(a, a.mul(x, x), erfSeries[to]))

/** −log erfc(1 + u), minimax in erfc, 0 ≤ u ≤ 2.95; and (erf(x)/x − 1) in x², |x| ≤ 1. */
const logComplement: readonly number[] = [
  1.8496055603027344, 2.6389667987823486, 0.8431181311607361, 0.04150151461362839, -0.009892469272017479,
  0.0018274537287652493, -0.0001859455805970356,
]
const erfLess1: readonly number[] = [erfSeries.f32[0]! - 1, ...erfSeries.f32.slice(1)]

/** In f32 throughout: where 1 − erfc is taken, erfc is at most 0.16, so its error counts little. */
function erfSingle(w: ScalarWriter, x: Scalar): Scalar {
  const a = arithmetic(w, 'f32')
  const size = a.abs(x)
  const near = a.add(x, a.mul(x, polynomial(a, a.mul(x, x), erfLess1)))
  // At 3.95 erf is 1 already.
  const u = a.sub(a.atMost(size, 3.95), 1)
  const { p, n } = exponentialParts(a, 'f32', a.neg(polynomial(a, u, logComplement)))
  const far = a.sub(1, a.mul(a.add(p, 1), a.pow2(n)))
  return a.select(a.lt(size, 1), near, a.select(a.lt(x, 0), a.neg(far), far))
}
const erfDouble = unaryInDouble((a, to, x) => {
  const size = a.abs(x)
  const far = a.sub(1, complement(a, to, size))
  return a.select(a.lt(size, 1), series(a, to, x), a.select(a.lt(x, 0), a.neg(far), far))
})
export const erf = (w: ScalarWriter, x: Scalar): Scalar => (x.dtype === 'f32' ? erfSingle : erfDouble)(w, x)

export const erfc: (w: ScalarWriter, x: Scalar) => Scalar = unaryInDouble((a, to, x) => {
  const size = a.abs(x)
  const far = complement(a, to, size)
  // Near 0, 1 − erf loses nothing; further left, 2 − erfc does not either.
  const near = a.sub(1, series(a, to, x))
  return a.select(a.lt(size, 0.25), near, a.select(a.lt(x, 0), a.sub(2, far), far))
})

/** erfinv(x)/x in w − 3.125, w = −log(1 − x²) up to 6.25; and beyond in √w − 4. Good to 28 bits. */
const middle: readonly number[] = [
  1.6536545627504364, 0.2401581823905672, -0.006033671544084242, -0.0007407021824193681, 0.00018673528439758794,
  -1.3883102114674188e-5, -1.366098269991623e-6, 4.2383731574351034e-7, -2.8903761243865016e-8, -4.21900210168652e-9,
  1.0313216865427852e-9, -3.780363278701018e-11, -1.2396714980402452e-11, 1.3642498644590784e-12,
]
const tail: readonly number[] = [
  3.8397837971705813, 1.009493249787495, 0.0012598486981833363, -0.0008689310358179086, 0.00032097360016248064,
  -0.00011816756052606255, 5.5630383026497076e-5, -3.189781074232536e-5, 1.8610780840582317e-5, -9.5685216138611e-6,
  3.237969334312602e-6, -6.659910077806127e-8, -4.7635151400231784e-7, 1.8327664044710748e-7, -2.2678770342156478e-8,
]

/** y − δ/(1 + y·δ), δ = (erf y − x)/erf′(y): the error is cubed. The residual is taken where it is relatively exact. */
function improved(a: Arithmetic, w: ScalarWriter, y: Scalar, x: Scalar): Scalar {
  const small = a.lt(x, 0.75)
  const below = a.sub(series(a, 'f64', y), x)
  const above = a.sub(a.sub(1, x), complement(a, 'f64', y))
  const residual = a.select(a.both(small, a.lt(y, 1)), below, above)
  const delta = a.mul(residual, a.mul(Math.sqrt(Math.PI) / 2, exp(w, a.mul(y, y))))
  return a.sub(y, a.div(delta, a.add(a.mul(y, delta), 1)))
}

export function erfinv(w: ScalarWriter, x: Scalar): Scalar {
  return unaryInDouble((a, to, v) => {
    const size = a.abs(v)
    const far = a.neg(log(w, a.mul(a.sub(1, size), a.add(1, size))))
    const near = polynomial(a, a.sub(far, 3.125), middle)
    const start = a.select(a.lt(far, 6.25), near, polynomial(a, a.sub(a.sqrt(far), 4), tail))
    const first = a.mul(size, start)
    const value = to === 'f32' ? first : improved(a, w, first, size)
    const inside = a.select(a.eq(size, 1), Number.POSITIVE_INFINITY, value)
    const signed = a.select(a.lt(v, 0), a.neg(inside), inside)
    return a.select(a.eq(v, 0), v, a.select(a.le(size, 1), signed, Number.NaN))
  })(w, x)
}
