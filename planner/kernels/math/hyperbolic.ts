/**
 * tanh and sigmoid as one quotient each. With x = n·½ ln 2 + r, s = 2ⁿ and c = r·coth r − 1, small and even in r:
 * tanh r = r/(1 + c), e²ʳ = (1 + c + r)/(1 + c − r), and the addition theorem joins them with s. Where s ± 1 is exact,
 * nothing is rounded twice on a large scale, as it would be in a formula that first rounds eˣ.
 * Invariant: tanh is odd and reaches ±1; both tails of sigmoid are kept down to the subnormals.
 */
import type { Scalar, ScalarWriter } from '../../../core/scalar.ts'
import { type Arithmetic, arithmeticOf, type PerFloat } from './arithmetic.ts'
import { ln2, lowest } from './exponential.ts'
import { polynomial } from './polynomial.ts'

/** (r·coth r − 1)/r² in r², for |r| ≤ ⅜ ln 2; minimax (Remez). */
const coth: PerFloat<readonly number[]> = {
  f32: [0.3333333134651184, -0.02222115732729435, 0.002089159796014428],
  f64: [
    0.33333333333333315, -0.02222222222217341, 0.0021164021117258945, -0.0002116400055861671, 2.137320459574873e-5,
    -2.1138884842275282e-6,
  ],
}
/** Above, tanh rounds to 1. */
const one: PerFloat<number> = { f32: 10, f64: 20 }
/** Below, tanh rounds to its argument. */
const same: PerFloat<number> = { f32: 2 ** -12, f64: 2 ** -27 }
const smallestExponent: PerFloat<number> = { f32: -126, f64: -1022 }

/** r and c of x = n·½ ln 2 + r. */
function rest(a: Arithmetic, x: Scalar, n: Scalar): { r: Scalar; c: Scalar } {
  const { high, low } = ln2[a.dtype]
  const r = a.sub(a.sub(x, a.mul(n, high / 2)), a.mul(n, low / 2))
  const z = a.mul(r, r)
  return { r, c: a.mul(z, polynomial(a, z, coth[a.dtype])) }
}

export function tanh(w: ScalarWriter, x: Scalar): Scalar {
  const a = arithmeticOf(w, x)
  const size = a.abs(x)
  const limited = a.atMost(size, one[a.dtype])
  // −⅛ ln 2 ≤ r ≤ ⅜ ln 2: with n = 1, r is too small to cancel much of s − 1.
  const n = a.floor(a.add(a.mul(limited, 2 * Math.LOG2E), 0.25))
  const { r, c } = rest(a, limited, n)
  const s = a.pow2(n)
  const less = a.sub(s, 1)
  const more = a.add(s, 1)
  const numerator = a.add(less, a.add(a.mul(less, c), a.mul(more, r)))
  const denominator = a.add(more, a.add(a.mul(more, c), a.mul(less, r)))
  const t = a.div(numerator, denominator)
  return a.select(a.lt(size, same[a.dtype]), x, a.select(a.lt(x, 0), a.neg(t), t))
}

/** e/(1 + e) or 1/(1 + e), where e = e to the −|x|. */
export function sigmoid(w: ScalarWriter, x: Scalar): Scalar {
  const a = arithmeticOf(w, x)
  const half = a.atLeast(a.mul(a.abs(x), -0.5), lowest[a.dtype] / 2)
  const n = a.nearest(a.mul(half, 2 * Math.LOG2E))
  const { r, c } = rest(a, half, n)
  // Below the normal numbers 2ⁿ is two factors, and in the denominator the first will do: it vanishes beside 1.
  const normal = a.atLeast(n, smallestExponent[a.dtype])
  const s = a.pow2(normal)
  const up = a.add(a.add(c, r), 1)
  const down = a.add(a.sub(c, r), 1)
  const tail = a.mul(a.mul(up, s), a.pow2(a.sub(n, normal)))
  const denominator = a.add(a.add(s, 1), a.add(a.mul(a.add(s, 1), c), a.mul(a.sub(s, 1), r)))
  return a.div(a.select(a.lt(x, 0), tail, down), denominator)
}
