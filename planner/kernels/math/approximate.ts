/**
 * The table of approximations. To add a function: write it in the file of its family, and name it here.
 * Invariant: each gives the same basic operations for the same dtype, whoever the writer is.
 */
import type { Scalar, ScalarWriter, Transcendental } from '../../../core/scalar.ts'
import { cbrt } from './cube-root.ts'
import { erf, erfc, erfinv } from './error-function.ts'
import { exp } from './exponential.ts'
import { cosh, exp2, expm1, sinh } from './exponential-less-one.ts'
import { digamma, lgamma } from './gamma.ts'
import { sigmoid, tanh } from './hyperbolic.ts'
import { acos, asin, atan, atan2 } from './inverse-trigonometric.ts'
import { log } from './logarithm.ts'
import { acosh, asinh, atanh, log1p, log2, log10 } from './logarithm-plus-one.ts'
import { pow } from './power.ts'
import { tan } from './tangent.ts'
import { cos, sin } from './trigonometric.ts'

/** Code for f(args), in the dtype of the arguments (f32 or f64). */
export type Approximation = (w: ScalarWriter, ...args: [Scalar, Scalar]) => Scalar

export const approximate: Readonly<Record<Transcendental, Approximation>> = {
  exp,
  exp2,
  expm1,
  log,
  log1p,
  log2,
  log10,
  pow,
  cbrt,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  atan2,
  sinh,
  cosh,
  tanh,
  sigmoid,
  asinh,
  acosh,
  atanh,
  erf,
  erfc,
  erfinv,
  lgamma,
  digamma,
}
