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
