/**
 * Basic operations one lane at a time: the meaning of `core/scalar-evaluate.ts`, bit for bit.
 * Invariant: leaves the result on the stack; operands are only read.
 * May not: touch memory.
 */
import { broken } from '../../core/errors.ts'
import type { DType } from '../../core/ir.ts'
import type { Code } from './assembler.ts'
import { classOf, push, pushConstant, type Value } from './emit-value.ts'
import { OP } from './opcodes.ts'

/** Operations that are one opcode a class. */
const direct: Readonly<Record<string, number>> = OP
const names: Readonly<Record<string, { float: string; int?: string }>> = {
  add: { float: 'add', int: 'add' },
  sub: { float: 'sub', int: 'sub' },
  mul: { float: 'mul', int: 'mul' },
  div: { float: 'div' },
  neg: { float: 'neg' },
  abs: { float: 'abs' },
  sqrt: { float: 'sqrt' },
  min: { float: 'min' },
  max: { float: 'max' },
  floor: { float: 'floor' },
  ceil: { float: 'ceil' },
  trunc: { float: 'trunc' },
  nearest: { float: 'nearest' },
  eq: { float: 'eq', int: 'eq' },
  ne: { float: 'ne', int: 'ne' },
  lt: { float: 'lt', int: 'lt_s' },
  le: { float: 'le', int: 'le_s' },
  and: { float: '', int: 'and' },
  or: { float: '', int: 'or' },
  xor: { float: '', int: 'xor' },
  shl: { float: '', int: 'shl' },
  shr: { float: '', int: 'shr_u' },
}
/** Arithmetic on bools rounds to ≠ 0. */
const onBools: Readonly<Record<string, number>> = {
  add: OP['i32.or'],
  max: OP['i32.or'],
  mul: OP['i32.and'],
  min: OP['i32.and'],
  sub: OP['i32.xor'],
}
const comparisons = new Set(['eq', 'ne', 'lt', 'le'])

export function emitScalar(code: Code, op: string, dtype: DType, args: readonly Value[]): void {
  const [a, b, c] = args as [Value, Value, Value]
  const from = classOf[a.dtype]
  const both = (opcode: number): void => {
    for (const arg of args) push(code, arg)
    code.op(opcode)
  }
  if (op === 'select' || op === 'rare') {
    for (const value of [b, c, a]) push(code, value)
    code.op(OP.select)
    return
  }
  if (op === 'cast') {
    castScalar(code, a, dtype)
    return
  }
  if (op === 'not') {
    both(OP['i32.eqz'])
    return
  }
  if (op === 'pow2' || op === 'exponent' || op === 'mantissa') {
    bitsOf(code, op, a)
    return
  }
  if (dtype === 'bool' && !comparisons.has(op) && onBools[op]) {
    both(onBools[op])
    return
  }
  const name = names[op]
  const suffix = from === 'i32' ? name?.int : name?.float
  if (suffix) both(direct[`${from}.${suffix}`]!)
  else integer(code, op, a, b)
  if (dtype === 'u8' && !comparisons.has(op)) {
    code.i32(255)
    code.op(OP['i32.and'])
  }
}

/** What wasm has no opcode for, on i32. */
function integer(code: Code, op: string, a: Value, b: Value): void {
  const ops = (...list: readonly number[]): void => list.forEach(code.op)
  if (classOf[a.dtype] !== 'i32') throw broken('wasm', 'kernels hold basic operations', `${op} on ${a.dtype}`)
  switch (op) {
    case 'floor':
    case 'ceil':
    case 'trunc':
    case 'nearest':
      push(code, a)
      return
    case 'neg':
      code.i32(0)
      push(code, a)
      ops(OP['i32.sub'])
      return
    case 'abs':
      push(code, a)
      code.i32(0)
      push(code, a)
      ops(OP['i32.sub'])
      push(code, a)
      code.i32(0)
      ops(OP['i32.ge_s'], OP.select)
      return
    case 'min':
    case 'max':
      for (const value of [a, b, a, b]) push(code, value)
      ops(op === 'min' ? OP['i32.lt_s'] : OP['i32.gt_s'], OP.select)
      return
    case 'sqrt':
      push(code, a)
      ops(OP['f64.convert_i32_s'], OP['f64.sqrt'], OP['i32.trunc_sat_f64_s'])
      return
    case 'div':
      divide(code, a, b)
      return
    default:
      throw broken('wasm', 'kernels hold basic operations', `${op} on ${a.dtype}`)
  }
}

/** Truncating; by zero gives 0, and −2³¹ / −1 wraps: the divisor is replaced where `i32.div_s` would trap. */
function divide(code: Code, a: Value, b: Value): void {
  code.i32(0)
  code.i32(0)
  push(code, a)
  code.op(OP['i32.sub'])
  push(code, a)
  code.i32(1)
  push(code, b)
  push(code, b)
  code.i32(1)
  code.op(OP['i32.add'])
  code.i32(2)
  code.op(OP['i32.lt_u'])
  code.op(OP.select)
  code.op(OP['i32.div_s'])
  push(code, b)
  code.i32(-1)
  code.op(OP['i32.eq'])
  code.op(OP.select)
  push(code, b)
  code.op(OP['i32.eqz'])
  code.op(OP.select)
}

function castScalar(code: Code, a: Value, to: DType): void {
  const from = classOf[a.dtype]
  const target = classOf[to]
  push(code, a)
  if (to === 'bool') {
    pushConstant(code, a.dtype, 0)
    code.op(direct[`${from}.ne`]!)
    return
  }
  if (target !== 'i32') {
    if (from === target) return
    const opcode = { i32: `${target}.convert_i32_s`, f32: 'f64.promote_f32', f64: 'f32.demote_f64' }[from]
    code.op(direct[opcode]!)
    return
  }
  if (from !== 'i32') code.op(direct[`i32.trunc_sat_${from}_s`]!)
  if (to === 'u8' && a.dtype !== 'u8' && a.dtype !== 'bool') clamp(code)
}

/** The i32 on the stack to 0 … 255. */
function clamp(code: Code): void {
  const x = code.local(0x7f)
  code.tee(x)
  code.i32(255)
  code.get(x)
  code.i32(255)
  code.op(OP['i32.lt_s'])
  code.op(OP.select)
  code.tee(x)
  code.i32(0)
  code.get(x)
  code.i32(0)
  code.op(OP['i32.gt_s'])
  code.op(OP.select)
}

/** Adding 2^23 (2^52) to a small integer leaves it in the low bits of the significand. */
function bitsOf(code: Code, op: 'pow2' | 'exponent' | 'mantissa', a: Value): void {
  push(code, a)
  if (a.dtype === 'f32') bits32(code, op)
  else bits64(code, op)
}

function bits32(code: Code, op: 'pow2' | 'exponent' | 'mantissa'): void {
  if (op === 'pow2') {
    code.f32(2 ** 23 + 127)
    code.op(OP['f32.add'])
    code.op(OP['i32.reinterpret_f32'])
    code.i32(23)
    code.op(OP['i32.shl'])
    code.op(OP['f32.reinterpret_i32'])
    return
  }
  code.op(OP['i32.reinterpret_f32'])
  code.i32(op === 'mantissa' ? 0x007fffff : 23)
  code.op(op === 'mantissa' ? OP['i32.and'] : OP['i32.shr_u'])
  code.i32(op === 'mantissa' ? 0x3f800000 : 255)
  code.op(op === 'mantissa' ? OP['i32.or'] : OP['i32.and'])
  if (op === 'mantissa') code.op(OP['f32.reinterpret_i32'])
  else unbias(code, 127, OP['f32.convert_i32_s'])
}

function bits64(code: Code, op: 'pow2' | 'exponent' | 'mantissa'): void {
  if (op === 'pow2') {
    code.f64(2 ** 52 + 1023)
    code.op(OP['f64.add'])
    code.op(OP['i64.reinterpret_f64'])
    code.i64(52n)
    code.op(OP['i64.shl'])
    code.op(OP['f64.reinterpret_i64'])
    return
  }
  code.op(OP['i64.reinterpret_f64'])
  code.i64(op === 'mantissa' ? 0xfffffffffffffn : 52n)
  code.op(op === 'mantissa' ? OP['i64.and'] : OP['i64.shr_u'])
  code.i64(op === 'mantissa' ? 0x3ff0000000000000n : 2047n)
  code.op(op === 'mantissa' ? OP['i64.or'] : OP['i64.and'])
  if (op === 'mantissa') {
    code.op(OP['f64.reinterpret_i64'])
    return
  }
  code.op(OP['i32.wrap_i64'])
  unbias(code, 1023, OP['f64.convert_i32_s'])
}

function unbias(code: Code, bias: number, convert: number): void {
  code.i32(bias)
  code.op(OP['i32.sub'])
  code.op(convert)
}
