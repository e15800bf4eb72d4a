/**
 * Contractions as packed, register-tiled products (`planner/panels.ts` says how they are cut).
 * Invariant: the bits are those of the plain loops: k runs in order within a block, blocks join left to right, and padding only ever
 * meets padding. The epilogue runs over each finished block of totals as ordinary loops that read the totals.
 * May not: share anything between ranks: each packs what it needs into its own scratch.
 */
import type { Instr, Kernel, Sweep } from '../../core/loops.ts'
import { type Operand, type Panels, panelsOf } from '../../planner/panels.ts'
import { type Code, I32 } from './assembler.ts'
import { type Layout, packFunction } from './contract-pack.ts'
import { tileFunction } from './contract-tile.ts'
import { emitLoops, type Range } from './loops.ts'
import { loadForm, type Nest } from './loops-access.ts'
import { cursorOf, type Form } from './loops-forms.ts'
import { frameOf } from './loops-frame.ts'
import { type Bound, pushBound, startLoop, whileBelow } from './loops-loop.ts'
import { OP } from './opcodes.ts'

/** A shared function, made on first use: its index in the module. */
export type Shared = (name: string, parameters: number, build: () => Uint8Array) => number

/** The axis that ranks split, and in what units. */
export interface Split {
  readonly axis: number
  readonly grain: number
}

/** The panels of a kernel that has scratch for them. */
export function packedProduct(kernel: Kernel): Panels | undefined {
  const panels = kernel.scratch && panelsOf(kernel)
  return panels && kernel.scratch!.perRank >= panels.at.end ? panels : undefined
}

/** Whole products where there are several for each rank; else the longer side, since the other operand is packed by every rank. */
export function splitOf(kernel: Kernel, { rows, columns, tile }: Panels): Split {
  const last = kernel.outer.length - 1
  if (kernel.outer.length > 2 && kernel.outer[0]!.extent >= 8) return { axis: 0, grain: 1 }
  return rows > columns ? { axis: last - 1, grain: tile.rows } : { axis: last, grain: 16 }
}

/** The buffer that stands for the totals in the epilogue. */
const TOTALS = -1

interface Product {
  readonly nest: Nest
  readonly panels: Panels
  readonly pack: { readonly left: number; readonly right: number }
  readonly tile: number
  /** Locals: this rank's scratch; where totals would start if the block began at 0, 0; the current block. */
  readonly scratch: number
  readonly origin: number
  readonly row: number
  readonly column: number
  readonly rows: Bound
  readonly columns: Bound
  readonly size: number
}

/** Parameters of the function that `nest` writes: from, to (of the split axis), rank. */
export function emitProduct(nest: Nest, panels: Panels, shared: Shared, split: Split): void {
  const { code, kernel } = nest
  const origin = code.local(I32)
  const epilogue = epilogueOf(nest, panels, origin)
  const frames = epilogue.kernel.sweeps.map((sweep) => frameOf(epilogue, epilogue.kernel, sweep))
  const forms = [...frames.flatMap((f) => f.forms), loadForm(nest, panels.left.load), loadForm(nest, panels.right.load)]
  const [row, column, rows, columns, scratch] = Array.from({ length: 5 }, () => code.local(I32)) as number[]
  pushScratch(nest)
  code.set(scratch!)
  const { dtype, tile } = panels
  const pack = (operand: Operand, lines: number): number => {
    const layout: Layout = operand.line === 1 ? 'lines' : operand.k === 1 ? 'depth' : 'none'
    return shared(`pack ${dtype} ${lines} ${layout}`, 6, () => packFunction({ dtype, lines, layout }))
  }
  const product: Product = {
    ...{ nest, panels, origin, row: row!, column: column!, scratch: scratch! },
    pack: { left: pack(panels.left, tile.rows), right: pack(panels.right, tile.columns) },
    tile: shared(`tile ${dtype}`, 6, () => tileFunction(dtype)),
    rows: { local: rows! },
    columns: { local: columns! },
    size: dtype === 'f64' ? 8 : 4,
  }
  const part = (axis: number): Range =>
    split.axis === axis ? { from: 0, to: { local: 1 } } : { to: kernel.outer[axis]!.extent }
  const batch = (axis: number): void => {
    if (axis === kernel.outer.length - 2) return emitBlocks(product, part(axis), part(axis + 1), epilogue)
    const { from, to } = part(axis)
    const loop = startLoop(nest, axis, forms, from)
    whileBelow(code, loop, to, 1, () => batch(axis + 1))
  }
  batch(0)
}

function pushScratch({ code, kernel, buffers }: Nest): void {
  const { buffer, shared, perRank } = kernel.scratch!
  code.i32(buffers.get(buffer)!.offset + shared)
  code.get(2)
  code.i32(perRank)
  code.op(OP['i32.mul'])
  code.op(OP['i32.add'])
}

/** The later sweeps as a kernel of their own, in which the product is a load of totals. */
function epilogueOf(nest: Nest, { block, dtype }: Panels, origin: number): Nest {
  const { kernel } = nest
  const batch = kernel.outer.slice(2).map(() => 0)
  const map = { offset: 0, strides: [...batch, block.columns, 1] }
  const total: Instr = { op: 'load', dtype, buffer: TOTALS, map }
  const instr = (i: Instr): Instr => {
    if (i.op !== 'reduced') return i
    return i.sweep === 0 ? total : { ...i, sweep: i.sweep - 1 }
  }
  const sweeps: Sweep[] = kernel.sweeps.slice(1).map((s) => ({ ...s, code: s.code.map(instr) }))
  return { ...nest, kernel: { name: kernel.name, outer: kernel.outer, sweeps }, origins: new Map([[TOTALS, origin]]) }
}

/** index = from; while index < to: count = min(step, to − index), body, index += step. */
function blocks(code: Code, index: number, count: number, range: Range, by: number, body: () => void): void {
  const rest = (): void => {
    pushBound(code, range.to)
    code.get(index)
    code.op(OP['i32.sub'])
  }
  const more = (): void => {
    code.get(index)
    pushBound(code, range.to)
    code.op(OP['i32.lt_s'])
  }
  if (range.from === undefined) code.i32(0)
  else code.get(range.from)
  code.set(index)
  more()
  code.open(OP.if)
  code.open(OP.loop)
  rest()
  code.i32(by)
  rest()
  code.i32(by)
  code.op(OP['i32.lt_s'])
  code.op(OP.select)
  code.set(count)
  body()
  code.get(index)
  code.i32(by)
  code.op(OP['i32.add'])
  code.set(index)
  more()
  code.target(OP.br_if, 0)
  code.op(OP.end)
  code.op(OP.end)
}

const localOf = (bound: Bound): number => (typeof bound === 'number' ? -1 : bound.local)

function emitBlocks(product: Product, rowRange: Range, columnRange: Range, epilogue: Nest): void {
  const { nest, panels, row, column, origin } = product
  const { code, kernel } = nest
  const { block, depth } = panels
  const [rows, columns] = [localOf(product.rows), localOf(product.columns)]
  const [k, deep, packedRow, packedRows] = Array.from({ length: 4 }, () => code.local(I32)) as [
    number,
    number,
    number,
    number,
  ]
  const once = block.depth >= depth
  const packRight = (): void =>
    emitPack(product, panels.right, product.pack.right, panels.at.right, column, columns, k, deep)
  const within: Range = { to: product.rows }
  blocks(code, column, columns, columnRange, block.columns, () => {
    if (once) {
      code.i32(0)
      code.set(k)
      code.i32(depth)
      code.set(deep)
      packRight()
    }
    blocks(code, row, rows, rowRange, block.rows, () => {
      blocks(code, k, deep, { to: depth }, block.depth, () => {
        if (!once) packRight()
        blocks(code, packedRow, packedRows, within, block.packed, () => {
          code.get(row)
          code.get(packedRow)
          code.op(OP['i32.add'])
          const start = code.local(I32)
          code.set(start)
          emitPack(product, panels.left, product.pack.left, panels.at.left, start, packedRows, k, deep)
          emitTiles(product, packedRow, packedRows, k, deep)
        })
      })
      pushTotals(product)
      code.get(row)
      code.i32(block.columns)
      code.op(OP['i32.mul'])
      code.get(column)
      code.op(OP['i32.add'])
      code.i32(product.size)
      code.op(OP['i32.mul'])
      code.op(OP['i32.sub'])
      code.set(origin)
      const last = kernel.outer.length - 1
      const ranges: (Range | undefined)[] = []
      ranges[last - 1] = { from: row, to: sum(code, row, rows) }
      ranges[last] = { from: column, to: sum(code, column, columns) }
      emitLoops(epilogue, ranges, last - 1)
    })
  })
}

function sum(code: Code, a: number, b: number): Bound {
  const local = code.local(I32)
  code.get(a)
  code.get(b)
  code.op(OP['i32.add'])
  code.set(local)
  return { local }
}

function pushTotals({ nest, panels, scratch }: Product): void {
  nest.code.get(scratch)
  nest.code.i32(panels.at.totals)
  nest.code.op(OP['i32.add'])
}

/** Packs `count` lines from `line` on, and `deep` points of k from `k` on. All but `at` are locals. */
function emitPack(
  { nest, scratch, size }: Product,
  operand: Operand,
  pack: number,
  at: number,
  line: number,
  count: number,
  k: number,
  deep: number,
): void {
  const { code, kernel } = nest
  const form = loadForm(nest, operand.load)
  code.get(scratch)
  code.i32(at)
  code.op(OP['i32.add'])
  pushStart(nest, form, kernel.outer.length - 2)
  for (const [local, stride] of [
    [line, operand.line],
    [k, operand.k],
  ] as const) {
    code.get(local)
    code.i32(stride * size)
    code.op(OP['i32.mul'])
    code.op(OP['i32.add'])
  }
  code.get(count)
  code.get(deep)
  code.i32(operand.line * size)
  code.i32(operand.k * size)
  code.target(OP.call, pack)
}

/** The address of a form where the axes not yet entered are 0. */
function pushStart({ code, cursors }: Nest, form: Form, depth: number): void {
  const cursor = cursorOf(cursors, form, depth)
  if (cursor === undefined) return code.i32(form.base + form.offset)
  code.get(cursor)
  code.i32(form.offset)
  code.op(OP['i32.add'])
}

/** All tiles of the packed rows: right panels outside, so that one stays near while left panels go by. */
function emitTiles(
  { nest, panels, scratch, size, tile, columns }: Product,
  packedRow: number,
  packedRows: number,
  k: number,
  deep: number,
): void {
  const { code } = nest
  const { at, block } = panels
  const [r, c, count] = Array.from({ length: 3 }, () => code.local(I32)) as [number, number, number]
  const panel = (start: number, line: number): void => {
    code.get(scratch)
    code.i32(start)
    code.op(OP['i32.add'])
    code.get(line)
    code.get(deep)
    code.op(OP['i32.mul'])
    code.i32(size)
    code.op(OP['i32.mul'])
    code.op(OP['i32.add'])
  }
  blocks(code, c, count, { to: columns }, panels.tile.columns, () => {
    blocks(code, r, count, { to: { local: packedRows } }, panels.tile.rows, () => {
      panel(at.left, r)
      panel(at.right, c)
      code.get(deep)
      code.get(scratch)
      code.i32(at.totals)
      code.op(OP['i32.add'])
      code.get(packedRow)
      code.get(r)
      code.op(OP['i32.add'])
      code.i32(block.columns)
      code.op(OP['i32.mul'])
      code.get(c)
      code.op(OP['i32.add'])
      code.i32(size)
      code.op(OP['i32.mul'])
      code.op(OP['i32.add'])
      code.i32(block.columns * size)
      code.get(k)
      code.target(OP.call, tile)
    })
  })
}
