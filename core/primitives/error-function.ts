/** The error function 2/√π ∫₀ˣ e^(−t²) dt, its complement, and its inverse. */
import { type Unary, unary } from '../elementwise.ts'
import type { Node } from '../ir.ts'
import { mul, neg } from './arithmetic.ts'
import { exp } from './exponential.ts'

const TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI)
const bell = (x: Node): Node => exp(neg(mul(x, x)))

export const erf: Unary = unary('erf', {
  expr: (w, x) => w.apply('erf', [x]),
  slope: (x) => mul(bell(x), TWO_OVER_ROOT_PI),
})
/** 1 − erf x, down to where that underflows. */
export const erfc: Unary = unary('erfc', {
  expr: (w, x) => w.apply('erfc', [x]),
  slope: (x) => mul(bell(x), -TWO_OVER_ROOT_PI),
})
/** ±∞ at ±1, NaN beyond. */
export const erfinv: Unary = unary('erfinv', {
  expr: (w, x) => w.apply('erfinv', [x]),
  slope: (_, y) => mul(exp(mul(y, y)), 1 / TWO_OVER_ROOT_PI),
  domain: [-0.9, 0.9],
})
