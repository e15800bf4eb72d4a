/**
 * Blocks of the rows or columns of a product: how many there are, and where each lies.
 * Invariant: blocks are numbered as their points are, the axis that is cut fastest.
 * May not: emit loops.
 */
import type { Kernel } from '../../core/loops.ts'
import { count } from '../../core/shape.ts'
import type { Panels, Side } from '../../planner/panels.ts'
import { type Code, I32 } from './assembler.ts'
import type { Span } from './contract-operand.ts'
import type { Nest } from './loops-access.ts'
import { least, pushBound } from './loops-loop.ts'
import { OP } from './opcodes.ts'

/** A block of rows or columns: its lines, and the points of each axis up to the one that is cut. */
export interface Block {
  readonly lines: Span
  readonly points: readonly Span[]
}
export const newSpan = (code: Code): Span => ({ start: code.local(I32), count: code.local(I32) })
export function newBlock(code: Code, side: Side): Block {
  const points = Array.from({ length: side.cut + 1 }, () => newSpan(code))
  return { points, lines: { start: code.local(I32), count: code.local(I32) } }
}

/** Blocks along each axis up to the one that is cut. */
export const blocksAlong = ({ outer }: Kernel, { axes, cut, points }: Side): number[] =>
  axes.slice(0, cut + 1).map((axis, at) => Math.ceil(outer[axis]!.extent / (at === cut ? points : 1)))

/** Blocks of one product of the batch. */
export const blocksOfOne = (kernel: Kernel, { rows, columns }: Panels): number =>
  count([...blocksAlong(kernel, rows), ...blocksAlong(kernel, columns)])

/** Points and lines of a side's block number `index`, a local that is used up. */
export function setBlock({ code, kernel }: Nest, side: Side, { points, lines }: Block, index: number): void {
  const along = blocksAlong(kernel, side)
  for (let at = side.cut; at >= 0; at--) {
    const many = at === side.cut ? side.points : 1
    code.get(index)
    if (at > 0) divide(code, OP['i32.rem_u'], along[at]!)
    code.i32(many)
    code.op(OP['i32.mul'])
    code.set(points[at]!.start)
    code.i32(kernel.outer[side.axes[at]!]!.extent)
    code.get(points[at]!.start)
    code.op(OP['i32.sub'])
    code.set(points[at]!.count)
    pushBound(code, least(code, many, { local: points[at]!.count }))
    code.set(points[at]!.count)
    if (at === 0) break
    code.get(index)
    divide(code, OP['i32.div_u'], along[at]!)
    code.set(index)
  }
  if (side.cut < 0) code.i32(1)
  else {
    code.get(points[side.cut]!.count)
    code.i32(side.inner)
    code.op(OP['i32.mul'])
  }
  code.set(lines.count)
}
/** What is on the stack, by `by`. */
export function divide(code: Code, opcode: number, by: number): void {
  code.i32(by)
  code.op(opcode)
}
