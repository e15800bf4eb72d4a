/**
 * The table of approximations. To add a function: write it in the file of its family, and name it here.
 * Invariant: each gives the same basic operations for the same dtype, whoever the writer is.
 */
import type { Scalar, ScalarWriter, Transcendental } from '../../../core/scalar.ts'
import { exp } from './exponential.ts'
import { sigmoid, tanh } from './hyperbolic.ts'
import { log } from './logarithm.ts'
import { pow } from './power.ts'
import { cos, sin } from './trigonometric.ts'

/** Code for f(args), in the dtype of the arguments (f32 or f64). */
export type Approximation = (w: ScalarWriter, ...args: [Scalar, Scalar]) => Scalar

export const approximate: Readonly<Record<Transcendental, Approximation>> = { exp, log, sin, cos, tanh, sigmoid, pow }
