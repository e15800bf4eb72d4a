/**
 * Tiles that read their operands where they are: for few rows, or few of everything, where packing would cost more than it saves.
 * Invariant: each sum starts fresh, runs over k in order, and is then joined to the running total once, as in contract-tile.ts.
 * May not: read beside the operands.
 */
import type { Direct, Panels } from '../../planner/panels.ts'
import { type Code, F32, F64, functionCode, I32, V128 } from './assembler.ts'
import type { Shared, Span } from './contract-operand.ts'
import { MACHINE, unsigned } from './contract-tile.ts'
import { splatBytes } from './emit-value.ts'
import { addConstant } from './locals.ts'
import { OP } from './opcodes.ts'

/** What a tile is made for; distances in bytes. No vectors: one column. */
interface Shape {
  readonly dtype: 'f32' | 'f64'
  readonly rows: number
  readonly vectors: number
  readonly row: number
  readonly left: number
  readonly right: number
}

const [LEFT, RIGHT, DEPTH, TOTALS, ROW_BYTES, JOIN] = [0, 1, 2, 3, 4, 5]

/** tile(left, right, depth, totals, rowBytes, join): `join` adds to the totals instead of setting them. */
function directFunction(shape: Shape): Uint8Array {
  const { dtype, rows, vectors, left, right } = shape
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
  code.open(OP.loop)
  oneStep(code, shape, sums, type)
  addConstant(code, LEFT, left)
  addConstant(code, RIGHT, right)
  code.get(DEPTH)
  code.i32(1)
  code.op(OP['i32.sub'])
  code.tee(DEPTH)
  code.target(OP.br_if, 0)
  code.op(OP.end)
  code.get(JOIN)
  code.open(OP.if)
  storeSums(code, shape, sums, true)
  code.op(OP.else)
  storeSums(code, shape, sums, false)
  code.op(OP.end)
  return code.finish()
}

const operations = (dtype: 'f32' | 'f64', vectors: number) =>
  vectors > 0
    ? { ...MACHINE[dtype], load: OP['v128.load'], store: OP['v128.store'] }
    : dtype === 'f64'
      ? { splat: OP['f64.load'], load: OP['f64.load'], store: OP['f64.store'], mul: OP['f64.mul'], add: OP['f64.add'] }
      : { splat: OP['f32.load'], load: OP['f32.load'], store: OP['f32.store'], mul: OP['f32.mul'], add: OP['f32.add'] }

/** One k. */
function oneStep(
  code: Code,
  { dtype, rows, vectors, row }: Shape,
  sums: readonly (readonly number[])[],
  type: typeof V128 | typeof F64 | typeof F32,
): void {
  const { splat, load, mul, add } = operations(dtype, vectors)
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
      code.get(sum)
      code.get(a)
      if (rows > 1) code.get(b[i]!)
      else pushRight(i)
      code.op(mul)
      code.op(add)
      code.set(sum)
    })
  })
}

function storeSums(code: Code, { dtype, vectors }: Shape, sums: readonly (readonly number[])[], join: boolean): void {
  const { load, store, add } = operations(dtype, vectors)
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

/** Locals that say where a block is. */
export interface Site {
  readonly code: Code
  readonly panels: Panels
  readonly direct: Direct
  readonly shared: Shared
  readonly left: number
  readonly right: number
  readonly totals: number
  readonly columns: Span
  readonly k: Span
}

/** The tiles of all rows of a block and its columns, at `k`: wide ones, then vectors, then single columns. */
export function emitDirect(site: Site): void {
  const { code, panels, direct } = site
  const lanes = 16 / panels.bytes
  const column = code.local(I32)
  const even = evenly(panels)
  code.i32(0)
  code.set(column)
  eachTile(site, column, direct.vectors, direct.vectors * lanes)
  if (direct.vectors > 1 && even % (direct.vectors * lanes) !== 0) eachTile(site, column, 1, lanes)
  if (even % lanes !== 0) eachTile(site, column, 0, 1)
}

/** What the columns of every block are a multiple of, whatever ranks take. */
function evenly({ columns }: Panels): number {
  let even = 16
  while (even > 1 && (columns.inner > 1 ? columns.inner : columns.extent) % even !== 0) even /= 2
  return even
}

/** Tiles of `wide` columns from local `column` on, while so many are left. */
function eachTile(site: Site, column: number, vectors: number, wide: number): void {
  const { code, direct, columns } = site
  const last = code.local(I32)
  const fits = (): void => {
    code.get(column)
    code.get(last)
    code.op(OP['i32.le_s'])
  }
  code.get(columns.count)
  code.i32(wide)
  code.op(OP['i32.sub'])
  code.set(last)
  fits()
  code.open(OP.if)
  code.open(OP.loop)
  for (let row = 0; row < direct.rows; row += direct.tile)
    callTile(site, column, row, Math.min(direct.tile, direct.rows - row), vectors)
  addConstant(code, column, wide)
  fits()
  code.target(OP.br_if, 0)
  code.op(OP.end)
  code.op(OP.end)
}

function callTile(site: Site, column: number, row: number, rows: number, vectors: number): void {
  const { code, panels, direct, k, shared } = site
  const { dtype, bytes, block } = panels
  const distances = { row: direct.row * bytes, left: direct.left * bytes, right: direct.right * bytes }
  const shape: Shape = { dtype, rows, vectors, ...distances }
  const tile = shared(`direct ${Object.values(shape).join(' ')}`, 6, () => directFunction(shape))
  pushAt(code, site.left, row * shape.row, k.start, shape.left)
  pushAt(code, site.right, 0, k.start, shape.right)
  addTimes(code, column, bytes)
  code.get(k.count)
  code.get(site.totals)
  code.i32(row * block.columns * bytes)
  code.op(OP['i32.add'])
  addTimes(code, column, bytes)
  code.i32(block.columns * bytes)
  code.get(k.start)
  code.target(OP.call, tile)
}

function pushAt(code: Code, base: number, offset: number, times: number, by: number): void {
  code.get(base)
  code.i32(offset)
  code.op(OP['i32.add'])
  addTimes(code, times, by)
}
function addTimes(code: Code, local: number, by: number): void {
  code.get(local)
  code.i32(by)
  code.op(OP['i32.mul'])
  code.op(OP['i32.add'])
}
