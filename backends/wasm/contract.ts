/**
 * Contractions as packed, register-tiled products (`planner/panels.ts` says how they are cut).
 * Invariant: the bits are those of the plain loops: k runs in order within a block, blocks join left to right, and padding only ever
 * meets padding. The epilogue runs over each finished block of totals as ordinary loops that read the totals.
 * May not: share anything between ranks: each packs what it needs into its own scratch.
 */
import type { Instr, Kernel, Sweep } from '../../core/loops.ts'
import { count } from '../../core/shape.ts'
import { joinOuter } from '../../planner/kernels/coalesce.ts'
import { type Panels, panelsOf } from '../../planner/panels.ts'
import { I32 } from './assembler.ts'
import { type Epilogue, emitBlocks, type Product } from './contract-blocks.ts'
import { packerOf, type Shared } from './contract-operand.ts'
import { blocksOfOne } from './contract-sides.ts'
import { startTurns } from './contract-turns.ts'
import { loadForm, type Nest } from './loops-access.ts'
import { frameOf } from './loops-frame.ts'
import { startLoop, whileBelow } from './loops-loop.ts'
import { OP } from './opcodes.ts'

/** The panels of a kernel that has scratch for them. */
export function packedProduct(kernel: Kernel): Panels | undefined {
  const panels = kernel.scratch && panelsOf(kernel)
  return panels && kernel.scratch!.perRank >= panels.at.end ? panels : undefined
}

/** How many outer axes are of a batch. */
const batchOf = ({ outer, form }: Kernel): number => outer.length - form!.m.length - form!.n.length

/** Blocks of all products of the batch: what ranks share. */
export function blocksOf(kernel: Kernel, panels: Panels): number {
  const batch = count(kernel.outer.slice(0, batchOf(kernel)).map((axis) => axis.extent))
  return batch * blocksOfOne(kernel, panels)
}

/** The buffer that stands for the totals in the epilogue. */
const TOTALS = -1

/** Parameters of the function that `nest` writes: from, to (of all blocks; `contract-turns.ts`), rank. */
export function emitProduct(nest: Nest, panels: Panels, shared: Shared, tickets?: number): void {
  const { code, kernel } = nest
  const [origin, scratch] = [code.local(I32), code.local(I32)]
  const epilogue = epilogueOf(nest, panels, origin)
  const frames = epilogue.nest.kernel.sweeps.map((sweep) => frameOf(epilogue.nest, epilogue.nest.kernel, sweep))
  const forms = [...frames.flatMap((f) => f.forms), loadForm(nest, panels.left.load), loadForm(nest, panels.right.load)]
  pushScratch(nest)
  code.set(scratch)
  const product: Product = {
    ...{ nest, panels, epilogue, scratch, shared },
    left: packerOf(nest, panels, 'left', scratch, shared),
    right: packerOf(nest, panels, 'right', scratch, shared),
  }
  const turns = startTurns(code, blocksOf(kernel, panels), tickets)
  const batch = (axis: number): void => {
    if (axis === batchOf(kernel)) {
      emitBlocks(product, turns)
      return
    }
    const loop = startLoop(nest, axis, forms)
    whileBelow(code, loop, kernel.outer[axis]!.extent, 1, () => batch(axis + 1))
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

/** The later sweeps as a kernel of their own, in which the product is a load of totals. Axes that a block holds whole are joined. */
function epilogueOf(nest: Nest, { rows, columns, block, dtype }: Panels, origin: number): Epilogue {
  const { kernel } = nest
  const strides = kernel.outer.map(() => 0)
  for (const [{ axes, cut }, unit] of [
    [rows, block.columns],
    [columns, 1],
  ] as const) {
    let step = unit
    for (let at = axes.length - 1; at >= Math.max(0, cut); at--) {
      strides[axes[at]!] = step
      step *= kernel.outer[axes[at]!]!.extent
    }
  }
  const total: Instr = { op: 'load', dtype, buffer: TOTALS, map: { offset: 0, strides } }
  const instr = (i: Instr): Instr => {
    if (i.op !== 'reduced') return i
    return i.sweep === 0 ? total : { ...i, sweep: i.sweep - 1 }
  }
  const sweeps: Sweep[] = kernel.sweeps.slice(1).map((s) => ({ ...s, code: s.code.map(instr) }))
  const inside = [...rows.axes.slice(rows.cut + 1), ...columns.axes.slice(columns.cut + 1)]
  const whole: Kernel = { name: kernel.name, outer: kernel.outer, sweeps }
  const { kernel: short, joined } = joinOuter(
    whole,
    (a) => inside.includes(a) && inside.includes(a + 1) && a + 1 !== columns.axes[0],
  )
  return {
    nest: { ...nest, kernel: short, origins: new Map([...nest.origins, [TOTALS, { local: origin, offset: 0 }]]) },
    origin,
    joined,
  }
}
