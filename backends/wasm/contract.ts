/**
 * Contractions as packed, register-tiled products (`planner/panels.ts` says how they are cut).
 * Invariant: the bits are those of the plain loops: k runs in order within a block, blocks join left to right, and padding only ever
 * meets padding. The epilogue runs over each finished block of totals as ordinary loops that read the totals.
 * May not: share anything between ranks: each packs what it needs into its own scratch.
 */
import type { Instr, Kernel, Sweep } from '../../core/loops.ts'
import { type Operand, type Panels, panelsOf } from '../../planner/panels.ts'
import { I32 } from './assembler.ts'
import { emitBlocks, type Product } from './contract-blocks.ts'
import { type Layout, packFunction } from './contract-pack.ts'
import { tileFunction } from './contract-tile.ts'
import type { Range } from './loops.ts'
import { loadForm, type Nest } from './loops-access.ts'
import { frameOf } from './loops-frame.ts'
import { startLoop, whileBelow } from './loops-loop.ts'
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

/** Parameters of the function that `nest` writes: from, to (of the split axis), rank. */
export function emitProduct(nest: Nest, panels: Panels, shared: Shared, split: Split): void {
  const { code, kernel } = nest
  const { dtype, tile } = panels
  const [origin, scratch] = [code.local(I32), code.local(I32)]
  const epilogue = epilogueOf(nest, panels, origin)
  const frames = epilogue.kernel.sweeps.map((sweep) => frameOf(epilogue, epilogue.kernel, sweep))
  const forms = [...frames.flatMap((f) => f.forms), loadForm(nest, panels.left.load), loadForm(nest, panels.right.load)]
  const pack = (operand: Operand, lines: number): number => {
    const layout: Layout = operand.line === 1 ? 'lines' : operand.k === 1 ? 'depth' : 'none'
    return shared(`pack ${dtype} ${lines} ${layout}`, 6, () => packFunction({ dtype, lines, layout }))
  }
  const product: Product = {
    ...{ nest, panels, epilogue, origin, scratch },
    packLeft: pack(panels.left, tile.rows),
    packRight: pack(panels.right, tile.columns),
    tile: shared(`tile ${dtype}`, 6, () => tileFunction(dtype)),
  }
  pushScratch(nest)
  code.set(scratch)
  const part = (axis: number): Range =>
    split.axis === axis ? { from: 0, to: { local: 1 } } : { to: kernel.outer[axis]!.extent }
  const batch = (axis: number): void => {
    if (axis === kernel.outer.length - 2) {
      emitBlocks(product, part(axis), part(axis + 1))
      return
    }
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
