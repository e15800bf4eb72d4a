/**
 * log: x = 2ᵉ·(1 + f), √½ ≤ 1 + f < √2, and log(1 + f) = log((1 + s)/(1 − s)) with s = f/(2 + f), an odd series in s
 * (Ng, fdlibm e_log.c; Tang 1990). The polynomial is minimax in s² (Remez).
 * Invariant: subnormal arguments are as accurate as others; log(1) = 0.
 */
import type { Scalar, ScalarWriter } from '../../../core/scalar.ts'
import { type Arithmetic, arithmeticOf, type PerFloat } from './arithmetic.ts'
import { polynomial } from './polynomial.ts'

interface Form {
  readonly high: number
  readonly low: number
  readonly smallest: number
  /** Lifts any subnormal to a normal number. */
  readonly lift: number
  readonly q: readonly number[]
}

const forms: PerFloat<Form> = {
  f32: {
    high: 0.693145751953125,
    low: 1.428606765330187e-6,
    smallest: 2 ** -126,
    lift: 24,
    q: [0.6666666269302368, 0.4000033438205719, 0.2853727340698242, 0.23582853376865387],
  },
  f64: {
    high: 0.6931471806019545,
    low: -4.2009150726810846e-11,
    smallest: 2 ** -1022,
    lift: 53,
    q: [
      0.6666666666666735, 0.39999999999412894, 0.285714287428236, 0.2222219852471426, 0.181835670273136,
      0.15313977017644523, 0.14796727815320546,
    ],
  },
}

export interface Balanced {
  readonly exponent: Scalar
  readonly mantissa: Scalar
}

/** |x| = 2^exponent · mantissa, √½ ≤ mantissa < √2, for normal finite x ≠ 0. */
export function balancedNormal(a: Arithmetic, x: Scalar): Balanced {
  const m = a.mantissa(x)
  const e = a.exponent(x)
  const big = a.lt(Math.SQRT2, m)
  return { exponent: a.select(big, a.add(e, 1), e), mantissa: a.select(big, a.mul(m, 0.5), m) }
}

/** The same for subnormal x, too. */
export function balanced(a: Arithmetic, x: Scalar): Balanced {
  const { smallest, lift } = forms[a.dtype]
  const subnormal = a.lt(a.abs(x), smallest)
  const { exponent, mantissa } = balancedNormal(a, a.select(subnormal, a.mul(x, 2 ** lift), x))
  return { exponent: a.sub(exponent, a.select(subnormal, lift, 0)), mantissa }
}

/** exponent · ln 2 + log(1 + f) + `more`, which is small; √½ ≤ 1 + f < √2. */
export function logOfParts(
  a: Arithmetic,
  exponent: Scalar,
  f: Scalar,
  more?: Scalar,
  q: readonly number[] = forms[a.dtype].q,
): Scalar {
  const { high, low } = forms[a.dtype]
  const s = a.div(f, a.add(f, 2))
  const z = a.mul(s, s)
  const half = a.mul(a.mul(f, 0.5), f)
  // log(1 + f) = f − half + s·(half + z·q(z)): the large terms are exact or nearly so.
  const small = a.add(a.mul(s, a.add(half, a.mul(z, polynomial(a, z, q)))), a.mul(exponent, low))
  const rest = more ? a.add(small, more) : small
  return a.sub(a.mul(exponent, high), a.sub(a.sub(half, rest), f))
}

export function log(w: ScalarWriter, x: Scalar): Scalar {
  const a = arithmeticOf(w, x)
  const { exponent, mantissa } = balanced(a, x)
  const finite = logOfParts(a, exponent, a.sub(mantissa, 1))
  const positive = a.select(a.lt(x, Number.POSITIVE_INFINITY), finite, x)
  return a.select(a.lt(0, x), positive, a.select(a.eq(x, 0), Number.NEGATIVE_INFINITY, Number.NaN))
}
