/**
 * The register tile: sums of products of some rows by some vectors of columns, over k; of packed panels, or of operands where they are.
 * Invariant: each sum starts fresh, runs over k in order, and is then joined to the running total once: the order of a reduction with
 * one lane and blocks as deep as the panel.
 * May not: know maps or kernels.
 */
import { type Code, F32, F64, functionCode, V128 } from './assembler.ts'
import { splatBytes } from './emit-value.ts'
import { addConstant, unsigned } from './locals.ts'
import { OP } from './opcodes.ts'

/** What a tile is made for. No vectors: one column. Bytes from row to row of the left operand, and from k to k of both. */
export interface Tile {
  readonly dtype: 'f32' | 'f64'
  readonly rows: number
  readonly vectors: number
  /** Products are added without rounding between; single columns cannot. */
  readonly fused: boolean
  readonly row: number
  readonly left: number
  readonly right: number
}

/** Of packed panels: 4×8 sums (f32) or 4×4 (f64). */
export function packedTile(dtype: 'f32' | 'f64', fused: boolean): Tile {
  const [rows, vectors, size] = [4, 2, dtype === 'f64' ? 8 : 4]
  return { dtype, rows, vectors, fused, row: size, left: rows * size, right: vectors * 16 }
}

const [LEFT, RIGHT, DEPTH, TOTALS, ROW_BYTES, JOIN] = [0, 1, 2, 3, 4, 5]

/** tile(left, right, depth, totals, rowBytes, join): `join` adds to the totals instead of setting them. */
export function tileFunction(tile: Tile): Uint8Array {
  const { dtype, rows, vectors, left, right } = tile
  const code = functionCode(6)
  const type = vectors > 0 ? V128 : dtype === 'f64' ? F64 : F32
  const sums = Array.from({ length: rows }, () => Array.from({ length: Math.max(1, vectors) }, () => code.local(type)))
  for (const sum of sums.flat()) {
    if (vectors > 0) code.bytes16(OP['v128.const'], splatBytes(dtype, -0))
    else if (dtype === 'f64') code.f64(-0)
    else code.f32(-0)
    code.set(sum)
  }
  unsigned(code, LEFT)
  unsigned(code, RIGHT)
  const step = (): void => {
    oneStep(code, tile, sums, type)
    addConstant(code, LEFT, left)
    addConstant(code, RIGHT, right)
    code.get(DEPTH)
    code.i32(1)
    code.op(OP['i32.sub'])
    code.tee(DEPTH)
  }
  // Two steps with a way out between them: V8 looks for interrupts once a turn, and does not move loads of one step into the other.
  code.open(OP.block)
  code.open(OP.loop)
  step()
  code.op(OP['i32.eqz'])
  code.target(OP.br_if, 1)
  step()
  code.target(OP.br_if, 0)
  code.op(OP.end)
  code.op(OP.end)
  code.get(JOIN)
  code.open(OP.if)
  storeSums(code, tile, sums, true)
  code.op(OP.else)
  storeSums(code, tile, sums, false)
  code.op(OP.end)
  return code.finish()
}

export interface Operations {
  /** One number of the left operand, in all lanes. */
  readonly splat: number
  readonly load: number
  readonly store: number
  readonly mul: number
  readonly add: number
  /** Both as one. */
  readonly madd?: number
}
const vector = { load: OP['v128.load'], store: OP['v128.store'] }
const wide: { readonly [dtype in 'f32' | 'f64']: Operations } = {
  f32: { splat: OP['v128.load32_splat'], mul: OP['f32x4.mul'], add: OP['f32x4.add'], ...vector },
  f64: { splat: OP['v128.load64_splat'], mul: OP['f64x2.mul'], add: OP['f64x2.add'], ...vector },
}
const f32 = { load: OP['f32.load'], store: OP['f32.store'], mul: OP['f32.mul'], add: OP['f32.add'] }
const f64 = { load: OP['f64.load'], store: OP['f64.store'], mul: OP['f64.mul'], add: OP['f64.add'] }
const single: { readonly [dtype in 'f32' | 'f64']: Operations } = {
  f32: { splat: OP['f32.load'], ...f32 },
  f64: { splat: OP['f64.load'], ...f64 },
}
const fusing = {
  f32: { ...wide.f32, madd: OP['f32x4.relaxed_madd'] },
  f64: { ...wide.f64, madd: OP['f64x2.relaxed_madd'] },
}
export const operations = ({ dtype, vectors, fused }: Tile): Operations =>
  (vectors === 0 ? single : fused ? fusing : wide)[dtype]

/** One k. */
function oneStep(
  code: Code,
  tile: Tile,
  sums: readonly (readonly number[])[],
  type: typeof V128 | typeof F64 | typeof F32,
): void {
  const { rows, vectors, row } = tile
  const { splat, load, mul, add, madd } = operations(tile)
  const [a, ...b] = Array.from({ length: 1 + Math.max(1, vectors) }, () => code.local(type)) as [number, ...number[]]
  const pushRight = (i: number): void => {
    code.get(RIGHT)
    code.memory(load, 16 * i)
  }
  // One row reads each vector once: no local keeps it.
  if (rows > 1)
    b.forEach((local, i) => {
      pushRight(i)
      code.set(local)
    })
  sums.forEach((line, r) => {
    code.get(LEFT)
    code.memory(splat, row * r)
    code.set(a)
    line.forEach((sum, i) => {
      if (madd === undefined) code.get(sum)
      code.get(a)
      if (rows > 1) code.get(b[i]!)
      else pushRight(i)
      if (madd === undefined) {
        code.op(mul)
        code.op(add)
      } else {
        code.get(sum)
        code.op(madd)
      }
      code.set(sum)
    })
  })
}

/** Sets the totals, or joins the sums to them. */
function storeSums(code: Code, tile: Tile, sums: readonly (readonly number[])[], join: boolean): void {
  const { load, store, add } = operations(tile)
  for (const line of sums) {
    line.forEach((sum, i) => {
      code.get(TOTALS)
      if (join) {
        code.get(TOTALS)
        code.memory(load, 16 * i)
      }
      code.get(sum)
      if (join) code.op(add)
      code.memory(store, 16 * i)
    })
    code.get(TOTALS)
    code.get(ROW_BYTES)
    code.op(OP['i32.add'])
    code.set(TOTALS)
  }
}
