/**
 * exp: x = n·ln 2 + r, |r| ≤ ½ ln 2, and eˣ = 2ⁿ·eʳ (Cody & Waite 1980, ch. 6), with eʳ = 1 + (r + r²·q(r)), q minimax (Remez).
 * Invariant: 2ⁿ is applied as two factors where the result may be subnormal, so that underflow is gradual.
 */
import type { Scalar, ScalarWriter } from '../../../core/scalar.ts'
import { type Arithmetic, arithmeticOf, type PerFloat } from './arithmetic.ts'
import { fastTwoSum } from './doubled.ts'
import { polynomial } from './polynomial.ts'

/** ln 2 in two parts: n times the high one is exact. Below `lowest`, eˣ rounds to 0; above `highest`, to infinity. */
export const ln2: PerFloat<{ readonly high: number; readonly low: number }> = {
  f32: { high: 0.693145751953125, low: 1.428606765330187e-6 },
  f64: { high: 0.6931471806019545, low: -4.2009150726810846e-11 },
}
export const lowest: PerFloat<number> = { f32: -104, f64: -746 }
const highest: PerFloat<number> = { f32: 89, f64: 710 }

/** (eʳ − 1 − r)/r² for |r| ≤ ½ ln 2. */
const q: PerFloat<readonly number[]> = {
  f32: [0.5, 0.166665181517601, 0.04166620597243309, 0.008368917740881443, 0.0013950514839962125],
  f64: [
    0.5000000000000013, 0.166666666666667, 0.04166666666651494, 0.008333333333307123, 0.001388888894715456,
    0.0001984126991756424, 2.480148978724721e-5, 2.7557216135961372e-6, 2.7631339256828837e-7, 2.5117914145765694e-8,
  ],
}

/** y · 2ⁿ, also where 2ⁿ itself is out of range. */
export function scaled(a: Arithmetic, y: Scalar, n: Scalar): Scalar {
  const half = a.floor(a.mul(n, 0.5))
  return a.mul(a.mul(y, a.pow2(half)), a.pow2(a.sub(n, half)))
}

export function exp(w: ScalarWriter, x: Scalar): Scalar {
  const a = arithmeticOf(w, x)
  const { high, low } = ln2[a.dtype]
  const limited = a.atMost(a.atLeast(x, lowest[a.dtype]), highest[a.dtype])
  const n = a.nearest(a.mul(limited, Math.LOG2E))
  const r = a.sub(a.sub(limited, a.mul(n, high)), a.mul(n, low))
  const less1 = a.add(r, a.mul(a.mul(r, r), polynomial(a, r, q[a.dtype])))
  return scaled(a, a.add(less1, 1), n)
}

/** e to the (hi + lo), |hi| ≤ ½ ln 2, lo a rounding error of hi: rounded once, but for a few hundredths of a unit. */
export function expOfSum(a: Arithmetic, hi: Scalar, lo: Scalar): Scalar {
  const sum = fastTwoSum(a, 1, hi)
  const tail = a.mul(a.mul(hi, hi), polynomial(a, hi, q[a.dtype]))
  return a.add(sum.hi, a.add(sum.lo, a.add(tail, lo)))
}
