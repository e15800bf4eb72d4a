/**
 * The functions that every module begins with: faults, the barrier between ranks, and how ranks share an axis.
 * Invariant: ranks talk through the control area alone (`layout.ts`), by atomic operations; no wait outlives an abort by more than its interval.
 * May not: know kernels.
 */
import { type Code, functionCode, I32 } from './assembler.ts'
import {
  ABORT,
  ABORT_INTERVAL,
  BARRIER_COUNT,
  BARRIER_EPOCH,
  FAULT,
  FAULT_POSITION,
  FAULT_VALUE,
  MOST_TICKETS,
  SLEEPERS,
  SPIN,
  TICKETS,
} from './layout.ts'
import { OP } from './opcodes.ts'

/** fault(number, value, position): the first of a run is kept. */
export function faultFunction(): Uint8Array {
  const code = functionCode(3)
  code.i32(0)
  code.i32(0)
  code.get(0)
  code.i32(1)
  code.op(OP['i32.add'])
  code.memory(OP['i32.atomic.rmw.cmpxchg'], 4 * FAULT, 2)
  code.op(OP['i32.eqz'])
  code.open(OP.if)
  for (const [word, parameter] of [
    [FAULT_VALUE, 1],
    [FAULT_POSITION, 2],
  ] as const) {
    code.i32(0)
    code.get(parameter)
    code.memory(OP['i32.atomic.store'], 4 * word, 2)
  }
  code.op(OP.end)
  return code.finish()
}

/** share(units, rank, ranks) = ⌊units · rank / ranks⌋. */
export function shareFunction(): Uint8Array {
  const code = functionCode(3)
  for (const parameter of [0, 1]) {
    code.get(parameter)
    code.op(OP['i64.extend_i32_u'])
  }
  code.op(OP['i64.mul'])
  code.get(2)
  code.op(OP['i64.extend_i32_u'])
  code.op(OP['i64.div_u'])
  code.op(OP['i32.wrap_i64'])
  return code.finish()
}

/**
 * barrier(ranks) → 1 when aborted. The last rank to arrive moves the epoch on; the others spin on it for SPIN rounds, then sleep.
 * A sleeper counts itself before it looks at the epoch (in wait32), and the last rank moves the epoch before it looks for sleepers,
 * so none sleeps on unnoticed.
 */
export function barrierFunction(): Uint8Array {
  const code = functionCode(1)
  const epoch = code.local(I32)
  code.get(0)
  code.i32(2)
  code.op(OP['i32.lt_s'])
  leaveIf(code, 0)
  load(code, BARRIER_EPOCH)
  code.set(epoch)
  add(code, BARRIER_COUNT, 1)
  code.get(0)
  code.i32(1)
  code.op(OP['i32.sub'])
  code.op(OP['i32.eq'])
  code.open(OP.if)
  moveOn(code)
  code.op(OP.end)
  spin(code, epoch)
  sleep(code, epoch)
  code.op(OP.unreachable)
  return code.finish()
}

function load(code: Code, word: number): void {
  code.i32(0)
  code.memory(OP['i32.atomic.load'], 4 * word, 2)
}
function add(code: Code, word: number, by: number): void {
  code.i32(0)
  code.i32(by)
  code.memory(OP['i32.atomic.rmw.add'], 4 * word, 2)
}
/** Returns `result` where the stack says so. */
function leaveIf(code: Code, result: number): void {
  code.open(OP.if)
  code.i32(result)
  code.op(OP.return)
  code.op(OP.end)
}
function leaveIfMoved(code: Code, epoch: number): void {
  load(code, BARRIER_EPOCH)
  code.get(epoch)
  code.op(OP['i32.ne'])
  leaveIf(code, 0)
}

function moveOn(code: Code): void {
  code.i32(0)
  code.i32(0)
  code.memory(OP['i32.atomic.store'], 4 * BARRIER_COUNT, 2)
  for (let word = TICKETS; word < TICKETS + MOST_TICKETS; word += 4) {
    code.i32(0)
    code.bytes16(OP['v128.const'], new Uint8Array(16))
    code.memory(OP['v128.store'], 4 * word)
  }
  add(code, BARRIER_EPOCH, 1)
  code.op(OP.drop)
  load(code, SLEEPERS)
  code.open(OP.if)
  code.i32(0)
  code.i32(-1)
  code.memory(OP['memory.atomic.notify'], 4 * BARRIER_EPOCH, 2)
  code.op(OP.drop)
  code.op(OP.end)
  code.i32(0)
  code.op(OP.return)
}

function spin(code: Code, epoch: number): void {
  const rounds = code.local(I32)
  load(code, SPIN)
  code.tee(rounds)
  code.open(OP.if)
  code.open(OP.loop)
  leaveIfMoved(code, epoch)
  code.get(rounds)
  code.i32(1)
  code.op(OP['i32.sub'])
  code.tee(rounds)
  code.target(OP.br_if, 0)
  code.op(OP.end)
  code.op(OP.end)
}

function sleep(code: Code, epoch: number): void {
  code.open(OP.loop)
  add(code, SLEEPERS, 1)
  code.op(OP.drop)
  code.i32(0)
  code.get(epoch)
  code.i64(ABORT_INTERVAL)
  code.memory(OP['memory.atomic.wait32'], 4 * BARRIER_EPOCH, 2)
  code.op(OP.drop)
  add(code, SLEEPERS, -1)
  code.op(OP.drop)
  leaveIfMoved(code, epoch)
  load(code, ABORT)
  leaveIf(code, 1)
  code.target(OP.br, 0)
  code.op(OP.end)
}
