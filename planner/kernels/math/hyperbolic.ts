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

/** (r·coth r − 1)/r² in r², minimax (Remez), for |r| ≤ `turn` and for |r| ≤ ¼ ln 2. */
const coth: PerFloat<readonly number[]> = {
  f32: [0.3333333134651184, -0.022221554070711136, 0.002110878936946392, -0.00019349108333699405],
  f64: [
    0.33333333333333276, -0.022222222222173366, 0.002116402114932271, -0.00021164019023519614, 2.1377626415240167e-5,
    -2.1635893895045117e-6, 2.1701516095755604e-7, -1.8836985790398005e-8,
  ],
}
const cothNear: PerFloat<readonly number[]> = {
  f32: [0.33333250880241394, -0.022133834660053253],
  f64: [
    0.33333333333333204, -0.022222222221606847, 0.0021164020222337676, -0.00021163392066265952, 2.1186844247501888e-5,
  ],
}
/** Up to where tanh is one quotient. */
const turn = 0.606
/** Above, tanh rounds to 1. */
const one: PerFloat<number> = { f32: 10, f64: 20 }
/** Below, tanh rounds to its argument. */
const same: PerFloat<number> = { f32: 2 ** -12, f64: 2 ** -27 }
const smallestExponent: PerFloat<number> = { f32: -126, f64: -1022 }

interface Rest {
  readonly r: Scalar
  readonly c: Scalar
}

/** r and c of x = n·½ ln 2 + r. */
function rest(a: Arithmetic, x: Scalar, n: Scalar, coefficients: readonly number[]): Rest {
  const { high, low } = ln2[a.dtype]
  const r = a.sub(a.sub(x, a.mul(n, high / 2)), a.mul(n, low / 2))
  const z = a.mul(r, r)
  return { r, c: a.mul(z, polynomial(a, z, coefficients)) }
}

/** (s + 1)·(1 + c) + (s − 1)·r − correction, as s + 1 and a small rest. */
function denominator(a: Arithmetic, s: Scalar, { r, c }: Rest, correction?: Scalar): Scalar {
  const more = a.add(s, 1)
  const small = a.add(a.mul(more, c), a.mul(a.sub(s, 1), r))
  return a.add(more, correction ? a.sub(small, correction) : small)
}

/** r/(1 + c) up to `turn`, then 1 − 2/(1 + e²ˣ), which never exceeds 1. */
export function tanh(w: ScalarWriter, x: Scalar): Scalar {
  const a = arithmeticOf(w, x)
  const size = a.abs(x)
  const small = a.lt(size, turn)
  const limited = a.atMost(size, one[a.dtype])
  const n = a.select(small, 0, a.nearest(a.mul(limited, 2 * Math.LOG2E)))
  const { r, c } = rest(a, limited, n, coth[a.dtype])
  const part = a.select(small, r, a.add(a.sub(c, r), 1))
  const quotient = a.div(a.add(part, part), denominator(a, a.pow2(n), { r, c }))
  const t = a.select(small, quotient, a.sub(1, quotient))
  return a.select(a.lt(size, same[a.dtype]), x, a.select(a.lt(x, 0), a.neg(t), t))
}

/** e/(1 + e) with e = e to the −|x|; for positive x, 1 less that. */
export function sigmoid(w: ScalarWriter, x: Scalar): Scalar {
  const a = arithmeticOf(w, x)
  const half = a.atLeast(a.mul(a.abs(x), -0.5), lowest[a.dtype] / 2)
  const n = a.nearest(a.mul(half, 2 * Math.LOG2E))
  const { r, c } = rest(a, half, n, cothNear[a.dtype])
  // Below the normal numbers 2ⁿ is two factors, and in the denominator the first will do: it vanishes beside 1.
  const normal = a.atLeast(n, smallestExponent[a.dtype])
  const s = a.pow2(normal)
  const up = a.add(a.add(c, r), 1)
  // What rounding `up` lost, in place of lost·(denominator/up), a factor between 0.7 and 1.4; and what s + 1 lost.
  const lost = a.sub(a.sub(a.add(c, r), a.sub(up, 1)), a.sub(s, a.sub(a.add(s, 1), 1)))
  const e = a.mul(a.mul(up, s), a.pow2(a.sub(n, normal)))
  const tail = a.div(e, denominator(a, s, { r, c }, lost))
  return a.select(a.lt(x, 0), tail, a.sub(1, tail))
}
