/**
 * The register tile: 4×8 (f32) or 4×4 (f64) sums of products over two packed panels.
 * Invariant: each sum starts fresh, runs over k in order, and is then joined to the running total once: the order of a reduction with
 * one lane and blocks as deep as the panel.
 * May not: know maps or kernels.
 */
import { type Code, functionCode, V128 } from './assembler.ts'
import { splatBytes } from './emit-value.ts'
import { addConstant } from './locals.ts'
import { OP } from './opcodes.ts'

const ROWS = 4
interface Machine {
  readonly splat: number
  readonly mul: number
  readonly add: number
  readonly size: number
}
export const MACHINE: { readonly [dtype in 'f32' | 'f64']: Machine } = {
  f32: { splat: OP['v128.load32_splat'], mul: OP['f32x4.mul'], add: OP['f32x4.add'], size: 4 },
  f64: { splat: OP['v128.load64_splat'], mul: OP['f64x2.mul'], add: OP['f64x2.add'], size: 8 },
}

const VECTORS = 2
const [LEFT, RIGHT, DEPTH, TOTALS, ROW_BYTES, JOIN] = [0, 1, 2, 3, 4, 5]

/** tile(left, right, depth, totals, rowBytes, join): `join` adds to the totals instead of setting them. */
export function tileFunction(dtype: 'f32' | 'f64'): Uint8Array {
  const code = functionCode(6)
  const { add, size } = MACHINE[dtype]
  const sums = Array.from({ length: ROWS }, () => Array.from({ length: VECTORS }, () => code.local(V128)))
  for (const sum of sums.flat()) {
    code.bytes16(OP['v128.const'], splatBytes(dtype, -0))
    code.set(sum)
  }
  unsigned(code, LEFT)
  unsigned(code, RIGHT)
  code.open(OP.loop)
  oneStep(code, dtype, sums)
  addConstant(code, LEFT, ROWS * size)
  addConstant(code, RIGHT, VECTORS * 16)
  code.get(DEPTH)
  code.i32(1)
  code.op(OP['i32.sub'])
  code.tee(DEPTH)
  code.target(OP.br_if, 0)
  code.op(OP.end)
  code.get(JOIN)
  code.open(OP.if)
  storeSums(code, sums, add)
  code.op(OP.else)
  storeSums(code, sums, undefined)
  code.op(OP.end)
  return code.finish()
}

/** One k: two vectors of the right panel against each row of the left. */
function oneStep(code: Code, dtype: 'f32' | 'f64', sums: readonly (readonly number[])[]): void {
  const { splat, mul, add, size } = MACHINE[dtype]
  const [a, ...b] = Array.from({ length: 1 + VECTORS }, () => code.local(V128)) as [number, ...number[]]
  for (const [i, vector] of b.entries()) {
    code.get(RIGHT)
    code.memory(OP['v128.load'], 16 * i)
    code.set(vector)
  }
  sums.forEach((row, r) => {
    code.get(LEFT)
    code.memory(splat, size * r)
    code.set(a)
    for (const [i, sum] of row.entries()) {
      code.get(sum)
      code.get(a)
      code.get(b[i]!)
      code.op(mul)
      code.op(add)
      code.set(sum)
    }
  })
}

/** Sets the totals, or joins the sums to them by `add`. */
function storeSums(code: Code, sums: readonly (readonly number[])[], add: number | undefined): void {
  for (const row of sums) {
    row.forEach((sum, i) => {
      code.get(TOTALS)
      if (add !== undefined) {
        code.get(TOTALS)
        code.memory(OP['v128.load'], 16 * i)
      }
      code.get(sum)
      if (add !== undefined) code.op(add)
      code.memory(OP['v128.store'], 16 * i)
    })
    code.get(TOTALS)
    code.get(ROW_BYTES)
    code.op(OP['i32.add'])
    code.set(TOTALS)
  }
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
