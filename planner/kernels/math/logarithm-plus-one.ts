/**
 * log1p, and what is made of it: asinh, acosh, atanh. And log2 and log10, from log₂ in twice the precision (power.ts).
 * log1p takes f = x itself while √½ ≤ 1 + x < √2, and beyond that adds what rounding 1 + x lost.
 * Invariant: relative accuracy and the sign of 0 are kept around 0; whole powers of two and of ten have whole logarithms.
 */
import type { Scalar, ScalarWriter } from '../../../core/scalar.ts'
import { type Arithmetic, arithmeticOf, type Float, type PerFloat } from './arithmetic.ts'
import { twoProduct, twoSum } from './doubled.ts'
import { balanced, balancedNormal, logOfParts } from './logarithm.ts'
import { doubledLog2 } from './power.ts'
import { odd, unaryInDouble } from './precision.ts'

/** As in logarithm.ts; enough for f32 in f64's arithmetic. */
const qShort: readonly number[] = [0.6666666655449709, 0.40000121839806124, 0.28550820815960665, 0.23330467216303835]
const INFINITY = Number.POSITIVE_INFINITY

/** log(1 + x) + extra for finite x > −1. */
function finite(a: Arithmetic, to: Float, x: Scalar, extra?: Scalar): Scalar {
  const near = a.both(a.lt(Math.SQRT1_2 - 1, x), a.lt(x, Math.SQRT2 - 1))
  const { hi, lo } = twoSum(a, x, 1)
  const { exponent, mantissa } = balancedNormal(a, hi)
  const f = a.select(near, x, a.sub(mantissa, 1))
  const e = a.select(near, 0, exponent)
  if (to !== a.dtype) return logOfParts(a, e, f, extra, qShort)
  // lo / hi, with 1/(1 + f) in three terms; lo counts while hi is below 2^54.
  const low = a.mul(lo, a.pow2(a.neg(a.atMost(exponent, 100))))
  const lost = a.select(near, 0, a.mul(low, a.sub(1, a.mul(f, a.sub(1, f)))))
  return logOfParts(a, e, f, extra ? a.add(lost, extra) : lost)
}

/** Below, log1p rounds to its argument. */
const same: PerFloat<number> = { f32: 2 ** -25, f64: 2 ** -54 }

export function log1p(w: ScalarWriter, x: Scalar): Scalar {
  const a = arithmeticOf(w, x)
  const inside = a.both(a.lt(-1, x), a.lt(x, INFINITY))
  const outside = a.select(a.eq(x, -1), -INFINITY, a.select(a.eq(x, INFINITY), x, Number.NaN))
  return a.select(a.lt(a.abs(x), same[a.dtype]), x, a.select(inside, finite(a, a.dtype, x), outside))
}

/** Beyond, 1 and the square root of the square do not count. */
const FAR = 2 ** 60

/** log1p(near) or, where x is far, log(2x), in one logarithm. */
function joined(a: Arithmetic, to: Float, x: Scalar, near: Scalar): Scalar {
  const far = a.lt(FAR, x)
  const value = finite(a, to, a.select(far, x, near), a.select(far, Math.LN2, 0))
  return a.select(a.lt(x, INFINITY), value, x)
}

/** asinh x = log1p(x + x²/(1 + √(1 + x²))) for x > 0. */
export const asinh: (w: ScalarWriter, x: Scalar) => Scalar = unaryInDouble((a, to, x) => {
  const size = a.abs(x)
  const square = a.mul(size, size)
  const root = a.sqrt(a.add(square, 1))
  return odd(a, x, joined(a, to, size, a.add(size, a.div(square, a.add(root, 1)))))
})

/** acosh x = log1p(t + √(t·(2 + t))), t = x − 1. */
export const acosh: (w: ScalarWriter, x: Scalar) => Scalar = unaryInDouble((a, to, x) => {
  const t = a.sub(x, 1)
  const value = joined(a, to, x, a.add(t, a.sqrt(a.mul(t, a.add(t, 2)))))
  return a.select(a.le(1, x), value, Number.NaN)
})

/** atanh x = ½ log1p(2x/(1 − x)) for x > 0. */
export const atanh: (w: ScalarWriter, x: Scalar) => Scalar = unaryInDouble((a, to, x) => {
  const size = a.abs(x)
  const value = a.mul(finite(a, to, a.div(a.add(size, size), a.sub(1, size))), 0.5)
  const end = a.select(a.eq(size, 1), INFINITY, Number.NaN)
  return odd(a, x, a.select(a.lt(size, 1), value, end))
})

/** log x / log 2 · scale, rounded once; scale in two parts. */
function logarithm(a: Arithmetic, to: Float, x: Scalar, scale: { readonly hi: number; readonly lo: number }): Scalar {
  const value = to === 'f32' ? short(a, x, scale.hi) : long(a, x, scale)
  const positive = a.select(a.lt(x, INFINITY), value, x)
  return a.select(a.lt(0, x), positive, a.select(a.eq(x, 0), -INFINITY, Number.NaN))
}
function short(a: Arithmetic, x: Scalar, scale: number): Scalar {
  const { exponent, mantissa } = balanced(a, x)
  const ln = logOfParts(a, a.constant(0), a.sub(mantissa, 1), undefined, qShort)
  return a.add(a.mul(exponent, scale), a.mul(ln, scale * Math.LOG2E))
}
function long(a: Arithmetic, x: Scalar, scale: { readonly hi: number; readonly lo: number }): Scalar {
  const l = doubledLog2(a, x)
  if (scale.hi === 1) return l.hi
  const product = twoProduct(a, l.hi, scale.hi)
  return a.add(product.hi, a.add(product.lo, a.add(a.mul(l.hi, scale.lo), a.mul(l.lo, scale.hi))))
}

export const log2: (w: ScalarWriter, x: Scalar) => Scalar = unaryInDouble((a, to, x) =>
  logarithm(a, to, x, { hi: 1, lo: 0 }),
)
/** log₁₀ 2 to 107 bits. */
const LOG10_2 = { hi: 0.3010299956639812, lo: -2.8037281277851704e-18 } as const

export const log10: (w: ScalarWriter, x: Scalar) => Scalar = unaryInDouble((a, to, x) => logarithm(a, to, x, LOG10_2))
