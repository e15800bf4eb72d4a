/**
 * Elements of foreign files as our dtypes: little- or big-endian integers and floats of any width.
 * Invariant: a value keeps its meaning or is refused (64-bit integers outside i32); bytes need no alignment.
 * May not: know a file format.
 */
import { badFormat } from '../core/errors-files.ts'
import type { DType, TypedArray } from '../core/ir.ts'
import { allocate } from '../core/shape.ts'

export type ElementKind = 'b1' | 'u1' | 'u2' | 'u4' | 'u8' | 'i1' | 'i2' | 'i4' | 'i8' | 'f2' | 'bf2' | 'f4' | 'f8'

interface Kind {
  readonly bytes: number
  readonly dtype: DType
  read(view: DataView, at: number, little: boolean): number
}
const kinds: Readonly<Record<ElementKind, Kind>> = {
  b1: { bytes: 1, dtype: 'bool', read: (v, at) => Number(v.getUint8(at) !== 0) },
  u1: { bytes: 1, dtype: 'u8', read: (v, at) => v.getUint8(at) },
  u2: { bytes: 2, dtype: 'i32', read: (v, at, le) => v.getUint16(at, le) },
  u4: { bytes: 4, dtype: 'i32', read: (v, at, le) => v.getUint32(at, le) },
  u8: { bytes: 8, dtype: 'i32', read: (v, at, le) => Number(v.getBigUint64(at, le)) },
  i1: { bytes: 1, dtype: 'i32', read: (v, at) => v.getInt8(at) },
  i2: { bytes: 2, dtype: 'i32', read: (v, at, le) => v.getInt16(at, le) },
  i4: { bytes: 4, dtype: 'i32', read: (v, at, le) => v.getInt32(at, le) },
  i8: { bytes: 8, dtype: 'i32', read: (v, at, le) => Number(v.getBigInt64(at, le)) },
  f2: { bytes: 2, dtype: 'f32', read: (v, at, le) => half(v.getUint16(at, le)) },
  bf2: { bytes: 2, dtype: 'f32', read: (v, at, le) => bfloat(v.getUint16(at, le)) },
  f4: { bytes: 4, dtype: 'f32', read: (v, at, le) => v.getFloat32(at, le) },
  f8: { bytes: 8, dtype: 'f64', read: (v, at, le) => v.getFloat64(at, le) },
}

export const elementBytes = (kind: ElementKind): number => kinds[kind].bytes
export const elementDtype = (kind: ElementKind): DType => kinds[kind].dtype

/** IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits >> 15 ? -1 : 1
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023]
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
const word = new DataView(new ArrayBuffer(4))
/** The upper half of a binary32. */
function bfloat(bits: number): number {
  word.setUint32(0, bits << 16)
  return word.getFloat32(0)
}

/** `what` names the array in messages. `bytes` holds exactly `count` elements. */
export function readElements(
  what: string,
  bytes: Uint8Array,
  kind: ElementKind,
  count: number,
  little = true,
): TypedArray {
  const { bytes: width, dtype, read } = kinds[kind]
  const out = allocate(dtype, count)
  if (little && ['u1', 'i4', 'f4', 'f8'].includes(kind)) {
    new Uint8Array(out.buffer).set(bytes.subarray(0, count * width))
    return out
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, count * width)
  for (let i = 0; i < count; i++) {
    const value = read(view, i * width, little)
    if (dtype === 'i32' && value !== (value | 0)) throw badFormat(what, `${value} at position ${i} does not fit i32`)
    out[i] = value
  }
  return out
}
