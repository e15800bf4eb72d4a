/**
 * The register tile: 4×8 (f32) or 4×4 (f64) sums of products over two packed panels.
 * Invariant: each sum starts fresh, runs over k in order, and is then joined to the running total once: the order of a reduction with
 * one lane and blocks as deep as the panel.
 * May not: know maps or kernels.
 */
import { functionCode, I32, V128 } from './assembler.ts'
import { splatBytes } from './emit-value.ts'
import { OP } from './opcodes.ts'

const ROWS = 4
const MACHINE = {
  f32: { splat: OP['v128.load32_splat'], mul: OP['f32x4.mul'], add: OP['f32x4.add'], size: 4, lanes: 4 },
  f64: { splat: OP['v128.load64_splat'], mul: OP['f64x2.mul'], add: OP['f64x2.add'], size: 8, lanes: 2 },
} as const

/** tile(left, right, depth, totals, rowBytes, join): `join` adds to the totals instead of setting them. */
export function tileFunction(dtype: 'f32' | 'f64'): Uint8Array {
  const { splat, mul, add, size, lanes } = MACHINE[dtype]
  const vectors = 2
  const [left, right, depth, totals, rowBytes, join] = [0, 1, 2, 3, 4, 5]
  const code = functionCode(6)
  const end = code.local(I32)
  const [a, b0, b1] = [code.local(V128), code.local(V128), code.local(V128)]
  const sums = Array.from({ length: ROWS }, () => Array.from({ length: vectors }, () => code.local(V128)))
  for (const sum of sums.flat()) {
    code.bytes16(OP['v128.const'], splatBytes(dtype, -0))
    code.set(sum)
  }
  const move = (pointer: number, by: number): void => {
    code.get(pointer)
    code.i32(by)
    code.op(OP['i32.add'])
    code.tee(pointer)
  }
  code.get(right)
  code.get(depth)
  code.i32(vectors * lanes * size)
  code.op(OP['i32.mul'])
  code.op(OP['i32.add'])
  code.set(end)
  code.open(OP.loop)
  for (const [i, b] of [b0, b1].entries()) {
    code.get(right)
    code.memory(OP['v128.load'], 16 * i)
    code.set(b)
  }
  sums.forEach((row, r) => {
    code.get(left)
    code.memory(splat, size * r)
    code.set(a)
    for (const [i, sum] of row.entries()) {
      code.get(sum)
      code.get(a)
      code.get(i === 0 ? b0 : b1)
      code.op(mul)
      code.op(add)
      code.set(sum)
    }
  })
  move(left, ROWS * size)
  code.op(OP.drop)
  move(right, vectors * lanes * size)
  code.get(end)
  code.op(OP['i32.ne'])
  code.target(OP.br_if, 0)
  code.op(OP.end)
  for (const joined of [true, false]) {
    if (joined) {
      code.get(join)
      code.open(OP.if)
    } else code.op(OP.else)
    for (const row of sums) {
      row.forEach((sum, i) => {
        code.get(totals)
        if (joined) {
          code.get(totals)
          code.memory(OP['v128.load'], 16 * i)
        }
        code.get(sum)
        if (joined) code.op(add)
        code.memory(OP['v128.store'], 16 * i)
      })
      code.get(totals)
      code.get(rowBytes)
      code.op(OP['i32.add'])
      code.set(totals)
    }
  }
  code.op(OP.end)
  return code.finish()
}
