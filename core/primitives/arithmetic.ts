/**
 * Arithmetic. Conventions (ARCHITECTURE.md, "Numerics"): abs'(0) = 0; ties of minimum and maximum split evenly;
 * pow(0, 0) = 1 with both derivatives 0.
 */
import { type Binary, binary, type Unary, unary } from '../elementwise.ts'
import type { DType, Node } from '../ir.ts'
import { operator } from '../linear-map.ts'
import { equal, greater, indicator, signOf, where } from './comparison.ts'

const numbers: readonly DType[] = ['f32', 'f64', 'i32']

export const add: Binary = binary('add', {
  dtypes: numbers,
  facts: { infix: '+', commutes: true, neutral: [0, 0] },
  expr: (w, a, b) => w.apply('add', [a, b]),
  slopes: [() => 1, () => 1],
})

export const sub: Binary = binary('sub', {
  dtypes: numbers,
  facts: { infix: '−', neutral: [undefined, 0] },
  expr: (w, a, b) => w.apply('sub', [a, b]),
  slopes: [() => 1, () => -1],
})

export const mul: Binary = binary('mul', {
  dtypes: numbers,
  facts: { infix: '·', commutes: true, neutral: [1, 1] },
  expr: (w, a, b) => w.apply('mul', [a, b]),
  slopes: [(_, b) => b, (a) => a],
})

/** Of floats only: integers have no `/`. */
export const div: Binary = binary('div', {
  facts: { infix: '/', neutral: [undefined, 1] },
  expr: (w, a, b) => w.apply('div', [a, b]),
  slopes: [(_, b) => div(1, b), (_, b, y) => neg(div(y, b))],
  domain: [0.25, 2],
})

export const neg: Unary = unary('neg', {
  dtypes: numbers,
  facts: { involution: true },
  expr: (w, x) => w.apply('neg', [x]),
  slope: () => -1,
})

export const abs: Unary = unary('abs', {
  dtypes: numbers,
  facts: { idempotent: true },
  expr: (w, x) => w.apply('abs', [x]),
  slope: (x) => signOf(x),
})

const half = (x: Node, y: Node, wins: Node): Node => where(equal(x, y), 0.5, indicator(wins, x))

/** NaN if either is. */
export const minimum: Binary = binary('minimum', {
  dtypes: numbers,
  facts: { commutes: true },
  expr: (w, a, b) => w.apply('min', [a, b]),
  slopes: [(a, b) => half(a, b, greater(b, a)), (a, b) => half(a, b, greater(a, b))],
})
export const maximum: Binary = binary('maximum', {
  dtypes: numbers,
  facts: { commutes: true },
  expr: (w, a, b) => w.apply('max', [a, b]),
  slopes: [(a, b) => half(a, b, greater(a, b)), (a, b) => half(a, b, greater(b, a))],
})

/** Singular at 0: see `scaleSafe`. */
export const sqrt: Unary = unary('sqrt', {
  expr: (w, x) => w.apply('sqrt', [x]),
  slope: (_, y) => div(0.5, y),
  domain: [0.25, 4],
})

/** t·d, but 0 where t = 0, whatever d is: the product by which a cotangent that is exactly 0 stays 0 beside a singular slope. */
export const scaleSafe: Binary = binary('scaleSafe', {
  // d counts only where t ≠ 0, so a singular slope below d must not leak either: second order depends on it.
  facts: { branches: [1] },
  expr: (w, t, d) =>
    w.apply(
      'select',
      [w.apply('eq', [t, w.constant(0, t.dtype)], 'bool'), w.constant(0, t.dtype), w.apply('mul', [t, d])],
      t.dtype,
    ),
  slopes: [
    (_, d) =>
      operator(
        'diagonal',
        (dt) => scaleSafe(dt, d),
        (ct) => scaleSafe(ct, d),
      ),
    (t) =>
      operator(
        'diagonal',
        (dd) => scaleSafe(t, dd),
        (ct) => scaleSafe(t, ct),
      ),
  ],
})
