/**
 * The blocks of a packed product: packing, tiles, and the epilogue of each finished block of totals.
 * Invariant: k goes in order and a block of totals is finished before its epilogue runs.
 * May not: know which axis ranks split.
 * Method: Goto & van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008.
 */
import { count } from '../../core/shape.ts'
import type { Panels } from '../../planner/panels.ts'
import { type Code, I32 } from './assembler.ts'
import { emitDirect } from './contract-direct.ts'
import { emitPack, fillDepth, type Packer, type Shared, type Span, setBase } from './contract-operand.ts'
import { type Block, blocksAlong, blocksOfOne, divide, newBlock, newSpan, setBlock } from './contract-sides.ts'
import { packedTile, tileFunction } from './contract-tile.ts'
import { eachTurn, type Turns } from './contract-turns.ts'
import { emitLoops, type Range } from './loops.ts'
import type { Nest } from './loops-access.ts'
import { type Bound, least, pushBound } from './loops-loop.ts'
import { OP } from './opcodes.ts'

export interface Product {
  readonly nest: Nest
  readonly panels: Panels
  /** The later sweeps, in which the product is a load from `origin`. */
  readonly epilogue: Epilogue
  /** Local: this rank's scratch. */
  readonly scratch: number
  readonly left: Packer
  readonly right: Packer
  readonly shared: Shared
}

export interface Epilogue {
  readonly nest: Nest
  /** Local: where totals would start if their block began at the first point of the axes that are cut. */
  readonly origin: number
  /** Outer axes of the kernel that are part of the one before. */
  readonly joined: ReadonlySet<number>
}

/** Bytes of a cache line, and what stays in a core's own cache. */
const [LINE, NEAR] = [64, 2 ** 20]

/** Runs `body` for each block of `by` points up to a bound; the last may have fewer. */
function eachBlock(code: Code, { start, count: size }: Span, { to }: Range, by: number, body: () => void): void {
  const more = (): void => {
    code.get(start)
    pushBound(code, to)
    code.op(OP['i32.lt_s'])
  }
  code.i32(0)
  code.set(start)
  more()
  code.open(OP.if)
  code.open(OP.loop)
  pushBound(code, to)
  code.get(start)
  code.op(OP['i32.sub'])
  code.set(size)
  pushBound(code, least(code, by, { local: size }))
  code.set(size)
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

/**
 * The blocks of one product that are this rank's, rows inside: panels of columns that are kept stay while rows go by.
 * Packs columns for all k at once, or where that takes too much memory, for each block.
 */
export function emitBlocks(product: Product, turns: Turns): void {
  const { nest, panels, left, right } = product
  const { code, kernel } = nest
  const perColumn = count(blocksAlong(kernel, panels.rows))
  const [rows, columns, k] = [newBlock(code, panels.rows), newBlock(code, panels.columns), newSpan(code)]
  const [row, column, packed] = [code.local(I32), code.local(I32), code.local(I32)]
  code.i32(-1)
  code.set(packed)
  eachTurn(code, turns, blocksOfOne(kernel, panels), row, () => {
    code.get(row)
    divide(code, OP['i32.div_u'], perColumn)
    code.set(column)
    code.get(row)
    divide(code, OP['i32.rem_u'], perColumn)
    code.set(row)
    code.get(column)
    code.get(packed)
    code.op(OP['i32.ne'])
    code.open(OP.if)
    code.get(column)
    code.set(packed)
    setBlock(nest, panels.columns, columns, column)
    setBase(nest, right, columns.points)
    if (panels.block.held) eachDepth(product, k, () => packRight(product, columns.lines, k))
    code.op(OP.end)
    setBlock(nest, panels.rows, rows, row)
    setBase(nest, left, rows.points)
    eachDepth(product, k, () => {
      if (!panels.block.held) packRight(product, columns.lines, k)
      fillDepth(nest, left, k)
      emitRows(product, rows.lines, columns.lines, k)
    })
    emitEpilogue(product, rows, columns)
  })
}

function eachDepth({ nest: { code }, panels: { depth, block } }: Product, k: Span, body: () => void): void {
  if (block.depth < depth) {
    eachBlock(code, k, { to: depth }, block.depth, body)
    return
  }
  code.i32(0)
  code.set(k.start)
  code.i32(depth)
  code.set(k.count)
  body()
}

function packRight({ nest, panels, right }: Product, columns: Span, k: Span): void {
  if (panels.direct) return
  fillDepth(nest, right, k)
  emitPack(nest, right, columns, k, panels.block.held ? panels.block.columns * panels.bytes : 0)
}

/** The left panels of a block, as many at once as stay in cache, and their tiles. */
function emitRows(product: Product, rows: Span, columns: Span, k: Span): void {
  const { nest, panels, left, right, scratch, shared } = product
  const { direct } = panels
  if (direct) {
    const { code } = nest
    const totals = code.local(I32)
    code.get(scratch)
    add(code, panels.at.totals)
    code.set(totals)
    const fused = nest.fused === true
    emitDirect({ ...{ code, panels, direct, fused, shared, totals, columns, k }, left: left.base, right: right.base })
    return
  }
  const packed = newSpan(nest.code)
  eachBlock(nest.code, packed, { to: { local: rows.count } }, panels.block.packed, () => {
    emitPack(nest, left, packed, k)
    emitTiles(product, packed, columns, k)
  })
}

/** Right panels outside, so that one stays near while left panels go by. */
function emitTiles({ nest, panels, scratch, shared }: Product, packed: Span, columns: Span, k: Span): void {
  const { code } = nest
  const shape = packedTile(panels.dtype, nest.fused === true)
  const tile = shared(`tile ${panels.dtype}`, 6, () => tileFunction(shape))
  const { at, block, bytes } = panels
  const [row, column, right] = [newSpan(code), newSpan(code), code.local(I32)]
  const pushPanel = (start: number, line: number): void => {
    code.get(scratch)
    add(code, start)
    addProduct(code, line, { local: k.count }, bytes)
  }
  eachBlock(code, column, { to: { local: columns.count } }, panels.tile.columns, () => {
    pushPanel(at.right, column.start)
    if (panels.block.held) addProduct(code, k.start, block.columns * bytes)
    code.set(right)
    eachBlock(code, row, { to: { local: packed.count } }, panels.tile.rows, () => {
      emitAhead(code, panels, right, row.start, k.count)
      pushPanel(at.left, row.start)
      code.get(right)
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

/**
 * The tiles over one right panel each read some lines of the next, which lies behind it, where columns are kept for all k and so come from far.
 * Behind the last one are totals.
 */
function emitAhead(code: Code, { at, block, bytes, depth, tile }: Panels, right: number, row: number, k: number): void {
  const tiles = block.packed / tile.rows
  const lines = Math.ceil((block.depth * tile.columns * bytes) / LINE / tiles)
  const far = block.held && block.columns * depth * bytes > NEAR
  if (!far || at.totals + tiles * lines * LINE > at.end) return
  const next = code.local(I32)
  code.get(right)
  addProduct(code, k, tile.columns * bytes)
  addProduct(code, row, (lines * LINE) / tile.rows)
  code.set(next)
  for (let line = 0; line < lines; line++) {
    code.get(next)
    code.memory(OP['i32.load'], line * LINE)
    code.op(OP.drop)
  }
}

function emitEpilogue({ nest, panels, scratch, epilogue }: Product, rows: Block, columns: Block): void {
  const { code, kernel } = nest
  const { at, block, bytes } = panels
  code.get(scratch)
  add(code, at.totals)
  const row = rows.points.at(-1)
  if (row) addProduct(code, row.start, -panels.rows.inner * block.columns * bytes)
  addProduct(code, columns.points.at(-1)!.start, -panels.columns.inner * bytes)
  code.set(epilogue.origin)
  const ranges: (Range | undefined)[] = kernel.outer.map(() => undefined)
  for (const [side, { points }] of [
    [panels.rows, rows],
    [panels.columns, columns],
  ] as const)
    points.forEach(({ start, count }, i) => {
      ranges[side.axes[i]!] = { from: start, to: { local: sum(code, start, count) } }
    })
  emitLoops(
    epilogue.nest,
    ranges.filter((_, axis) => !epilogue.joined.has(axis)),
    kernel.outer.length - kernel.form!.m.length - kernel.form!.n.length,
  )
}
