/**
 * The blocks of a packed product: packing, tiles, and the epilogue of each finished block of totals.
 * Invariant: k goes in order and a block of totals is finished before its epilogue runs.
 * May not: know which axis ranks split.
 * Method: Goto & van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008.
 */
import type { Operand, Panels } from '../../planner/panels.ts'
import { type Code, I32 } from './assembler.ts'
import { emitLoops, type Range } from './loops.ts'
import { loadForm, type Nest } from './loops-access.ts'
import { cursorOf } from './loops-forms.ts'
import { type Bound, least, pushBound } from './loops-loop.ts'
import { OP } from './opcodes.ts'

export interface Product {
  readonly nest: Nest
  readonly panels: Panels
  /** The later sweeps, in which the product is a load from `origin`. */
  readonly epilogue: Nest
  /** Local: where totals would start if their block began at row 0, column 0. */
  readonly origin: number
  /** Local: this rank's scratch. */
  readonly scratch: number
  /** Functions of the module. */
  readonly packLeft: number
  readonly packRight: number
  readonly tile: number
}

/** Locals: the first point of a block of an axis, and how many it has. */
interface Span {
  readonly start: number
  readonly count: number
}
const newSpan = (code: Code): Span => ({ start: code.local(I32), count: code.local(I32) })

/** Runs `body` for each block of `by` points of `range`; the last may have fewer. */
function eachBlock(code: Code, { start, count }: Span, range: Range, by: number, body: () => void): void {
  const more = (): void => {
    code.get(start)
    pushBound(code, range.to)
    code.op(OP['i32.lt_s'])
  }
  if (range.from === undefined) code.i32(0)
  else code.get(range.from)
  code.set(start)
  more()
  code.open(OP.if)
  code.open(OP.loop)
  pushBound(code, range.to)
  code.get(start)
  code.op(OP['i32.sub'])
  code.set(count)
  pushBound(code, least(code, by, { local: count }))
  code.set(count)
  body()
  code.get(start)
  add(code, by)
  code.set(start)
  more()
  code.target(OP.br_if, 0)
  code.op(OP.end)
  code.op(OP.end)
}

function add(code: Code, by: number): void {
  code.i32(by)
  code.op(OP['i32.add'])
}
/** To the number on the stack. */
function addProduct(code: Code, local: number, ...factors: readonly Bound[]): void {
  code.get(local)
  for (const factor of factors) {
    pushBound(code, factor)
    code.op(OP['i32.mul'])
  }
  code.op(OP['i32.add'])
}
function sum(code: Code, a: number, b: number): number {
  const local = code.local(I32)
  code.get(a)
  addProduct(code, b)
  code.set(local)
  return local
}
const end = (code: Code, { start, count }: Span): Range => ({ from: start, to: { local: sum(code, start, count) } })

/** Where one block of k suffices, the right panels are packed once for all rows. */
export function emitBlocks(product: Product, rowRange: Range, columnRange: Range): void {
  const { nest, panels } = product
  const { code } = nest
  const { block, depth } = panels
  const [rows, columns, k] = [newSpan(code), newSpan(code), newSpan(code)]
  const once = block.depth >= depth
  const packRight = (): void => emitPack(product, panels.right, product.packRight, panels.at.right, columns, k)
  eachBlock(code, columns, columnRange, block.columns, () => {
    if (once) {
      code.i32(0)
      code.set(k.start)
      code.i32(depth)
      code.set(k.count)
      packRight()
    }
    eachBlock(code, rows, rowRange, block.rows, () => {
      eachBlock(code, k, { to: depth }, block.depth, () => {
        if (!once) packRight()
        emitRows(product, rows, columns, k)
      })
      emitEpilogue(product, rows, columns)
    })
  })
}

/** The left panels of a block, as many at once as stay in cache, and their tiles. */
function emitRows(product: Product, rows: Span, columns: Span, k: Span): void {
  const { nest, panels } = product
  const packed = newSpan(nest.code)
  eachBlock(nest.code, packed, { to: { local: rows.count } }, panels.block.packed, () => {
    const lines = { start: sum(nest.code, rows.start, packed.start), count: packed.count }
    emitPack(product, panels.left, product.packLeft, panels.at.left, lines, k)
    emitTiles(product, packed, columns, k)
  })
}

/** Packs `lines` of an operand, at `k`, to `at` in the scratch. */
function emitPack(product: Product, operand: Operand, pack: number, at: number, lines: Span, k: Span): void {
  const { nest, scratch, panels } = product
  const { code, kernel, cursors } = nest
  const size = panels.bytes
  const form = loadForm(nest, operand.load)
  const cursor = cursorOf(cursors, form, kernel.outer.length - 2)
  code.get(scratch)
  add(code, at)
  if (cursor === undefined) code.i32(form.base + form.offset)
  else {
    code.get(cursor)
    add(code, form.offset)
  }
  addProduct(code, lines.start, operand.line * size)
  addProduct(code, k.start, operand.k * size)
  code.get(lines.count)
  code.get(k.count)
  code.i32(operand.line * size)
  code.i32(operand.k * size)
  code.target(OP.call, pack)
}

/** Right panels outside, so that one stays near while left panels go by. */
function emitTiles({ nest, panels, scratch, tile }: Product, packed: Span, columns: Span, k: Span): void {
  const { code } = nest
  const { at, block, bytes } = panels
  const [row, column] = [newSpan(code), newSpan(code)]
  eachBlock(code, column, { to: { local: columns.count } }, panels.tile.columns, () => {
    eachBlock(code, row, { to: { local: packed.count } }, panels.tile.rows, () => {
      for (const [start, line] of [
        [at.left, row.start],
        [at.right, column.start],
      ] as const) {
        code.get(scratch)
        add(code, start)
        addProduct(code, line, { local: k.count }, bytes)
      }
      code.get(k.count)
      code.get(scratch)
      add(code, at.totals)
      addProduct(code, packed.start, block.columns * bytes)
      addProduct(code, row.start, block.columns * bytes)
      addProduct(code, column.start, bytes)
      code.i32(block.columns * bytes)
      code.get(k.start)
      code.target(OP.call, tile)
    })
  })
}

function emitEpilogue({ nest, panels, scratch, origin, epilogue }: Product, rows: Span, columns: Span): void {
  const { code, kernel } = nest
  const { at, block, bytes } = panels
  code.get(scratch)
  add(code, at.totals)
  addProduct(code, rows.start, -block.columns * bytes)
  addProduct(code, columns.start, -bytes)
  code.set(origin)
  const last = kernel.outer.length - 1
  const ranges: (Range | undefined)[] = []
  ranges[last - 1] = end(code, rows)
  ranges[last] = end(code, columns)
  emitLoops(epilogue, ranges, last - 1)
}
