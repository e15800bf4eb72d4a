/**
 * Types and shapes: constructors, sizes, NumPy broadcasting, and how they are written.
 * Invariant: a dimension is equal to another only if it is the same number or the same name.
 * May not: build nodes.
 */
import { badDimension, unboundDimension } from './errors.ts'
import type { Dim, DType, Tensor, TensorType, Type, TypedArray } from './ir.ts'

export const bytesOf: Readonly<Record<DType, number>> = { f32: 4, f64: 8, i32: 4, bool: 1, u8: 1 }
export const isFloat = (dtype: DType): dtype is 'f32' | 'f64' => dtype === 'f32' || dtype === 'f64'

export function tensorType<D extends DType>(dtype: D, shape: readonly Dim[]): TensorType & { readonly dtype: D } {
  for (const d of shape)
    if (typeof d === 'number' ? !Number.isSafeInteger(d) || d < 0 : !/^[A-Za-z_]\w*$/.test(d))
      throw badDimension(d, `${dtype}(${shape.join(', ')})`)
  return Object.freeze({ kind: 'tensor', dtype, shape: Object.freeze([...shape]) })
}

/** Concrete sizes, or an error that names the unbound dimension. */
export function sizes(shape: readonly Dim[], where: string): readonly number[] {
  for (const d of shape) if (typeof d === 'string') throw unboundDimension(d, where)
  return shape as readonly number[]
}
export const count = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1)

/** Row-major strides in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length)
  let s = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = s
    s *= shape[i]!
  }
  return strides
}

/** Where the element at row-major position `at` is, along each axis. */
export function placeAt(at: number, shape: readonly number[]): number[] {
  const strides = stridesOf(shape)
  return shape.map((d, i) => Math.floor(at / strides[i]!) % d)
}

export const sameShape = (a: readonly Dim[], b: readonly Dim[]): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i])

export function sameType(a: Type, b: Type): boolean {
  if (a.kind === 'tensor') return b.kind === 'tensor' && a.dtype === b.dtype && sameShape(a.shape, b.shape)
  return b.kind === 'tuple' && a.items.length === b.items.length && a.items.every((t, i) => sameType(t, b.items[i]!))
}

/** The NumPy broadcast of two shapes, or undefined where they clash. A size of 1 stretches to any size or name. */
export function broadcastShapes(a: readonly Dim[], b: readonly Dim[]): readonly Dim[] | undefined {
  const n = Math.max(a.length, b.length)
  const out: Dim[] = []
  for (let i = 0; i < n; i++) {
    const x = a[i - n + a.length] ?? 1
    const y = b[i - n + b.length] ?? 1
    if (x !== y && x !== 1 && y !== 1) return undefined
    out.push(x === 1 ? y : x)
  }
  return out
}

/** `axis` of a tensor of rank `rank`, counted from the end when negative; undefined where it is outside. */
export function axisOf(axis: number, rank: number): number | undefined {
  const a = axis < 0 ? axis + rank : axis
  return Number.isInteger(a) && a >= 0 && a < rank ? a : undefined
}

/** `f32[64,784]`, `(f32[2], i32[])`. */
export function showType(type: Type): string {
  return type.kind === 'tensor' ? `${type.dtype}[${type.shape.join(',')}]` : `(${type.items.map(showType).join(', ')})`
}

export function allocate(dtype: DType, length: number): TypedArray {
  switch (dtype) {
    case 'f32':
      return new Float32Array(length)
    case 'f64':
      return new Float64Array(length)
    case 'i32':
      return new Int32Array(length)
    default:
      return new Uint8Array(length)
  }
}

export function tensor(dtype: DType, shape: readonly number[], values: ArrayLike<number>): Tensor {
  const data = allocate(dtype, count(shape))
  data.set(values)
  return { dtype, shape, data }
}

/** Calls `visit(position, index)` for every index of `shape`, row-major. `index` is reused between calls. */
export function eachIndex(shape: readonly number[], visit: (position: number, index: readonly number[]) => void): void {
  const total = count(shape)
  const index = new Array<number>(shape.length).fill(0)
  for (let p = 0; p < total; p++) {
    visit(p, index)
    for (let d = shape.length - 1; d >= 0; d--) {
      index[d]!++
      if (index[d]! < shape[d]!) break
      index[d] = 0
    }
  }
}
