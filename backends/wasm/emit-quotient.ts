/**
 * Quotients of four i32 lanes: integers of 32 bits are exact in f64, and so is what is left of their quotient without its fraction.
 * Invariant: the bits of `divide` in emit-scalar.ts: truncating, by zero 0, −2³¹ / −1 wraps.
 */
import type { Code } from './assembler.ts'
import { NARROW, pushDouble } from './emit-casts.ts'
import { splatBytes, type Value } from './emit-value.ts'
import { OP } from './opcodes.ts'

/** Added to a whole number below 2^51, it leaves the number in the low bits, modulo 2³²; those of infinity and of NaN are 0. */
const WHOLE = 1.5 * 2 ** 52

/**
 * 1/b, and a little more: a · r is never below a whole a/b, and never reaches the next number of those that are not. The excess is at most
 * |a/b| · 2^−49, less than the 1/|b| that at least is missing.
 */
const reciprocal = (b: number): number => (1 / b) * (1 + 2 ** -51)

export function emitQuotient(code: Code, [a, b]: readonly Value[], out: Value): void {
  for (let h = 0; h < 2; h++) {
    pushDouble(code, a!, h)
    if (b!.constant === undefined) {
      pushDouble(code, b!, h)
      code.op(OP['f64x2.div'])
    } else {
      code.bytes16(OP['v128.const'], splatBytes('f64', reciprocal(b!.constant)))
      code.op(OP['f64x2.mul'])
    }
    code.op(OP['f64x2.trunc'])
    code.bytes16(OP['v128.const'], splatBytes('f64', WHOLE))
    code.op(OP['f64x2.add'])
  }
  code.bytes16(OP['i8x16.shuffle'], NARROW)
  code.set(out.locals[0]!)
}
