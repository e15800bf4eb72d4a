/** Hyperbolic sine and cosine, each the other's slope, and the inverse functions. tanh is with its kin, in exponential.ts. */
import { type Unary, unary } from '../elementwise.ts'
import { add, div, mul, sqrt, sub } from './arithmetic.ts'
import { constant } from './leaf.ts'
import { hypot } from './root.ts'

export const sinh: Unary = unary('sinh', { expr: (w, x) => w.apply('sinh', [x]), slope: (x) => cosh(x) })
export const cosh: Unary = unary('cosh', { expr: (w, x) => w.apply('cosh', [x]), slope: (x) => sinh(x) })

export const asinh: Unary = unary('asinh', {
  expr: (w, x) => w.apply('asinh', [x]),
  slope: (x) => div(1, hypot(x, constant(1, x.dtype))),
})
/** NaN below 1, where its slope is infinite. */
export const acosh: Unary = unary('acosh', {
  expr: (w, x) => w.apply('acosh', [x]),
  slope: (x) => div(1, mul(sqrt(sub(x, 1)), sqrt(add(x, 1)))),
  domain: [1.25, 4],
})
/** ±∞ at ±1, NaN beyond. */
export const atanh: Unary = unary('atanh', {
  expr: (w, x) => w.apply('atanh', [x]),
  slope: (x) => div(1, mul(sub(1, x), add(1, x))),
  domain: [-0.9, 0.9],
})
