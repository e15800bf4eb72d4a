/**
 * Rounding to whole numbers, and the rest of a division.
 * Invariant: rounding has derivative 0; the rest is exact while the quotient is below 2^100, whatever the dtype, and NaN beyond.
 */
import { type Binary, binary, type Unary, unary } from '../elementwise.ts'
import type { DType, Node } from '../ir.ts'
import type { Scalar, ScalarWriter } from '../scalar.ts'
import { div, neg, sub } from './arithmetic.ts'
import { towards, wholeRest } from './quotient.ts'

const numbers: readonly DType[] = ['f32', 'f64', 'i32']

const rounding = (name: string, code: 'floor' | 'ceil' | 'trunc' | 'nearest'): Unary =>
  unary(name, {
    dtypes: numbers,
    facts: { idempotent: true },
    expr: (w, x) => (x.dtype === 'i32' ? x : w.apply(code, [x])),
    slope: () => 0,
  })

export const floor: Unary = rounding('floor', 'floor')
export const ceil: Unary = rounding('ceil', 'ceil')
/** Towards 0. */
export const trunc: Unary = rounding('trunc', 'trunc')
/** To the nearest whole number, halves to the even one. */
export const round: Unary = rounding('round', 'nearest')

/** How often b was taken out of a to leave y: a whole number, so constant. */
const times = (a: Node, b: Node, y: Node): Node => round(div(sub(a, y), b))

/** a − trunc(a/b)·b: the sign is a's (C's fmod, JavaScript's %). Of i32 by 0: 0. */
export const fmod: Binary = binary('fmod', {
  dtypes: numbers,
  expr: (w, a, b) => (a.dtype === 'i32' ? wholeRest(w, a, b).left : inDouble(w, a, b, rest)),
  slopes: [() => 1, (a, b, y) => neg(times(a, b, y))],
  domain: [0.25, 2],
})

/** a − floor(a/b)·b: the sign is b's (the Array API's remainder, Python's %). Of i32 by 0: 0. */
export const remainder: Binary = binary('remainder', {
  dtypes: numbers,
  expr: (w, a, b) => {
    if (a.dtype !== 'i32') return inDouble(w, a, b, (_, x, y) => towards(w, rest(w, x, y), y).rest)
    return towards(w, wholeRest(w, a, b).left, b).rest
  },
  slopes: [() => 1, (a, b, y) => neg(times(a, b, y))],
  domain: [0.25, 2],
})

type Division = (w: ScalarWriter, a: Scalar, b: Scalar) => Scalar

function inDouble(w: ScalarWriter, a: Scalar, b: Scalar, f: Division): Scalar {
  const wide = (x: Scalar): Scalar => (x.dtype === 'f64' ? x : w.apply('cast', [x], 'f64'))
  const value = f(w, wide(a), wide(b))
  return a.dtype === 'f64' ? value : w.apply('cast', [value], a.dtype)
}

/** fmod of two f64. One step is exact up to quotients of 2^53, a second one carries on from its rest. */
function rest(w: ScalarWriter, a: Scalar, b: Scalar): Scalar {
  const c = (v: number) => w.constant(v, 'f64')
  const [size, step] = [w.apply('abs', [a]), w.apply('abs', [b])]
  // Products are split in halves, which must not overflow.
  const scale = w.apply('select', [w.apply('lt', [c(2 ** 900), step]), c(2 ** -100), c(1)])
  const [x, y] = [w.apply('mul', [size, scale]), w.apply('mul', [step, scale])]
  const once = reduced(w, x, y)
  const far = w.apply('le', [c(2 ** 52), w.apply('div', [x, y])])
  const left = w.apply('rare', [far, reduced(w, once, y), once])
  // The rounded quotient may be one too large, or too small.
  const raised = w.apply('select', [w.apply('lt', [left, c(0)]), w.apply('add', [left, y]), left])
  const lowered = w.apply('select', [w.apply('le', [y, raised]), w.apply('sub', [raised, y]), raised])
  const inside = w.apply('and', [w.apply('le', [c(0), lowered]), w.apply('lt', [lowered, y])])
  const done = w.apply('select', [inside, w.apply('div', [lowered, scale]), c(Number.NaN)])
  const value = w.apply('select', [w.apply('lt', [size, step]), size, done])
  return w.apply('select', [w.apply('lt', [a, c(0)]), w.apply('neg', [value]), value])
}

/** x − q·y, q the rounded quotient: exact, since the product is (Dekker 1971) and the rest is short. */
function reduced(w: ScalarWriter, x: Scalar, y: Scalar): Scalar {
  const sub = (p: Scalar, q: Scalar) => w.apply('sub', [p, q])
  const mul = (p: Scalar, q: Scalar) => w.apply('mul', [p, q])
  const halves = (v: Scalar) => {
    const wide = mul(v, w.constant(2 ** 27 + 1, 'f64'))
    const high = sub(wide, sub(wide, v))
    return { high, low: sub(v, high) }
  }
  const q = w.apply('trunc', [w.apply('div', [x, y])])
  const product = mul(q, y)
  const [u, v] = [halves(q), halves(y)]
  const cross = sub(sub(sub(product, mul(u.high, v.high)), mul(u.low, v.high)), mul(u.high, v.low))
  return sub(sub(x, product), sub(mul(u.low, v.low), cross))
}
