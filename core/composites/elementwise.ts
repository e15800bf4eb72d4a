/**
 * Elementwise functions of two lines, as functions of ops.
 * Conventions: clamp passes the derivative inside the closed interval; fmin and fmax take the number where the other is NaN,
 * and split ties evenly.
 */
import { align } from '../align.ts'
import type { X } from '../define.ts'
import type { Node } from '../ir.ts'
import { add, div, maximum, minimum, mul, sub } from '../primitives/arithmetic.ts'
import { equal, greater, indicator, less, where } from '../primitives/comparison.ts'
import { constant } from '../primitives/leaf.ts'
import { logaddexp } from '../primitives/log-space.ts'
import { floorQuotient, wholeQuotient } from '../primitives/quotient.ts'
import { floor, fmod, remainder, trunc } from '../primitives/rounding.ts'
import { isFinite, isNaN } from '../primitives/sign.ts'
import { sin } from '../primitives/trigonometric.ts'

/** x, raised to `low` and then lowered to `high`, either of which may be left out. */
export function clamp(x: Node, low?: X, high?: X): Node {
  const raised = low === undefined ? x : where(less(x, low), low, x)
  return high === undefined ? raised : where(greater(raised, high), high, raised)
}

/** a + weight · (b − a). */
export const lerp = (a: Node, b: X, weight: X): Node => add(a, mul(weight, sub(b, a)))

/** x without its whole part; of x's sign. */
export const frac = (x: Node): Node => sub(x, trunc(x))

/** NumPy's name for `remainder`. */
export const mod = (a: X, b: X): Node => remainder(a, b)

/** floor(a/b), exact where a is a multiple of b. Of i32 by 0: 0, as its remainder is. */
export const floorDivide = (a: X, b: X): Node => {
  const [x, y] = align('floorDivide', [a, b]) as [Node, Node]
  if (x.dtype === 'i32') return floorQuotient(x, y)
  return floor(add(div(sub(x, remainder(x, y)), y), 0.5))
}

/** trunc(a/b), in the same way. */
export const truncDivide = (a: X, b: X): Node => {
  const [x, y] = align('truncDivide', [a, b]) as [Node, Node]
  if (x.dtype === 'i32') return wholeQuotient(x, y)
  const quotient = div(sub(x, fmod(x, y)), y)
  return trunc(add(quotient, where(less(quotient, 0), constant(-0.5, x.dtype), 0.5)))
}

/** The number, where the other one is NaN. */
const numberFirst =
  (best: (a: X, b: X) => Node) =>
  (a: Node, b: Node): Node =>
    where(isNaN(b), a, where(isNaN(a), b, best(a, b)))
export const fmax: (a: Node, b: Node) => Node = numberFirst(maximum)
export const fmin: (a: Node, b: Node) => Node = numberFirst(minimum)

/** 0 left of 0, 1 right of it, `values` at 0. */
export const heaviside = (x: Node, values: X): Node => where(equal(x, 0), values, indicator(greater(x, 0), x))

/** log₂(2^a + 2^b). */
export const logaddexp2 = (a: Node, b: X): Node =>
  mul(logaddexp(mul(a, Math.LN2), typeof b === 'number' ? b * Math.LN2 : mul(b, Math.LN2)), Math.LOG2E)

export const deg2rad = (x: Node): Node => mul(x, Math.PI / 180)
export const rad2deg = (x: Node): Node => mul(x, 180 / Math.PI)

export interface NanToNumOptions {
  readonly nan?: number
  /** Default: the largest finite number of the dtype. */
  readonly posinf?: number
  readonly neginf?: number
}
const largest = { f32: 3.4028234663852886e38, f64: Number.MAX_VALUE } as const

/** Finite numbers as they are; NaN and infinities replaced. */
export function nanToNum(x: Node, { nan = 0, posinf, neginf }: NanToNumOptions = {}): Node {
  const most = largest[x.dtype === 'f32' ? 'f32' : 'f64']
  const infinite = where(greater(x, 0), constant(posinf ?? most, x.dtype), constant(neginf ?? -most, x.dtype))
  return where(isFinite(x), x, where(isNaN(x), nan, infinite))
}

/** Σ (−1)ᵏ zᵏ/(2k + 1)!, z = (πx)²: sin(πx)/(πx) up to |πx| = 0.6, and its derivatives, to 2^−53. */
const sincSeries: readonly number[] = Array.from({ length: 9 }, (_, k) => {
  let factor = 1
  for (let i = 2; i <= 2 * k + 1; i++) factor *= i
  return (k % 2 === 0 ? 1 : -1) / factor
})

/** sin(πx)/(πx), 1 at 0. A series around 0, where the derivatives of the quotient cancel. */
export function sinc(x: Node): Node {
  const angle = mul(x, Math.PI)
  const z = mul(angle, angle)
  const series = sincSeries.slice(0, -1).reduceRight<X>((sum, c) => add(mul(sum, z), c), sincSeries.at(-1)!) as Node
  return where(less(z, 0.36), series, div(sin(angle), angle))
}
