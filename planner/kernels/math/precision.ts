/**
 * f32 functions computed in f64 and rounded once: within 0.51 units in the last place with polynomials of half the length.
 * Invariant: `to` is the dtype that the result is rounded to, the arithmetic is f64's.
 * May not: be used where f32's own arithmetic is accurate enough.
 */
import type { Scalar, ScalarWriter } from '../../../core/scalar.ts'
import { type Arithmetic, arithmetic, type Float } from './arithmetic.ts'

type Written<Arguments extends readonly Scalar[]> = (a: Arithmetic, to: Float, ...x: Arguments) => Scalar

/** `f` on arguments cast to f64, its value cast back. */
export function inDouble<Arguments extends readonly Scalar[]>(
  w: ScalarWriter,
  f: Written<Arguments>,
  ...x: Arguments
): Scalar {
  const a = arithmetic(w, 'f64')
  if (x[0]!.dtype === 'f64') return f(a, 'f64', ...x)
  return arithmetic(w, 'f32').from(f(a, 'f32', ...(x.map(a.from) as readonly Scalar[] as Arguments)))
}

/** A function of one argument. */
export const unaryInDouble =
  (f: Written<[Scalar]>) =>
  (w: ScalarWriter, x: Scalar): Scalar =>
    inDouble(w, f, x)

/** `size` ≥ 0 with the sign of `x`; where x rounds to the function's value (|x| < `least`), x itself: −0 stays −0. */
export function odd(a: Arithmetic, x: Scalar, size: Scalar, least: number = 2 ** -28): Scalar {
  return a.select(a.lt(a.abs(x), least), x, a.select(a.lt(x, 0), a.neg(size), size))
}
