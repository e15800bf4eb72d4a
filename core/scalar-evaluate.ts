/**
 * The meaning of every scalar operation, in plain JS: what the oracle, constant folding and the interpreter compute with.
 * Invariant: basic operations round once, to their dtype, so this is the bit-exact reference for backends.
 * Transcendentals here use the engine's Math in float64 and round once: accurate, and independent of our approximations.
 * May not: be clever.
 */
import type { DType } from './ir.ts'
import type { BasicOp, Transcendental } from './scalar.ts'
import { digamma, erf, erfc, erfinv, lgamma } from './special-functions.ts'

/** Round a JS number to what `dtype` holds. Bools and integers are plain numbers here: 0 or 1, and wrapped to 32 bits. */
export function round(x: number, dtype: DType): number {
  switch (dtype) {
    case 'f32':
      return Math.fround(x)
    case 'f64':
      return x
    case 'i32':
      return x | 0
    case 'u8':
      return x & 255
    case 'bool':
      return x !== 0 ? 1 : 0
  }
}

/** Float → i32 truncates and saturates, NaN → 0; → bool is ≠ 0; u8 saturates too. */
export function cast(x: number, to: DType): number {
  if (to === 'f32' || to === 'f64' || to === 'bool') return round(x, to)
  if (Number.isNaN(x)) return 0
  const [lo, hi] = to === 'u8' ? [0, 255] : [-2147483648, 2147483647]
  return Math.trunc(Math.min(hi, Math.max(lo, x))) | 0
}

function nearest(x: number): number {
  const f = Math.floor(x)
  const d = x - f
  const r = d < 0.5 ? f : d > 0.5 ? f + 1 : f % 2 === 0 ? f : f + 1
  return r === 0 && (x < 0 || Object.is(x, -0)) ? -0 : r
}

const bits = new DataView(new ArrayBuffer(8))
function exponentOf(x: number): number {
  bits.setFloat64(0, x)
  return ((bits.getUint16(0) >> 4) & 0x7ff) - 1023
}
function mantissaOf(x: number): number {
  bits.setFloat64(0, x)
  bits.setUint16(0, (bits.getUint16(0) & 0x000f) | 0x3ff0)
  return bits.getFloat64(0)
}

type Evaluate = (a: number, b: number, c: number, dtype: DType) => number

/** Arguments have their operands' dtypes; `dtype` is the result's. The caller rounds the result to it. */
export const basic: Readonly<Record<BasicOp, Evaluate>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b, _c, t) => (t === 'i32' ? Math.imul(a, b) : a * b),
  div: (a, b) => a / b,
  neg: (a) => -a,
  abs: (a) => Math.abs(a),
  sqrt: (a) => Math.sqrt(a),
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
  floor: (a) => Math.floor(a),
  ceil: (a) => Math.ceil(a),
  trunc: (a) => Math.trunc(a),
  nearest,
  eq: (a, b) => Number(a === b),
  ne: (a, b) => Number(a !== b),
  lt: (a, b) => Number(a < b),
  le: (a, b) => Number(a <= b),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  not: (a) => 1 - a,
  xor: (a, b) => a ^ b,
  shl: (a, b) => a << b,
  shr: (a, b) => a >>> b,
  select: (c, a, b) => (c !== 0 ? a : b),
  rare: (c, a, b) => (c !== 0 ? a : b),
  cast: (a, _b, _c, t) => cast(a, t),
  pow2: (a) => 2 ** a,
  exponent: exponentOf,
  mantissa: mantissaOf,
}

export const reference: Readonly<Record<Transcendental, (a: number, b: number) => number>> = {
  exp: Math.exp,
  exp2: (x) => 2 ** x,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  log2: Math.log2,
  log10: Math.log10,
  cbrt: Math.cbrt,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  atan2: Math.atan2,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  erf,
  erfc,
  erfinv,
  lgamma,
  digamma,
  sigmoid: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  /** pow(1, y) = pow(x, 0) = pow(−1, ±∞) = 1, also for NaN (IEEE 754; JS differs at 1 and −1). */
  pow: (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY) ? 1 : x ** y),
}
