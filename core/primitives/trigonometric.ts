/**
 * Trigonometric functions and their inverses, in radians: sin and cos are each other's slope, hence one file.
 * Convention: both derivatives of atan2 at the origin are 0.
 */
import { type Binary, binary, type Unary, unary } from '../elementwise.ts'
import type { Node } from '../ir.ts'
import { add, div, mul, neg, sqrt, sub } from './arithmetic.ts'
import { equal, where } from './comparison.ts'
import { hypot } from './root.ts'

export const sin: Unary = unary('sin', { expr: (w, x) => w.apply('sin', [x]), slope: (x) => cos(x) })
export const cos: Unary = unary('cos', { expr: (w, x) => w.apply('cos', [x]), slope: (x) => neg(sin(x)) })
export const tan: Unary = unary('tan', {
  expr: (w, x) => w.apply('tan', [x]),
  slope: (_, y) => add(mul(y, y), 1),
  domain: [-1.2, 1.2],
})

/** √(1 − x²), accurate near ±1. */
const other = (x: Node): Node => sqrt(mul(sub(1, x), add(1, x)))

/** NaN beyond ±1, where its slope is infinite. */
export const asin: Unary = unary('asin', {
  expr: (w, x) => w.apply('asin', [x]),
  slope: (x) => div(1, other(x)),
  domain: [-0.9, 0.9],
})
/** NaN beyond ±1, where its slope is infinite. */
export const acos: Unary = unary('acos', {
  expr: (w, x) => w.apply('acos', [x]),
  slope: (x) => div(-1, other(x)),
  domain: [-0.9, 0.9],
})
export const atan: Unary = unary('atan', {
  expr: (w, x) => w.apply('atan', [x]),
  slope: (x) => div(1, add(mul(x, x), 1)),
})

/** p/r², 0 at the origin; r² itself may overflow. */
function overSquare(p: Node, a: Node, b: Node): Node {
  const r = hypot(a, b)
  return where(equal(r, 0), 0, div(div(p, r), r))
}
/** The angle of the point (x, y), −π … π: atan2(y, x). */
export const atan2: Binary = binary('atan2', {
  expr: (w, y, x) => w.apply('atan2', [y, x]),
  slopes: [(y, x) => overSquare(x, y, x), (y, x) => overSquare(neg(y), y, x)],
})
