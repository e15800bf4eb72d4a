/**
 * Functions around a logarithm that would overflow, or be 0 · ∞, if they were composed: softplus, logaddexp, xlogy, xlog1py, logit.
 * Invariant: softplus(100) = 100; logaddexp(−∞, −∞) = −∞; 0 · log anything but NaN is 0.
 */
import { type Binary, binary, type Unary, unary } from '../elementwise.ts'
import type { Node } from '../ir.ts'
import type { Scalar, ScalarWriter } from '../scalar.ts'
import { add, div, mul, sub } from './arithmetic.ts'
import { equal, lessEqual, logicalAnd, where } from './comparison.ts'
import { log, log1p, sigmoid } from './exponential.ts'
import { isInf } from './sign.ts'

/** log1p of e to the −|d|. */
const log1pExp = (w: ScalarWriter, d: Scalar): Scalar =>
  w.apply('log1p', [w.apply('exp', [w.apply('neg', [w.apply('abs', [d])])])])

/** log(1 + e^x). */
export const softplus: Unary = unary('softplus', {
  expr: (w, x) => w.apply('add', [w.apply('max', [x, w.constant(0, x.dtype)]), log1pExp(w, x)]),
  slope: (x) => sigmoid(x),
})

/** a − b; 0 where both are the same infinity. */
const gap = (a: Node, b: Node): Node => where(logicalAnd(equal(a, b), isInf(a)), 0, sub(a, b))

/** log(e^a + e^b). */
export const logaddexp: Binary = binary('logaddexp', {
  facts: { commutes: true },
  expr: (w, a, b) => {
    const d = w.apply('select', [w.apply('eq', [a, b]), w.constant(0, a.dtype), w.apply('sub', [a, b])])
    return w.apply('add', [w.apply('max', [a, b]), log1pExp(w, d)])
  },
  slopes: [(a, b) => sigmoid(gap(a, b)), (a, b) => sigmoid(gap(b, a))],
})

/** `product` = x · log …, but 0 where x = 0, unless y is NaN. */
function unlessZero(w: ScalarWriter, x: Scalar, y: Scalar, ln: Scalar): Scalar {
  const none = w.apply('and', [w.apply('eq', [x, w.constant(0, x.dtype)]), w.apply('eq', [y, y])])
  return w.apply('select', [none, w.constant(0, x.dtype), w.apply('mul', [x, ln])])
}
const noneAt = (x: Node, y: Node, end: number): Node => logicalAnd(equal(x, 0), lessEqual(y, end))

/** x · log y, 0 where x = 0. By x: log y, but 0 where x = 0 and y ≤ 0. By y: x/y, 0 where x = 0. */
export const xlogy: Binary = binary('xlogy', {
  expr: (w, x, y) => unlessZero(w, x, y, w.apply('log', [y])),
  slopes: [(x, y) => where(noneAt(x, y, 0), 0, log(y)), (x, y) => where(equal(x, 0), 0, div(x, y))],
  domain: [0.25, 2],
})

/** x · log(1 + y), as xlogy. */
export const xlog1py: Binary = binary('xlog1py', {
  expr: (w, x, y) => unlessZero(w, x, y, w.apply('log1p', [y])),
  slopes: [(x, y) => where(noneAt(x, y, -1), 0, log1p(y)), (x, y) => where(equal(x, 0), 0, div(x, add(y, 1)))],
  domain: [-0.75, 2],
})

/** log(x/(1 − x)): through log1p around ½, where that is 0. Of f32 in f64, where the quotient is exact enough. */
export const logit: Unary = unary('logit', {
  expr: (w, x) => {
    const wide = x.dtype === 'f64' ? x : w.apply('cast', [x], 'f64')
    const [one, quarter] = [w.constant(1, 'f64'), w.constant(0.25, 'f64')]
    const rest = w.apply('sub', [one, wide])
    const far = w.apply('log', [w.apply('div', [wide, rest])])
    const near = w.apply('log1p', [w.apply('div', [w.apply('sub', [w.apply('add', [wide, wide]), one]), rest])])
    const inside = w.apply('and', [w.apply('lt', [quarter, wide]), w.apply('lt', [wide, w.constant(0.75, 'f64')])])
    const value = w.apply('select', [inside, near, far])
    return x.dtype === 'f64' ? value : w.apply('cast', [value], x.dtype)
  },
  slope: (x) => div(1, mul(x, sub(1, x))),
  domain: [0.1, 0.9],
})
