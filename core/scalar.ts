/**
 * The closed set of scalar operations, and scalar code: a flat SSA list of instructions.
 * Invariant: an instruction refers only to earlier ones, so nothing ever recurses over its depth.
 * May not: know tensors, ops, kernels or backends.
 */
import type { DType } from './dtype.ts'

/** What every backend must emit, bit for bit as IEEE 754 (one rounding to `dtype` each, no fused multiply-add). */
export type BasicOp =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'neg'
  | 'abs'
  | 'sqrt'
  /** NaN wins, and −0 < +0. */
  | 'min'
  | 'max'
  /** `nearest` rounds ties to even. */
  | 'floor'
  | 'ceil'
  | 'trunc'
  | 'nearest'
  /** Of two operands of one dtype; the result is bool. */
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le'
  /** On bools. */
  | 'and'
  | 'or'
  | 'not'
  /** On i32, bit by bit; shifts by the low five bits of the second operand, `shr` with zeros from the left. */
  | 'xor'
  | 'shl'
  | 'shr'
  /** select(condition, a, b) = condition ? a : b, bit exact. */
  | 'select'
  /** The same value as select(condition, a, b), where `a` is costly and seldom wanted: a backend may skip it when no lane asks. */
  | 'rare'
  /** To `dtype`. Float → i32 truncates and saturates, NaN → 0; anything → bool is `≠ 0`; bool → number is 0 or 1. */
  | 'cast'
  /** pow2(n) = 2ⁿ for an integer-valued float n within the normal exponents (f32 −126…127, f64 −1022…1023); else unspecified. */
  | 'pow2'
  /** For normal finite x ≠ 0: |x| = mantissa · 2^exponent, 1 ≤ mantissa < 2 (sign dropped), both floats of x's dtype; else unspecified. */
  | 'exponent'
  | 'mantissa'

/** Approximated once, by the same basic operations for every backend (`planner/kernels/math`), so that all backends agree bit for bit. */
export type Transcendental =
  | 'exp'
  | 'exp2'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'log2'
  | 'log10'
  | 'pow'
  | 'cbrt'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'atan2'
  | 'sinh'
  | 'cosh'
  | 'tanh'
  | 'sigmoid'
  | 'asinh'
  | 'acosh'
  | 'atanh'
  | 'erf'
  | 'erfc'
  | 'erfinv'
  | 'lgamma'
  | 'digamma'

export type ScalarOp = BasicOp | Transcendental

/** A number as JSON can hold it. */
export type Num = number | 'NaN' | 'Infinity' | '-Infinity' | '-0'

export const encodeNumber = (x: number): Num =>
  Number.isNaN(x)
    ? 'NaN'
    : x === Number.POSITIVE_INFINITY
      ? 'Infinity'
      : x === Number.NEGATIVE_INFINITY
        ? '-Infinity'
        : Object.is(x, -0)
          ? '-0'
          : x

export const decodeNumber = (x: Num): number => Number(x)

/** A handle on a value while scalar code is being written. Opaque: only the writer that made it understands it. */
export interface Scalar {
  readonly id: number
  readonly dtype: DType
}

/** What an op's `expr`, a lowering or a math approximation writes scalar code with. Numbers take the dtype of the other operand. */
export interface ScalarWriter {
  constant(value: number, dtype: DType): Scalar
  /** Apply `op`; the result has `dtype`, or the operands' (bool for comparisons) where it is absent. Equal calls give the same value. */
  apply(op: ScalarOp, operands: readonly Scalar[], dtype?: DType): Scalar
}
