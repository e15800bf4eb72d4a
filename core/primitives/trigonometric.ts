/** sin and cos: each is the other's slope, hence one file. Radians. */
import { type Unary, unary } from '../elementwise.ts'
import { neg } from './arithmetic.ts'

export const sin: Unary = unary('sin', { expr: (w, x) => w.apply('sin', [x]), slope: (x) => cos(x) })
export const cos: Unary = unary('cos', { expr: (w, x) => w.apply('cos', [x]), slope: (x) => neg(sin(x)) })
