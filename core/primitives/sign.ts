/**
 * Signs, and what kind of number a value is.
 * Invariant: sign keeps NaN and −0; the kinds give bools and have no derivative.
 */
import { type Binary, binary, type Unary, unary } from '../elementwise.ts'
import type { DType } from '../ir.ts'
import type { Scalar, ScalarWriter } from '../scalar.ts'
import { div } from './arithmetic.ts'
import { equal, where } from './comparison.ts'

const numbers: readonly DType[] = ['f32', 'f64', 'i32']

/** −1, 0 or 1; its derivative is 0 everywhere. */
export const sign: Unary = unary('sign', {
  dtypes: numbers,
  facts: { idempotent: true },
  expr: (w, x) => {
    const [zero, one] = [w.constant(0, x.dtype), w.constant(1, x.dtype)]
    const negative = w.apply('select', [w.apply('lt', [x, zero]), w.constant(-1, x.dtype), x])
    return w.apply('select', [w.apply('lt', [zero, x]), one, negative])
  },
  slope: () => 0,
})

const negativeBit = (w: ScalarWriter, x: Scalar): Scalar => {
  const zero = w.constant(0, x.dtype)
  const inverse = w.apply('div', [w.constant(1, x.dtype), x])
  return w.apply('or', [w.apply('lt', [x, zero]), w.apply('lt', [inverse, zero])])
}

/** Whether the sign is −, of −0 too. */
export const signbit: Unary = unary('signbit', { to: 'bool', expr: negativeBit })

/** |a| with the sign of b, also of −0; by b its derivative is 0, by a it is 0 at 0. */
export const copysign: Binary = binary('copysign', {
  expr: (w, a, b) => {
    const size = w.apply('abs', [a])
    return w.apply('select', [negativeBit(w, b), w.apply('neg', [size]), size])
  },
  slopes: [(a, _, y) => sign(where(equal(a, 0), 0, div(y, a))), () => 0],
})

const kind = (name: string, expr: (w: ScalarWriter, x: Scalar) => Scalar): Unary =>
  unary(name, { dtypes: numbers, to: 'bool', expr })
/** x − x is 0, but NaN for NaN and infinities. */
const finite = (w: ScalarWriter, x: Scalar): Scalar => w.apply('eq', [w.apply('sub', [x, x]), w.constant(0, x.dtype)])

export const isNaN: Unary = kind('isNaN', (w, x) => w.apply('ne', [x, x]))
export const isFinite: Unary = kind('isFinite', finite)
export const isInf: Unary = kind('isInf', (w, x) =>
  w.apply('and', [w.apply('eq', [x, x]), w.apply('not', [finite(w, x)])]),
)
