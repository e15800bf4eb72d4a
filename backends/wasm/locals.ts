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
