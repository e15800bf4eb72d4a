/**
 * Products read where their operands are: for few rows, or few of everything, where packing would cost more than it saves.
 * May not: read beside the operands.
 */
import type { Direct, Panels } from '../../planner/panels.ts'
import { type Code, I32 } from './assembler.ts'
import type { Shared, Span } from './contract-operand.ts'
import { type Stream, streamFunction } from './contract-stream.ts'
import { type Tile, tileFunction } from './contract-tile.ts'
import { addConstant } from './locals.ts'
import { OP } from './opcodes.ts'

/** Locals that say where a block is. */
export interface Site {
  readonly code: Code
  readonly panels: Panels
  readonly direct: Direct
  readonly shared: Shared
  readonly fused: boolean
  readonly left: number
  readonly right: number
  readonly totals: number
  readonly columns: Span
  readonly k: Span
}

/** All rows of a block and its columns, at `k`: lines of the right operand or wide tiles, then vectors, then single columns. */
export function emitDirect(site: Site): void {
  const { code, panels, direct } = site
  const lanes = 16 / panels.bytes
  const column = code.local(I32)
  const even = evenly(panels)
  code.i32(0)
  code.set(column)
  if (direct.lines > 0) callStream(site, column)
  else {
    eachTile(site, column, direct.vectors, direct.vectors * lanes)
    if (direct.vectors > 1 && even % (direct.vectors * lanes) !== 0) eachTile(site, column, 1, lanes)
  }
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
  const { code, panels, shared, fused } = site
  const { dtype, block, bytes } = panels
  const shape: Tile = { dtype, rows, vectors, fused, ...distances(site) }
  const tile = shared(`direct ${Object.values(shape).join(' ')}`, 6, () => tileFunction(shape))
  pushOperands(site, column, row)
  code.i32(block.columns * bytes)
  code.get(site.k.start)
  code.target(OP.call, tile)
}

/** All whole vectors of columns; leaves in local `column` where they end. */
function callStream(site: Site, column: number): void {
  const { code, panels, direct, columns, shared, fused } = site
  const { dtype, bytes, block } = panels
  const of = { dtype, rows: direct.rows, vectors: 1, fused, ...distances(site) }
  const shape: Stream = { ...of, lines: direct.lines, total: block.columns * bytes }
  const stream = shared(`stream ${Object.values(shape).join(' ')}`, 6, () => streamFunction(shape))
  pushOperands(site, column, 0)
  code.get(columns.count)
  code.i32(-16 / bytes)
  code.op(OP['i32.and'])
  code.tee(column)
  code.i32(bytes)
  code.op(OP['i32.mul'])
  code.get(site.k.start)
  code.target(OP.call, stream)
}

const distances = ({ panels: { bytes }, direct }: Site): Pick<Tile, 'row' | 'left' | 'right'> => ({
  row: direct.row * bytes,
  left: direct.left * bytes,
  right: direct.right * bytes,
})

/** Both operands and the depth, then the totals, from `row` and local `column` on. */
function pushOperands(site: Site, column: number, row: number): void {
  const { code, panels, direct, k } = site
  const { bytes, block } = panels
  pushAt(code, site.left, row * direct.row * bytes, k.start, direct.left * bytes)
  pushAt(code, site.right, 0, k.start, direct.right * bytes)
  addTimes(code, column, bytes)
  code.get(k.count)
  code.get(site.totals)
  code.i32(row * block.columns * bytes)
  code.op(OP['i32.add'])
  addTimes(code, column, bytes)
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
