/**
 * Shorthand to write approximations with: one method a basic operation, plain numbers as constants.
 * Invariant: one call is one instruction (or one that exists already); every result but a condition has the given dtype.
 * May not: approximate anything.
 */
import type { BasicOp, Scalar, ScalarWriter } from '../../../core/scalar.ts'

export type Float = 'f32' | 'f64'
export type Value = Scalar | number

type Arithmetical =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'neg'
  | 'abs'
  | 'sqrt'
  | 'floor'
  | 'nearest'
  | 'pow2'
  | 'exponent'
  | 'mantissa'
type Comparison = 'eq' | 'ne' | 'lt' | 'le'

export interface Arithmetic
  extends Readonly<Record<Arithmetical | Comparison, (...operands: readonly Value[]) => Scalar>> {
  readonly dtype: Float
  constant(x: number): Scalar
  both(p: Scalar, q: Scalar): Scalar
  either(p: Scalar, q: Scalar): Scalar
  not(p: Scalar): Scalar
  select(condition: Scalar, a: Value, b: Value): Scalar
  /** As select, where `a` is long and seldom wanted. */
  rare(condition: Scalar, a: Value, b: Value): Scalar
  /** Of another dtype to this one. */
  from(x: Scalar): Scalar
  /** min(x, limit) that keeps a NaN, in the form which is one x86 instruction (`pmin`). */
  atMost(x: Value, limit: number): Scalar
  atLeast(x: Value, limit: number): Scalar
}

export function arithmetic(w: ScalarWriter, dtype: Float): Arithmetic {
  const scalar = (v: Value): Scalar => (typeof v === 'number' ? w.constant(v, dtype) : v)
  const op =
    (name: BasicOp) =>
    (...operands: readonly Value[]): Scalar =>
      w.apply(name, operands.map(scalar))
  const lt = op('lt')
  const select = (condition: Scalar, a: Value, b: Value): Scalar => w.apply('select', [condition, scalar(a), scalar(b)])
  return {
    dtype,
    constant: (x) => w.constant(x, dtype),
    add: op('add'),
    sub: op('sub'),
    mul: op('mul'),
    div: op('div'),
    neg: op('neg'),
    abs: op('abs'),
    sqrt: op('sqrt'),
    floor: op('floor'),
    nearest: op('nearest'),
    pow2: op('pow2'),
    exponent: op('exponent'),
    mantissa: op('mantissa'),
    eq: op('eq'),
    ne: op('ne'),
    lt,
    le: op('le'),
    both: op('and'),
    either: op('or'),
    not: op('not'),
    select,
    rare: (condition, a, b) => w.apply('rare', [condition, scalar(a), scalar(b)]),
    from: (x) => w.apply('cast', [x], dtype),
    atMost: (x, limit) => select(lt(limit, x), limit, x),
    atLeast: (x, limit) => select(lt(x, limit), limit, x),
  }
}

/** What differs between the two float types. */
export type PerFloat<T> = Readonly<Record<Float, T>>

/** The arithmetic that `x` lives in. */
export function arithmeticOf(w: ScalarWriter, x: Scalar): Arithmetic {
  return arithmetic(w, x.dtype === 'f32' ? 'f32' : 'f64')
}
