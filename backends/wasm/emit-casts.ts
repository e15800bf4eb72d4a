/**
 * Four lanes from one dtype to another, and masks as wide as what they choose.
 * Invariant: the same bits as `castScalar` in emit-scalar.ts.
 * May not: compute.
 */
import type { DType } from '../../core/ir.ts'
import type { Code } from './assembler.ts'
import { type Class, classOf, halves, lanes32, pick32, push, splatBytes, type Value } from './emit-value.ts'
import { OP } from './opcodes.ts'

const direct: Readonly<Record<string, number>> = OP
export const SHAPE: Readonly<Record<Class, string>> = { f32: 'f32x4', f64: 'f64x2', i32: 'i32x4' }
/** The low words of four i64 lanes. */
export const NARROW: Uint8Array = pick32(0, 2, 4, 6)
/** Two i32 or f32 lanes at the bottom of each of two vectors. */
const JOIN = pick32(0, 1, 4, 5)
const HIGH = pick32(2, 3, 2, 3)

/** The mask of a bool as wide as half `h` of `dtype`. */
export function pushMask(code: Code, mask: Value, dtype: DType, h: number): void {
  push(code, mask)
  if (dtype === 'f64') code.op(h === 0 ? OP['i64x2.extend_low_i32x4_s'] : OP['i64x2.extend_high_i32x4_s'])
}

export function castVector(code: Code, a: Value, out: Value): void {
  if (out.dtype === 'bool') toMask(code, a, out)
  else if (a.dtype === 'bool') fromMask(code, a, out)
  else if (out.dtype === 'f64') toDouble(code, a, out)
  else {
    toSingle(code, a, out.dtype)
    if (out.dtype === 'u8' && a.dtype !== 'u8') {
      code.bytes16(OP['v128.const'], lanes32(0))
      code.op(OP['i32x4.max_s'])
      code.bytes16(OP['v128.const'], lanes32(255))
      code.op(OP['i32x4.min_s'])
    }
    code.set(out.locals[0]!)
  }
}

/** ≠ 0. */
function toMask(code: Code, a: Value, out: Value): void {
  const from = classOf[a.dtype]
  for (let h = 0; h < (from === 'f64' ? 2 : 1); h++) {
    push(code, a, h)
    if (a.dtype === 'bool') continue
    code.bytes16(OP['v128.const'], lanes32(0))
    code.op(direct[`${SHAPE[from]}.ne`]!)
  }
  if (from === 'f64') code.bytes16(OP['i8x16.shuffle'], NARROW)
  code.set(out.locals[0]!)
}

function fromMask(code: Code, a: Value, out: Value): void {
  for (let h = 0; h < halves(out); h++) {
    pushMask(code, a, out.dtype, h)
    code.bytes16(OP['v128.const'], splatBytes(out.dtype, 1))
    code.op(OP['v128.and'])
    code.set(out.locals[h]!)
  }
}

/** Leaves four 32-bit lanes on the stack. */
function toSingle(code: Code, a: Value, to: DType): void {
  const from = classOf[a.dtype]
  if (from === 'f64') {
    for (let h = 0; h < 2; h++) {
      push(code, a, h)
      code.op(to === 'f32' ? OP['f32x4.demote_f64x2_zero'] : OP['i32x4.trunc_sat_f64x2_s_zero'])
    }
    code.bytes16(OP['i8x16.shuffle'], JOIN)
    return
  }
  push(code, a)
  if (from === 'i32' && to === 'f32') code.op(OP['f32x4.convert_i32x4_s'])
  if (from === 'f32' && to !== 'f32') code.op(OP['i32x4.trunc_sat_f32x4_s'])
}

function toDouble(code: Code, a: Value, out: Value): void {
  for (let h = 0; h < halves(out); h++) {
    if (a.dtype === 'f64') push(code, a, h)
    else pushDouble(code, a, h)
    code.set(out.locals[h]!)
  }
}

/** Half `h` of four i32 or f32 lanes, as two f64. */
export function pushDouble(code: Code, a: Value, h: number): void {
  push(code, a)
  if (h === 1) {
    push(code, a)
    code.bytes16(OP['i8x16.shuffle'], HIGH)
  }
  code.op(a.dtype === 'f32' ? OP['f64x2.promote_low_f32x4'] : OP['f64x2.convert_low_i32x4_s'])
}
