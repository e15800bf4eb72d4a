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
    return code.op(OP.select)
  }
  if (op === 'cast') return castScalar(code, a, dtype)
  if (op === 'not') return both(OP['i32.eqz'])
  if (op === 'pow2' || op === 'exponent' || op === 'mantissa') return bitsOf(code, op, a)
  if (dtype === 'bool' && !comparisons.has(op) && onBools[op]) return both(onBools[op])
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
      return push(code, a)
    case 'neg':
      code.i32(0)
      push(code, a)
      return ops(OP['i32.sub'])
    case 'abs':
      push(code, a)
      code.i32(0)
      push(code, a)
      ops(OP['i32.sub'])
      push(code, a)
      code.i32(0)
      return ops(OP['i32.ge_s'], OP.select)
    case 'min':
    case 'max':
      for (const value of [a, b, a, b]) push(code, value)
      return ops(op === 'min' ? OP['i32.lt_s'] : OP['i32.gt_s'], OP.select)
    case 'sqrt':
      push(code, a)
      ops(OP['f64.convert_i32_s'], OP['f64.sqrt'])
      return ops(OP['i32.trunc_sat_f64_s'])
    case 'div':
      return divide(code, a, b)
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
    return code.op(direct[`${from}.ne`]!)
  }
  if (target !== 'i32') {
    if (from === target) return
    const opcode = { i32: `${target}.convert_i32_s`, f32: 'f64.promote_f32', f64: 'f32.demote_f64' }[from]
    return code.op(direct[opcode]!)
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
  const ops = (...list: readonly number[]): void => list.forEach(code.op)
  push(code, a)
  if (a.dtype === 'f32') {
    if (op === 'pow2') {
      code.f32(2 ** 23 + 127)
      ops(OP['f32.add'], OP['i32.reinterpret_f32'])
      code.i32(23)
      return ops(OP['i32.shl'], OP['f32.reinterpret_i32'])
    }
    ops(OP['i32.reinterpret_f32'])
    if (op === 'mantissa') {
      code.i32(0x007fffff)
      ops(OP['i32.and'])
      code.i32(0x3f800000)
      return ops(OP['i32.or'], OP['f32.reinterpret_i32'])
    }
    code.i32(23)
    ops(OP['i32.shr_u'])
    code.i32(255)
    ops(OP['i32.and'])
    code.i32(127)
    return ops(OP['i32.sub'], OP['f32.convert_i32_s'])
  }
  if (op === 'pow2') {
    code.f64(2 ** 52 + 1023)
    ops(OP['f64.add'], OP['i64.reinterpret_f64'])
    code.i64(52n)
    return ops(OP['i64.shl'], OP['f64.reinterpret_i64'])
  }
  ops(OP['i64.reinterpret_f64'])
  if (op === 'mantissa') {
    code.i64(0xfffffffffffffn)
    ops(OP['i64.and'])
    code.i64(0x3ff0000000000000n)
    return ops(OP['i64.or'], OP['f64.reinterpret_i64'])
  }
  code.i64(52n)
  ops(OP['i64.shr_u'], OP['i32.wrap_i64'])
  code.i32(2047)
  ops(OP['i32.and'])
  code.i32(1023)
  ops(OP['i32.sub'], OP['f64.convert_i32_s'])
}
