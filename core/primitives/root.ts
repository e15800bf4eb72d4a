/**
 * Roots and reciprocals. sqrt is with arithmetic.
 * Convention: both derivatives of hypot at the origin are 0, as those of every norm.
 */
import { type Binary, binary, type Unary, unary } from '../elementwise.ts'
import type { Node } from '../ir.ts'
import type { Scalar, ScalarWriter } from '../scalar.ts'
import { div, mul, neg } from './arithmetic.ts'
import { equal, where } from './comparison.ts'

/** 1/x. */
export const reciprocal: Unary = unary('reciprocal', {
  facts: { involution: true },
  expr: (w, x) => w.apply('div', [w.constant(1, x.dtype), x]),
  slope: (_, y) => neg(mul(y, y)),
  domain: [0.25, 2],
})

/** 1/√x. */
export const rsqrt: Unary = unary('rsqrt', {
  expr: (w, x) => w.apply('div', [w.constant(1, x.dtype), w.apply('sqrt', [x])]),
  slope: (x, y) => div(mul(y, -0.5), x),
  domain: [0.25, 4],
})

/** ∛x, of negative numbers too; its slope at 0 is infinite. */
export const cbrt: Unary = unary('cbrt', {
  expr: (w, x) => w.apply('cbrt', [x]),
  slope: (_, y) => div(1 / 3, mul(y, y)),
  domain: [0.25, 4],
})

const overLength = (a: Node, length: Node): Node => where(equal(length, 0), 0, div(a, length))

/** √(a² + b²) without overflow. */
export const hypot: Binary = binary('hypot', {
  facts: { commutes: true },
  expr: (w, a, b) => (a.dtype === 'f32' ? ofSingles(w, a, b) : ofDoubles(w, a, b)),
  slopes: [(a, _, y) => overLength(a, y), (_, b, y) => overLength(b, y)],
})

/** The squares of two f32, and their sum, are in the range of f64. */
function ofSingles(w: ScalarWriter, a: Scalar, b: Scalar): Scalar {
  const [x, y] = [w.apply('cast', [a], 'f64'), w.apply('cast', [b], 'f64')]
  const sum = w.apply('add', [w.apply('mul', [x, x]), w.apply('mul', [y, y])])
  return infiniteIfEither(w, a, b, w.apply('cast', [w.apply('sqrt', [sum])], a.dtype))
}
/** long · √(1 + (short/long)²). */
function ofDoubles(w: ScalarWriter, a: Scalar, b: Scalar): Scalar {
  const [x, y] = [w.apply('abs', [a]), w.apply('abs', [b])]
  const long = w.apply('max', [x, y])
  const ratio = w.apply('div', [w.apply('min', [x, y]), long])
  const root = w.apply('sqrt', [w.apply('add', [w.apply('mul', [ratio, ratio]), w.constant(1, a.dtype)])])
  const none = w.apply('eq', [long, w.constant(0, a.dtype)])
  return infiniteIfEither(w, x, y, w.apply('select', [none, long, w.apply('mul', [long, root])]))
}
/** IEEE 754: infinite as soon as one is, even beside NaN. */
function infiniteIfEither(w: ScalarWriter, a: Scalar, b: Scalar, otherwise: Scalar): Scalar {
  const infinity = w.constant(Number.POSITIVE_INFINITY, a.dtype)
  const infinite = (x: Scalar) => w.apply('eq', [w.apply('abs', [x]), infinity])
  return w.apply('select', [w.apply('or', [infinite(a), infinite(b)]), infinity, otherwise])
}
