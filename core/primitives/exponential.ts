/**
 * exp and log in their bases and around 0, pow, tanh and sigmoid. Accuracy in plans: f32 ≤ 2 ulp, f64 ≤ 4 ulp (planner/kernels/math).
 * Convention: pow(0, 0) = 1 with both derivatives 0.
 */
import { type Binary, binary, type Unary, unary } from '../elementwise.ts'
import { add, div, mul, sub } from './arithmetic.ts'
import { equal, greaterEqual, logicalAnd, where } from './comparison.ts'

export const exp: Unary = unary('exp', { expr: (w, x) => w.apply('exp', [x]), slope: (_, y) => y })

/** Natural logarithm; −∞ at 0, NaN below. */
export const log: Unary = unary('log', {
  expr: (w, x) => w.apply('log', [x]),
  slope: (x) => div(1, x),
  domain: [0.25, 4],
})

/** 2^x, exact for whole x. */
export const exp2: Unary = unary('exp2', { expr: (w, x) => w.apply('exp2', [x]), slope: (_, y) => mul(y, Math.LN2) })

/** e^x − 1 without cancellation around 0. Its slope is e^x, which y + 1 loses on the far left. */
export const expm1: Unary = unary('expm1', { expr: (w, x) => w.apply('expm1', [x]), slope: (x) => exp(x) })

/** log(1 + x) without cancellation around 0; −∞ at −1. */
export const log1p: Unary = unary('log1p', {
  expr: (w, x) => w.apply('log1p', [x]),
  slope: (x) => div(1, add(x, 1)),
  domain: [-0.75, 3],
})

export const log2: Unary = unary('log2', {
  expr: (w, x) => w.apply('log2', [x]),
  slope: (x) => div(Math.LOG2E, x),
  domain: [0.25, 4],
})
export const log10: Unary = unary('log10', {
  expr: (w, x) => w.apply('log10', [x]),
  slope: (x) => div(Math.LOG10E, x),
  domain: [0.25, 4],
})

export const tanh: Unary = unary('tanh', { expr: (w, x) => w.apply('tanh', [x]), slope: (_, y) => sub(1, mul(y, y)) })

/** 1 / (1 + e^−x), without overflow. */
export const sigmoid: Unary = unary('sigmoid', {
  expr: (w, x) => w.apply('sigmoid', [x]),
  slope: (_, y) => mul(y, sub(1, y)),
})

/** x^y. By x: y·x^(y−1), 0 where y = 0. By y: x^y·ln x, 0 where x = 0 and y ≥ 0. */
export const pow: Binary = binary('pow', {
  facts: { neutral: [undefined, 1] },
  expr: (w, x, y) => w.apply('pow', [x, y]),
  slopes: [
    (x, y) => where(equal(y, 0), 0, mul(y, pow(x, sub(y, 1)))),
    (x, y, p) => where(logicalAnd(equal(x, 0), greaterEqual(y, 0)), 0, mul(p, log(x))),
  ],
  domain: [0.25, 2],
})
