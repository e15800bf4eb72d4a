/**
 * pow(x, y) = 2 to the y·log₂|x|, with what IEEE 754 says of zeros, infinities, NaN and negative bases.
 * f32 computes in f64. f64 carries log₂ and its product with y as sums of two f64 (the scheme of Ng, fdlibm e_pow.c, with the
 * table replaced by one interval): the exponent may be 1024, so its error counts a thousandfold.
 * Invariant: exact results (squares of small integers, powers of two) come out exact.
 */
import type { Scalar, ScalarWriter } from '../../../core/scalar.ts'
import { type Arithmetic, arithmetic, arithmeticOf } from './arithmetic.ts'
import { type Doubled, fastTwoSum, twoProduct } from './doubled.ts'
import { expOfSum, scaled } from './exponential.ts'
import { balanced, balancedNormal } from './logarithm.ts'
import { polynomial } from './polynomial.ts'

/** 2/(3 ln 2) and ln 2 to 107 bits. */
const TWO_THIRDS_LOG2E = { hi: 0.9617966939259756, lo: 5.0577616648125907e-17 } as const
const LN2 = { hi: Math.LN2, lo: 2.3190468138462996e-17 } as const

/** log((1 + s)/(1 − s)) = ⅔·s·(3 + s² + s⁴·q(s²)); minimax (Remez). */
const q: readonly number[] = [
  0.5999999999999996, 0.4285714285716774, 0.3333333332628735, 0.2727272830760508, 0.230768351606949,
  0.20004481747554342, 0.17512113511534314, 0.17984472776246527,
]
/** The same series as 2s + s³·q(s²), and (eʳ − 1 − r)/r²: as good as f32 needs. */
const qShort: readonly number[] = [
  0.6666666667582296, 0.3999999561365625, 0.28572110093429137, 0.2217614695901447, 0.19584788603400372,
]
const expShort: readonly number[] = [
  0.5000000078086954, 0.16666666861118257, 0.04166626931003063, 0.008333264265174656, 0.0013946119130183665,
  0.00019918433048255032,
]

/** Larger |y| only overflow or vanish, since |log₂ x| is 0 or at least 2^−53; infinities too then need no care. */
const ENOUGH = 2 ** 65

/** log₂|x| to about 2^−66 of itself. */
export function doubledLog2(a: Arithmetic, x: Scalar): Doubled {
  const { exponent, mantissa } = balanced(a, x)
  const f = a.sub(mantissa, 1)
  const sum = a.add(mantissa, 1)
  const sumLow = a.sub(mantissa, a.sub(sum, 1))
  const s = a.div(f, sum)
  const product = twoProduct(a, s, sum)
  const sLow = a.div(a.sub(a.sub(a.sub(f, product.hi), product.lo), a.mul(s, sumLow)), sum)
  const square = twoProduct(a, s, s)
  const squareLow = a.add(square.lo, a.mul(a.mul(s, 2), sLow))
  const series = a.mul(a.mul(square.hi, square.hi), polynomial(a, square.hi, q))
  const three = fastTwoSum(a, 3, square.hi)
  const t = fastTwoSum(a, three.hi, a.add(three.lo, a.add(squareLow, series)))
  const v = twoProduct(a, s, t.hi)
  const vLow = a.add(v.lo, a.add(a.mul(s, t.lo), a.mul(sLow, t.hi)))
  const g = twoProduct(a, v.hi, TWO_THIRDS_LOG2E.hi)
  const gLow = a.add(g.lo, a.add(a.mul(v.hi, TWO_THIRDS_LOG2E.lo), a.mul(vLow, TWO_THIRDS_LOG2E.hi)))
  const whole = fastTwoSum(a, exponent, g.hi)
  return fastTwoSum(a, whole.hi, a.add(whole.lo, gLow))
}

function powerF64(a: Arithmetic, x: Scalar, y: Scalar): Scalar {
  const limited = a.atMost(a.atLeast(y, -ENOUGH), ENOUGH)
  const l = doubledLog2(a, x)
  const p = twoProduct(a, limited, l.hi)
  // 2 to the ±1100 over- or underflows. Beyond, the low part is large, and dropped.
  const high = a.atMost(a.atLeast(p.hi, -1100), 1100)
  const n = a.nearest(high)
  const low = a.select(a.eq(high, p.hi), a.add(p.lo, a.mul(limited, l.lo)), 0)
  const fraction = fastTwoSum(a, a.sub(high, n), low)
  const r = twoProduct(a, fraction.hi, LN2.hi)
  const rLow = a.add(r.lo, a.add(a.mul(fraction.hi, LN2.lo), a.mul(fraction.lo, LN2.hi)))
  return scaled(a, expOfSum(a, r.hi, rLow), n)
}

function powerF32(w: ScalarWriter, x: Scalar, y: Scalar): Scalar {
  const a = arithmetic(w, 'f64')
  const { exponent, mantissa } = balancedNormal(a, a.from(x))
  const s = a.div(a.sub(mantissa, 1), a.add(mantissa, 1))
  const z = a.mul(s, s)
  const ln = a.add(a.mul(s, 2), a.mul(a.mul(s, z), polynomial(a, z, qShort)))
  const log = a.add(exponent, a.mul(ln, Math.LOG2E))
  const p = a.mul(a.atMost(a.atLeast(a.from(y), -ENOUGH), ENOUGH), log)
  const limited = a.atMost(a.atLeast(p, -200), 200)
  const n = a.nearest(limited)
  const r = a.mul(a.sub(limited, n), Math.LN2)
  const power = a.add(a.add(r, a.mul(a.mul(r, r), polynomial(a, r, expShort))), 1)
  return arithmetic(w, 'f32').from(a.mul(power, a.pow2(n)))
}

/** pow(x, y), where `size` is pow(|x|, y) if |x| is finite and not 0. */
function special(a: Arithmetic, x: Scalar, y: Scalar, size: Scalar): Scalar {
  const half = a.mul(y, 0.5)
  const whole = a.eq(a.floor(y), y)
  const odd = a.both(whole, a.ne(a.floor(half), half))
  const negative = a.select(odd, a.neg(size), a.select(whole, size, Number.NaN))
  const finite = a.select(a.lt(x, 0), negative, size)
  const base = a.select(odd, x, a.abs(x))
  const zeroOrInfinity = a.eq(a.add(x, x), x)
  const value = a.select(zeroOrInfinity, a.select(a.lt(y, 0), a.div(1, base), base), finite)
  const defined = a.select(a.either(a.ne(x, x), a.ne(y, y)), Number.NaN, value)
  return a.select(a.either(a.eq(y, 0), a.eq(x, 1)), 1, defined)
}

export function pow(w: ScalarWriter, x: Scalar, y: Scalar): Scalar {
  const a = arithmeticOf(w, x)
  const size = a.dtype === 'f32' ? powerF32(w, x, y) : powerF64(a, x, y)
  const ordinary = a.both(a.both(a.lt(0, x), a.lt(x, Number.POSITIVE_INFINITY)), a.eq(y, y))
  return a.rare(a.not(ordinary), special(a, x, y, size), size)
}
