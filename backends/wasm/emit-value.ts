/**
 * Values of scalar code in wasm locals, one lane or four lanes wide.
 * Invariant: one lane is one local (or an inline constant); four lanes are one v128, or two (low, high) for f64. A bool is 0 or 1 in one
 * lane, and a mask (0 or −1) in an i32 of four. A uniform value has four equal lanes; uniform f64 uses one local for both halves.
 */
import type { DType } from '../../core/ir.ts'
import { type Code, F32, F64, I32, V128, type ValueType } from './assembler.ts'

export type Width = 1 | 4

export interface Value {
  readonly dtype: DType
  readonly width: Width
  readonly locals: readonly number[]
  readonly uniform: boolean
  /** The number itself: of one lane, which then has no local, or of four that are known. */
  readonly constant?: number
}

/** How a dtype is computed with. */
export type Class = 'f32' | 'f64' | 'i32'
export const classOf: Readonly<Record<DType, Class>> = { f32: 'f32', f64: 'f64', i32: 'i32', bool: 'i32', u8: 'i32' }
export const scalarType: Readonly<Record<DType, ValueType>> = { f32: F32, f64: F64, i32: I32, bool: I32, u8: I32 }
/** Bytes of an element in memory, as a power of two. */
export const SHIFT: Readonly<Record<DType, number>> = { f32: 2, f64: 3, i32: 2, bool: 0, u8: 0 }

export function newValue(code: Code, dtype: DType, width: Width, uniform: boolean): Value {
  if (width === 1) return { dtype, width, locals: [code.local(scalarType[dtype])], uniform: true }
  const low = code.local(V128)
  const locals = dtype !== 'f64' ? [low] : uniform ? [low, low] : [low, code.local(V128)]
  return { dtype, width, locals, uniform }
}

export const constantValue = (dtype: DType, constant: number): Value => ({
  dtype,
  width: 1,
  locals: [],
  uniform: true,
  constant,
})

/** Locals of `value` that differ: 2 for f64 in four unequal lanes, else 1. */
export const halves = (value: Value): number =>
  value.locals.length === 2 && value.locals[0] !== value.locals[1] ? 2 : 1

export function push(code: Code, value: Value, half = 0): void {
  if (value.constant === undefined || value.width === 4) {
    code.get(value.locals[half] ?? value.locals[0]!)
    return
  }
  pushConstant(code, value.dtype, value.constant)
}

export function pushConstant(code: Code, dtype: DType, x: number): void {
  if (dtype === 'f32') code.f32(x)
  else if (dtype === 'f64') code.f64(x)
  else code.i32(x)
}

const bits = new DataView(new ArrayBuffer(16))
/** Four lanes of i32 as the sixteen bytes of a constant. */
export function lanes32(a: number, b: number = a, c: number = a, d: number = a): Uint8Array {
  ;[a, b, c, d].forEach((x, i) => {
    bits.setInt32(4 * i, x, true)
  })
  return new Uint8Array(bits.buffer.slice(0))
}
/** One number in all lanes, as it stands in a v128. */
export function splatBytes(dtype: DType, x: number): Uint8Array {
  for (let i = 0; i < 16; i += dtype === 'f64' ? 8 : 4) {
    if (dtype === 'f64') bits.setFloat64(i, x, true)
    else if (dtype === 'f32') bits.setFloat32(i, x, true)
    else bits.setInt32(i, dtype === 'bool' ? -x : x, true)
  }
  return new Uint8Array(bits.buffer.slice(0))
}
/** Shuffle bytes that take these four i32 lanes of two vectors (0–3 the first's, 4–7 the second's). */
export const pick32 = (...lanes: readonly number[]): Uint8Array =>
  Uint8Array.from(lanes.flatMap((l) => [4 * l, 4 * l + 1, 4 * l + 2, 4 * l + 3]))
