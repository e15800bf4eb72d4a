/**
 * Quotients of i32, which `floorDivide` and `truncDivide` are of integers; and the rest of a division that they share with `fmod` and `remainder`.
 * Invariant: exact for every pair; −2³¹/−1 wraps, like the negation that it is, and by 0 both quotient and rest are 0.
 */
import { type Binary, binary } from '../elementwise.ts'
import type { Scalar, ScalarWriter } from '../scalar.ts'

/** a/b of i32 without its fraction. */
export const wholeQuotient: Binary = binary('wholeQuotient', {
  dtypes: ['i32'],
  expr: (w, a, b) => w.apply('div', [a, b]),
})

/** a/b of i32, rounded down. */
export const floorQuotient: Binary = binary('floorQuotient', {
  dtypes: ['i32'],
  expr: (w, a, b) => {
    const { times, left } = wholeRest(w, a, b)
    return w.apply('sub', [times, w.apply('cast', [towards(w, left, b).moved], 'i32')])
  },
})

/** a = times · b + left of i32; by 0 both are 0. */
export function wholeRest(w: ScalarWriter, a: Scalar, b: Scalar): { times: Scalar; left: Scalar } {
  const zero = w.constant(0, 'i32')
  const times = w.apply('div', [a, b])
  const left = w.apply('sub', [a, w.apply('mul', [times, b])])
  return { times, left: w.apply('select', [w.apply('eq', [b, zero]), zero, left]) }
}

/** The rest with the sign of `b`, from one with that of what was divided; `moved`: whether it differs. */
export function towards(w: ScalarWriter, left: Scalar, b: Scalar): { moved: Scalar; rest: Scalar } {
  const zero = w.constant(0, b.dtype)
  const apart = w.apply('ne', [w.apply('lt', [left, zero]), w.apply('lt', [b, zero])])
  const moved = w.apply('and', [apart, w.apply('ne', [left, zero])])
  return { moved, rest: w.apply('select', [moved, w.apply('add', [left, b]), left]) }
}
