/**
 * One operand of a packed product: where its blocks start in memory, and the call that packs them.
 * Invariant: a plain operand is packed by two distances, any other through tables of offsets in the rank's scratch.
 * May not: emit loops.
 */
import { type Dim, isStrided, linesOf, type Operand, type Panels, type Side } from '../../planner/panels.ts'
import { type Code, I32 } from './assembler.ts'
import { gatherFunction } from './contract-gather.ts'
import { offsetsFunction } from './contract-offsets.ts'
import { type Layout, packFunction } from './contract-pack.ts'
import { loadForm, type Nest } from './loops-access.ts'
import { cursorOf } from './loops-forms.ts'
import { OP } from './opcodes.ts'

/** A shared function, made on first use: its index in the module. */
export type Shared = (name: string, parameters: number, build: () => Uint8Array) => number

/** Locals: the first point of a block of an axis, and how many it has. */
export interface Span {
  readonly start: number
  readonly count: number
}

export interface Packer {
  readonly operand: Operand
  readonly side: Side
  readonly bytes: number
  /** Functions of the module; the last two only for tables. */
  readonly pack: number
  readonly fillLines: number
  readonly fillDepth: number
  /** Locals: the block's first element, and the panels and tables in scratch. */
  readonly base: number
  readonly panel: number
  readonly lines: number
  readonly depth: number
}

/** `which` operand of the product; `scratch`: a local. Fills its table of lines. */
export function packerOf(
  { code }: Nest,
  panels: Panels,
  which: 'left' | 'right',
  scratch: number,
  shared: Shared,
): Packer {
  const { dtype, bytes, at, tile } = panels
  const [operand, side, wide] =
    which === 'left' ? [panels.left, panels.rows, tile.rows] : [panels.right, panels.columns, tile.columns]
  const layout = layoutOf(operand)
  const plain = isStrided(operand)
  const packing = { dtype, lines: wide, layout }
  const pack = plain
    ? shared(`pack ${dtype} ${wide} ${layout}`, 6, () => packFunction(packing))
    : shared(`gather ${dtype} ${wide} ${layout}`, 6, () => gatherFunction(packing))
  const fill = (dims: readonly Dim[]): number => {
    const scaled = (dims.length > 0 ? dims : [{ extent: 1, stride: 0 }]).map(({ extent, stride }) => ({
      extent,
      stride: stride * bytes,
    }))
    const name = scaled.map((d) => `${d.extent}x${d.stride}`).join(' ')
    return plain ? -1 : shared(`offsets ${name}`, 3, () => offsetsFunction(scaled))
  }
  const place = (offset: number): number => {
    const local = code.local(I32)
    code.get(scratch)
    code.i32(offset)
    code.op(OP['i32.add'])
    code.set(local)
    return local
  }
  const packer: Packer = {
    ...{ operand, side, bytes, pack },
    fillLines: fill(operand.lines),
    fillDepth: fill(operand.depth),
    base: code.local(I32),
    panel: place(at[which]),
    lines: place(at[`${which}Lines`]),
    depth: place(at[`${which}Depth`]),
  }
  if (!plain) {
    code.get(packer.lines)
    code.i32(0)
    code.i32(linesOf(side))
    code.target(OP.call, packer.fillLines)
  }
  return packer
}

/** Which way neighbours in memory are neighbours in a panel; the longer run, where both are. */
function layoutOf({ lines, depth }: Operand): Layout {
  const run = (dims: readonly Dim[]): number => (dims.at(-1)?.stride === 1 ? dims.at(-1)!.extent : 0)
  if (run(lines) === 0 && run(depth) === 0) return 'none'
  return run(lines) >= run(depth) ? 'lines' : 'depth'
}

/** The table of offsets of the points of k in `k`. */
export function fillDepth({ code }: Nest, packer: Packer, k: Span): void {
  if (isStrided(packer.operand)) return
  code.get(packer.depth)
  code.get(k.start)
  code.get(k.count)
  code.target(OP.call, packer.fillDepth)
}

/** The first element of the block that starts at `points` of the side's axes, at the current point of the batch axes. */
export function setBase(nest: Nest, { operand, side, bytes, base }: Packer, points: readonly Span[]): void {
  const { code, kernel, cursors } = nest
  const form = loadForm(nest, operand.load)
  const batch = kernel.outer.length - kernel.form!.m.length - kernel.form!.n.length
  const cursor = cursorOf(cursors, form, batch)
  if (cursor === undefined) code.i32(form.base + form.offset)
  else {
    code.get(cursor)
    code.i32(form.offset)
    code.op(OP['i32.add'])
  }
  points.forEach(({ start }, i) => {
    addProduct(code, start, operand.load.map.strides[side.axes[i]!]! * bytes)
  })
  code.set(base)
}

/** Packs `lines` of the block, at `k`; panels of different k lie `step` bytes a point apart. */
export function emitPack({ code }: Nest, packer: Packer, lines: Span, k: Span, step = 0): void {
  const { operand, bytes } = packer
  code.get(packer.panel)
  addProduct(code, k.start, step)
  code.get(packer.base)
  if (isStrided(operand)) {
    const [line, depth] = [operand.lines[0]?.stride ?? 0, operand.depth[0]?.stride ?? 0]
    addProduct(code, lines.start, line * bytes)
    addProduct(code, k.start, depth * bytes)
    code.get(lines.count)
    code.get(k.count)
    code.i32(line * bytes)
    code.i32(depth * bytes)
  } else {
    code.get(packer.lines)
    addProduct(code, lines.start, 4)
    code.get(lines.count)
    code.get(packer.depth)
    code.get(k.count)
  }
  code.target(OP.call, packer.pack)
}

/** Adds local · by to the number on the stack. */
function addProduct(code: Code, local: number, by: number): void {
  code.get(local)
  code.i32(by)
  code.op(OP['i32.mul'])
  code.op(OP['i32.add'])
}
