/**
 * What is written again and again about locals.
 * Invariant: leaves the stack as it was.
 * May not: know kernels.
 */
import type { Code } from './assembler.ts'
import { OP } from './opcodes.ts'

/** local += by. */
export function addConstant(code: Code, local: number, by: number): void {
  code.get(local)
  code.i32(by)
  code.op(OP['i32.add'])
  code.set(local)
}

/**
 * Says that an address, a multiple of 4, has no upper half. V8 (Node 20) does not know it of parameters, and would extend them again at each
 * access of a loop: 42.6 instead of 45.1 GFLOP/s.
 */
export function unsigned(code: Code, address: number): void {
  code.get(address)
  code.i32(-4)
  code.op(OP['i32.and'])
  code.set(address)
}

export function copy(code: Code, from: number, to: number): void {
  code.get(from)
  code.set(to)
}

/** Runs `body`, which moves `local` on, until it is where `end` is; once at least. */
export function until(code: Code, local: number, end: number, body: () => void): void {
  code.open(OP.loop)
  body()
  code.get(local)
  code.get(end)
  code.op(OP['i32.ne'])
  code.target(OP.br_if, 0)
  code.op(OP.end)
}

/** Runs `body`, which handles `many` of a number, while it has that many. */
export function repeat(code: Code, number: number, many: number, body: () => void): void {
  const enough = (): void => {
    code.get(number)
    code.i32(many)
    code.op(OP['i32.ge_s'])
  }
  enough()
  code.open(OP.if)
  code.open(OP.loop)
  body()
  addConstant(code, number, -many)
  enough()
  code.target(OP.br_if, 0)
  code.op(OP.end)
  code.op(OP.end)
}
