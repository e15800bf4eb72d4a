/**
 * How a profiled module says where it is.
 * Invariant: its first function is `mark(rank, span, what)`, imported; rank is the first parameter of `run`.
 * May not: read a clock.
 */
import { MARK } from '../recorder.ts'
import type { Code } from './assembler.ts'
import { OP } from './opcodes.ts'

export interface Marks {
  /** The span of each step. */
  readonly span: readonly number[]
}

export function emitMark(code: Code, marks: Marks, step: number, what: keyof typeof MARK): void {
  code.get(0)
  code.i32(marks.span[step] ?? 0)
  code.i32(MARK[what])
  code.target(OP.call, 0)
}
