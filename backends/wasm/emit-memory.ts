/**
 * Loads and stores of one element or of four lanes, whatever lies between the lanes.
 * Invariant: bools and bytes are one byte in memory; nothing is read or written beside the elements asked for.
 * May not: know axes or maps.
 */
import type { DType } from '../../core/ir.ts'
import type { Code } from './assembler.ts'
import { lanes32, pick32, push, SHIFT, type Value } from './emit-value.ts'
import { pushLane, setLane } from './emit-vector.ts'
import { OP } from './opcodes.ts'

/** Where an access goes. */
export interface Place {
  readonly dtype: DType
  /** Bytes from one lane to the next. */
  readonly step: number
  /** Pushes an address for `lane`, and returns the offset that the instruction adds. */
  address(lane: number): number
}

const scalarLoad: Readonly<Record<DType, number>> = {
  f32: OP['f32.load'],
  f64: OP['f64.load'],
  i32: OP['i32.load'],
  bool: OP['i32.load8_u'],
  u8: OP['i32.load8_u'],
}
const scalarStore: Readonly<Record<DType, number>> = {
  f32: OP['f32.store'],
  f64: OP['f64.store'],
  i32: OP['i32.store'],
  bool: OP['i32.store8'],
  u8: OP['i32.store8'],
}

export function loadScalar(code: Code, place: Place, lane = 0): void {
  const offset = place.address(lane)
  code.memory(scalarLoad[place.dtype], offset)
}

export function storeScalar(code: Code, place: Place, lane: number, value: () => void): void {
  const offset = place.address(lane)
  value()
  code.memory(scalarStore[place.dtype], offset)
}

export function loadVector(code: Code, place: Place, out: Value): void {
  const { dtype, step } = place
  const bytes = dtype === 'bool' || dtype === 'u8'
  if (step === 0) splatLoad(code, place, 0, out)
  else if (step === 8 && (dtype === 'f32' || dtype === 'i32')) everySecond(code, place, out)
  else if (step !== 1 << SHIFT[dtype]) gather(code, place, out)
  else if (bytes) {
    code.memory(OP['v128.load32_zero'], place.address(0))
    code.op(OP['i16x8.extend_low_i8x16_u'])
    code.op(OP['i32x4.extend_low_i16x8_u'])
    if (dtype === 'bool') code.op(OP['i32x4.neg'])
    code.set(out.locals[0]!)
  } else {
    code.memory(OP['v128.load'], place.address(0))
    code.set(out.locals[0]!)
    if (dtype !== 'f64') return
    code.memory(OP['v128.load'], place.address(2))
    code.set(out.locals[1]!)
  }
}

/** The element at `lane` in all lanes of (half of) `out`. */
function splatLoad(code: Code, place: Place, lane: number, out: Value): void {
  const offset = place.address(lane)
  if (place.dtype === 'f64') code.memory(OP['v128.load64_splat'], offset)
  else if (place.dtype === 'f32' || place.dtype === 'i32') code.memory(OP['v128.load32_splat'], offset)
  else {
    code.memory(OP['i32.load8_u'], offset)
    code.op(OP['i32x4.splat'])
    if (place.dtype === 'bool') code.op(OP['i32x4.neg'])
  }
  code.set(out.locals[lane === 2 ? 1 : 0]!)
}

/** Elements 0, 2, 4, 6 of seven: two vectors that overlap in one element, so that nothing beside the seven is read. */
function everySecond(code: Code, place: Place, out: Value): void {
  const first = place.address(0)
  code.memory(OP['v128.load'], first)
  const last = place.address(3) - 3 * 4
  if (last < 0) {
    code.i32(last)
    code.op(OP['i32.add'])
  }
  code.memory(OP['v128.load'], Math.max(0, last))
  code.bytes16(OP['i8x16.shuffle'], pick32(0, 2, 5, 7))
  code.set(out.locals[0]!)
}

function gather(code: Code, place: Place, out: Value): void {
  const { dtype } = place
  splatLoad(code, place, 0, out)
  if (dtype === 'f64') splatLoad(code, place, 2, out)
  for (const lane of dtype === 'f64' ? [1, 3] : [1, 2, 3]) {
    if (dtype === 'bool' || dtype === 'u8') {
      setLane(code, out, lane, () => loadScalar(code, place, lane))
      continue
    }
    const local = out.locals[dtype === 'f64' ? lane >> 1 : 0]!
    const offset = place.address(lane)
    code.get(local)
    if (dtype === 'f64') code.memoryLane(OP['v128.load64_lane'], offset, 1)
    else code.memoryLane(OP['v128.load32_lane'], offset, lane)
    code.set(local)
  }
}

export function storeVector(code: Code, place: Place, value: Value): void {
  const { dtype, step } = place
  if (step !== 1 << SHIFT[dtype]) {
    for (let lane = 0; lane < 4; lane++) storeScalar(code, place, lane, () => pushLane(code, value, lane))
    return
  }
  const offset = place.address(0)
  push(code, value)
  if (dtype === 'bool' || dtype === 'u8') {
    code.bytes16(OP['v128.const'], lanes32(dtype === 'bool' ? 1 : 255))
    code.op(OP['v128.and'])
    code.get(value.locals[0]!)
    code.op(OP['i16x8.narrow_i32x4_u'])
    code.get(value.locals[0]!)
    code.op(OP['i8x16.narrow_i16x8_u'])
    code.memoryLane(OP['v128.store32_lane'], offset, 0)
    return
  }
  code.memory(OP['v128.store'], offset)
  if (dtype !== 'f64') return
  const high = place.address(2)
  push(code, value, 1)
  code.memory(OP['v128.store'], high)
}
