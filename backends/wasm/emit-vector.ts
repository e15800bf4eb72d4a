/**
 * Basic operations on four lanes: the same bits as `emit-scalar.ts`, four elements at once.
 * Invariant: reads operands' locals and writes the result's; a uniform result is computed once.
 * May not: touch memory, or have lanes influence each other.
 */
import { broken } from '../../core/errors.ts'
import type { DType } from '../../core/ir.ts'
import type { Code } from './assembler.ts'
import { castVector, NARROW, pushMask, SHAPE } from './emit-casts.ts'
import { emitQuotient } from './emit-quotient.ts'
import { emitScalar } from './emit-scalar.ts'
import { classOf, halves, lanes32, newValue, push, pushConstant, splatBytes, type Value } from './emit-value.ts'
import { OP } from './opcodes.ts'

const direct: Readonly<Record<string, number>> = OP
const both = ['add', 'sub', 'mul', 'neg', 'abs', 'eq', 'ne']
const floats = ['div', 'sqrt', 'min', 'max', 'floor', 'ceil', 'trunc', 'nearest', 'lt', 'le']
const names: Readonly<Record<string, { float?: string; int?: string }>> = {
  ...Object.fromEntries(floats.map((op) => [op, { float: op }])),
  ...Object.fromEntries(both.map((op) => [op, { float: op, int: op }])),
  min: { float: 'min', int: 'min_s' },
  max: { float: 'max', int: 'max_s' },
  lt: { float: 'lt', int: 'lt_s' },
  le: { float: 'le', int: 'le_s' },
}
const onMasks: Readonly<Record<string, number>> = {
  and: OP['v128.and'],
  or: OP['v128.or'],
  not: OP['v128.not'],
  add: OP['v128.or'],
  max: OP['v128.or'],
  mul: OP['v128.and'],
  min: OP['v128.and'],
  sub: OP['v128.xor'],
  xor: OP['v128.xor'],
}
const comparisons = new Set(['eq', 'ne', 'lt', 'le'])
const identities = new Set(['floor', 'ceil', 'trunc', 'nearest'])

export function emitVector(code: Code, op: string, dtype: DType, args: readonly Value[], out: Value): void {
  const from = args[0]!.dtype
  if (op === 'select' || op === 'rare') {
    select(code, args, out)
    return
  }
  if (op === 'cast') {
    castVector(code, args[0]!, out)
    return
  }
  if (comparisons.has(op)) {
    compare(code, op, args, out)
    return
  }
  if (op === 'pow2' || op === 'exponent' || op === 'mantissa') {
    bitsOf(code, op, args[0]!, out)
    return
  }
  if (op === 'shl' || op === 'shr') {
    shift(code, op, args, out)
    return
  }
  if (op === 'div' && (from === 'i32' || from === 'u8')) {
    emitQuotient(code, args, out)
    return
  }
  const shape = SHAPE[classOf[from]]
  const name = shape === 'i32x4' ? names[op]?.int : names[op]?.float
  const opcode =
    dtype === 'bool' || op === 'xor' ? onMasks[op] : name === undefined ? undefined : direct[`${shape}.${name}`]
  const identity = shape === 'i32x4' && identities.has(op)
  if (opcode === undefined && !identity) {
    laneByLane(code, op, dtype, args, out)
    return
  }
  for (let h = 0; h < halves(out); h++) {
    for (const arg of args) push(code, arg, h)
    if (opcode !== undefined) code.op(opcode)
    if (dtype === 'u8') {
      code.bytes16(OP['v128.const'], lanes32(255))
      code.op(OP['v128.and'])
    }
    code.set(out.locals[h]!)
  }
}

/** All lanes by one count, where it is uniform. */
function shift(code: Code, op: 'shl' | 'shr', args: readonly Value[], out: Value): void {
  const [a, count] = args as [Value, Value]
  if (!count.uniform) {
    laneByLane(code, op, 'i32', args, out)
    return
  }
  push(code, a)
  pushLane(code, count, 0)
  code.op(op === 'shl' ? OP['i32x4.shl'] : OP['i32x4.shr_u'])
  code.set(out.locals[0]!)
}

function compare(code: Code, op: string, args: readonly Value[], out: Value): void {
  const { dtype } = args[0]!
  // On masks true is −1, so the order is reversed.
  const [a, b] = dtype === 'bool' ? [args[1]!, args[0]!] : [args[0]!, args[1]!]
  const shape = SHAPE[classOf[dtype]]
  const name = shape === 'i32x4' ? names[op]!.int! : op
  const opcode = direct[`${shape}.${name}`]!
  const parts = dtype === 'f64' ? 2 : 1
  for (let h = 0; h < parts; h++) {
    push(code, a, h)
    push(code, b, h)
    code.op(opcode)
  }
  if (parts === 2) code.bytes16(OP['i8x16.shuffle'], NARROW)
  code.set(out.locals[0]!)
}

function select(code: Code, [mask, a, b]: readonly Value[], out: Value): void {
  for (let h = 0; h < halves(out); h++) {
    push(code, a!, h)
    push(code, b!, h)
    pushMask(code, mask!, out.dtype, h)
    code.op(OP['v128.bitselect'])
    code.set(out.locals[h]!)
  }
}

/** See `bitsOf` in emit-scalar.ts. */
function bitsOf(code: Code, op: 'pow2' | 'exponent' | 'mantissa', a: Value, out: Value): void {
  const f64 = a.dtype === 'f64'
  const width = f64 ? 52 : 23
  const bias = f64 ? 1023 : 127
  const [add, sub] = f64 ? [OP['f64x2.add'], OP['f64x2.sub']] : [OP['f32x4.add'], OP['f32x4.sub']]
  const bits = (high: number, low: number): void =>
    code.bytes16(OP['v128.const'], f64 ? lanes32(low, high, low, high) : lanes32(high))
  const shift = (opcode: number): void => {
    code.i32(width)
    code.op(opcode)
  }
  for (let h = 0; h < halves(out); h++) {
    push(code, a, h)
    if (op === 'pow2') {
      code.bytes16(OP['v128.const'], splatBytes(a.dtype, 2 ** width + bias))
      code.op(add)
      shift(f64 ? OP['i64x2.shl'] : OP['i32x4.shl'])
    } else if (op === 'mantissa') {
      bits(f64 ? 0x000fffff : 0x007fffff, -1)
      code.op(OP['v128.and'])
      bits(f64 ? 0x3ff00000 : 0x3f800000, 0)
      code.op(OP['v128.or'])
    } else {
      shift(f64 ? OP['i64x2.shr_u'] : OP['i32x4.shr_u'])
      code.bytes16(OP['v128.const'], f64 ? lanes32(2047, 0, 2047, 0) : lanes32(255))
      code.op(OP['v128.and'])
      code.bytes16(OP['v128.const'], splatBytes(a.dtype, 2 ** width))
      code.op(OP['v128.or'])
      code.bytes16(OP['v128.const'], splatBytes(a.dtype, 2 ** width + bias))
      code.op(sub)
    }
    code.set(out.locals[h]!)
  }
}

/** For the few operations that have no vector form. */
function laneByLane(code: Code, op: string, dtype: DType, args: readonly Value[], out: Value): void {
  if (classOf[dtype] !== 'i32') throw broken('wasm', 'kernels hold basic operations', `${op} on ${args[0]?.dtype}`)
  const result = newValue(code, dtype, 1, true)
  const lanes = args.map((arg) => newValue(code, arg.dtype, 1, true))
  for (let lane = 0; lane < 4; lane++) {
    args.forEach((arg, i) => {
      pushLane(code, arg, lane)
      code.set(lanes[i]!.locals[0]!)
    })
    emitScalar(code, op, dtype, lanes)
    code.set(result.locals[0]!)
    setLane(code, out, lane, () => code.get(result.locals[0]!))
  }
}

const extract = { f32: OP['f32x4.extract_lane'], f64: OP['f64x2.extract_lane'], i32: OP['i32x4.extract_lane'] }
const replace = { f32: OP['f32x4.replace_lane'], f64: OP['f64x2.replace_lane'], i32: OP['i32x4.replace_lane'] }
const splat = { f32: OP['f32x4.splat'], f64: OP['f64x2.splat'], i32: OP['i32x4.splat'] }

/** One lane as a scalar value (a bool as 0 or 1). */
export function pushLane(code: Code, value: Value, lane: number): void {
  if (value.constant !== undefined) {
    pushConstant(code, value.dtype, value.constant)
    return
  }
  const f64 = value.dtype === 'f64'
  push(code, value, f64 ? lane >> 1 : 0)
  code.lane(extract[classOf[value.dtype]], f64 ? lane & 1 : lane)
  if (value.dtype !== 'bool') return
  code.i32(1)
  code.op(OP['i32.and'])
}

/** Sets one lane from the scalar that `scalar` pushes. */
export function setLane(code: Code, value: Value, lane: number, scalar: () => void): void {
  const f64 = value.dtype === 'f64'
  const local = value.locals[f64 ? lane >> 1 : 0]!
  code.get(local)
  if (value.dtype === 'bool') code.i32(0)
  scalar()
  if (value.dtype === 'bool') code.op(OP['i32.sub'])
  code.lane(replace[classOf[value.dtype]], f64 ? lane & 1 : lane)
  code.set(local)
}

/** The same scalar in all lanes. */
export function emitSplat(code: Code, scalar: Value, out: Value): void {
  if (scalar.constant !== undefined) code.bytes16(OP['v128.const'], splatBytes(scalar.dtype, scalar.constant))
  else {
    if (scalar.dtype === 'bool') code.i32(0)
    push(code, scalar)
    if (scalar.dtype === 'bool') code.op(OP['i32.sub'])
    code.op(splat[classOf[scalar.dtype]])
  }
  code.set(out.locals[0]!)
}
