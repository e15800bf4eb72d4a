/**
 * sin and cos: both kernels on [−π/4, π/4] (minimax in r², Remez; the correction by `low` after Ng, fdlibm k_sin.c, k_cos.c),
 * then the quarter turn says which one, and its sign.
 * Invariant: |result| ≤ 1, sin(−0) = −0, cos(0) = 1.
 */
import type { Scalar, ScalarWriter } from '../../../core/scalar.ts'
import { type Arithmetic, arithmeticOf, type PerFloat } from './arithmetic.ts'
import { polynomial } from './polynomial.ts'
import { farF32, farF64, near, nearEnd, type Turned } from './turns.ts'

interface Form {
  readonly sin: readonly number[]
  readonly cos: readonly number[]
}

const forms: PerFloat<Form> = {
  f32: {
    sin: [-0.16666655242443085, 0.008332176133990288, -0.00019516977772582322],
    cos: [0.04166664555668831, -0.0013887364184483886, 2.443809171381872e-5],
  },
  f64: {
    sin: [
      -0.16666666666666632, 0.00833333333332237, -0.0001984126982977132, 2.7557313678706445e-6, -2.5050755966654125e-8,
      1.5896666767233487e-10,
    ],
    cos: [
      0.0416666666666666, -0.0013888888888874064, 2.4801587289443505e-5, -2.755731434065085e-7, 2.0875721620866464e-9,
      -1.1359559114849712e-11,
    ],
  },
}

/** r + r³·s(r²) + low, which is too small for its factor of cos r to matter. */
export function sinKernel(a: Arithmetic, { r, low }: Turned, z: Scalar): Scalar {
  const tail = a.mul(a.mul(z, r), polynomial(a, z, forms[a.dtype].sin))
  return a.add(r, a.add(tail, low))
}

/** 1 − r²/2 + r⁴·c(r²) − r·low, where what 1 − r²/2 loses is added back. */
export function cosKernel(a: Arithmetic, { r, low }: Turned, z: Scalar): Scalar {
  const half = a.mul(z, 0.5)
  const head = a.sub(1, half)
  const tail = a.mul(a.mul(z, z), polynomial(a, z, forms[a.dtype].cos))
  return a.add(head, a.add(a.sub(a.sub(1, head), half), a.sub(tail, a.mul(r, low))))
}

/** sin(x + shift·π/2), from x in turns. */
function atQuarter(a: Arithmetic, x: Turned, shift: number): Scalar {
  const z = a.mul(x.r, x.r)
  const half = a.mul(shift === 0 ? x.quarters : a.add(x.quarters, shift), 0.5)
  const whole = a.floor(half)
  const quarter = a.mul(whole, 0.5)
  const value = a.select(a.ne(half, whole), cosKernel(a, x, z), sinKernel(a, x, z))
  return a.select(a.ne(quarter, a.floor(quarter)), a.neg(value), value)
}

function shifted(w: ScalarWriter, x: Scalar, shift: number): Scalar {
  const a = arithmeticOf(w, x)
  const far = a.dtype === 'f32' ? farF32(w, x) : farF64(a, x)
  return a.rare(a.lt(nearEnd[a.dtype], a.abs(x)), atQuarter(a, far, shift), atQuarter(a, near(a, x), shift))
}

export function sin(w: ScalarWriter, x: Scalar): Scalar {
  const a = arithmeticOf(w, x)
  // −0 − 0·π/2 is +0: arguments that small are their own sine.
  const tiny = a.lt(a.abs(x), a.dtype === 'f32' ? 2 ** -12 : 2 ** -27)
  return a.select(tiny, x, shifted(w, x, 0))
}

export const cos = (w: ScalarWriter, x: Scalar): Scalar => shifted(w, x, 1)
