/**
 * Indices of scalar code: values of affine forms, whether guards hold, and indices from memory held within bounds.
 * Invariant: four lanes give what four single points give; of several lanes out of bounds the first is reported.
 * May not: touch memory.
 */
import type { Affine, Guard, Instr } from '../../core/loops.ts'
import type { Code } from './assembler.ts'
import { newValue, push, splatBytes, type Value } from './emit-value.ts'
import { pushLane } from './emit-vector.ts'
import { type Nest, type Point, pushAffine, pushInside, varying } from './loops-access.ts'
import { OP } from './opcodes.ts'

export function emitIndex(nest: Nest, map: Affine, point: Point): Value {
  const { code } = nest
  const step = map.strides[point.axis] ?? 0
  const out = newValue(code, 'i32', point.width, point.width === 1 || step === 0)
  pushAffine(nest, map, point, 0)
  if (point.width === 4) {
    code.op(OP['i32x4.splat'])
    code.bytes16(OP['v128.const'], ramp(step))
    code.op(OP['i32x4.add'])
  }
  code.set(out.locals[0]!)
  return out
}
const ramp = (step: number): Uint8Array => new Uint8Array(Int32Array.of(0, step, 2 * step, 3 * step).buffer)

export function emitInside(nest: Nest, guards: readonly Guard[], point: Point): Value {
  const { code } = nest
  const alike = point.width === 1 || varying(guards, point).length === 0
  const out = newValue(code, 'bool', point.width, alike)
  if (point.width === 1) {
    pushInside(nest, guards, point, 0)
    code.set(out.locals[0]!)
    return out
  }
  code.bytes16(OP['v128.const'], splatBytes('i32', -1))
  for (const guard of guards) {
    pushAffine(nest, guard, point, 0)
    code.op(OP['i32x4.splat'])
    code.bytes16(OP['v128.const'], ramp(guard.strides[point.axis] ?? 0))
    code.op(OP['i32x4.add'])
    code.bytes16(OP['v128.const'], splatBytes('i32', guard.extent))
    code.op(OP['i32x4.lt_u'])
    code.op(OP['v128.and'])
  }
  code.set(out.locals[0]!)
  return out
}

/** The index where it is inside 0 … extent − 1, else 0 and a fault for the first lane that is not. */
export function emitBounded(nest: Nest, instr: Extract<Instr, { op: 'bounded' }>, point: Point): Value {
  const { code } = nest
  const value = point.value(instr.args[0])
  const out = newValue(code, 'i32', point.width, value.uniform)
  const report = (lane: number): void => {
    code.i32(instr.fault)
    if (value.width === 1) push(code, value)
    else pushLane(code, value, lane)
    pushAffine(nest, instr.position, point, lane)
    code.target(OP.call, nest.fault)
  }
  if (point.width === 1) {
    push(code, value)
    code.set(out.locals[0]!)
    push(code, value)
    code.i32(instr.extent)
    code.op(OP['i32.ge_u'])
    code.open(OP.if)
    report(0)
    code.i32(0)
    code.set(out.locals[0]!)
    code.op(OP.end)
    return out
  }
  boundFour(code, value, instr.extent, out, report)
  return out
}

function boundFour(code: Code, value: Value, extent: number, out: Value, report: (lane: number) => void): void {
  const mask = newValue(code, 'bool', 4, false)
  push(code, value)
  code.bytes16(OP['v128.const'], splatBytes('i32', extent))
  code.op(OP['i32x4.lt_u'])
  code.tee(mask.locals[0]!)
  code.op(OP['i32x4.all_true'])
  code.op(OP['i32.eqz'])
  code.open(OP.if)
  for (let lane = 0; lane < 4; lane++) {
    pushLane(code, mask, lane)
    code.op(OP['i32.eqz'])
    code.open(OP.if)
    report(lane)
    code.op(OP.end)
  }
  code.op(OP.end)
  push(code, value)
  code.get(mask.locals[0]!)
  code.op(OP['v128.and'])
  code.set(out.locals[0]!)
}
