/**
 * Tables of offsets: where the points of several axes, walked as one, lie in memory. Packing reads convolutions through them.
 * Invariant: entry i, an i32 in bytes, is Σ stride · index of point start + i, row-major over the axes.
 * May not: know kernels.
 */
import type { Dim } from '../../planner/panels.ts'
import { type Code, functionCode, I32 } from './assembler.ts'
import { addConstant, until } from './locals.ts'
import { OP } from './opcodes.ts'

const [TO, START, COUNT] = [0, 1, 2]

interface Walk {
  readonly code: Code
  readonly dims: readonly Dim[]
  /** Locals: the index along each axis, and the offset. */
  readonly index: readonly number[]
  readonly offset: number
}

/** fill(to, start, count), count > 0. Strides of `dims` are in bytes. */
export function offsetsFunction(dims: readonly Dim[]): Uint8Array {
  const code = functionCode(3)
  const walk: Walk = { code, dims, index: dims.map(() => code.local(I32)), offset: code.local(I32) }
  enter(walk)
  const end = code.local(I32)
  const last = dims.length - 1
  code.open(OP.loop)
  pushRun(walk, last)
  code.set(end)
  subtract(code, COUNT, end)
  increase(code, walk.index[last]!, end)
  code.get(TO)
  code.get(end)
  code.i32(2)
  code.op(OP['i32.shl'])
  code.op(OP['i32.add'])
  code.set(end)
  until(code, TO, end, () => {
    code.get(TO)
    code.get(walk.offset)
    code.memory(OP['i32.store'], 0)
    addConstant(code, walk.offset, dims[last]!.stride)
    addConstant(code, TO, 4)
  })
  carry(walk, last)
  code.get(COUNT)
  code.target(OP.br_if, 0)
  code.op(OP.end)
  return code.finish()
}

/** Indices and offset of point START. */
function enter({ code, dims, index, offset }: Walk): void {
  for (let d = dims.length - 1; d >= 0; d--) {
    code.get(START)
    if (d > 0) {
      code.i32(dims[d]!.extent)
      code.op(OP['i32.rem_u'])
    }
    code.tee(index[d]!)
    code.i32(dims[d]!.stride)
    code.op(OP['i32.mul'])
    code.get(offset)
    code.op(OP['i32.add'])
    code.set(offset)
    if (d === 0) continue
    code.get(START)
    code.i32(dims[d]!.extent)
    code.op(OP['i32.div_u'])
    code.set(START)
  }
}

/** Pushes how many points are left along the last axis, at most COUNT. */
function pushRun({ code, dims, index }: Walk, last: number): void {
  const left = (): void => {
    code.i32(dims[last]!.extent)
    code.get(index[last]!)
    code.op(OP['i32.sub'])
  }
  code.get(COUNT)
  left()
  code.get(COUNT)
  left()
  code.op(OP['i32.lt_u'])
  code.op(OP.select)
}

/** From the end of axis `d` to the next point of the one before it. */
function carry(walk: Walk, d: number): void {
  if (d === 0) return
  const { code, dims, index, offset } = walk
  code.get(index[d]!)
  code.i32(dims[d]!.extent)
  code.op(OP['i32.eq'])
  code.open(OP.if)
  code.i32(0)
  code.set(index[d]!)
  addConstant(code, offset, dims[d - 1]!.stride - dims[d]!.extent * dims[d]!.stride)
  addConstant(code, index[d - 1]!, 1)
  carry(walk, d - 1)
  code.op(OP.end)
}

function increase(code: Code, local: number, by: number): void {
  code.get(local)
  code.get(by)
  code.op(OP['i32.add'])
  code.set(local)
}
function subtract(code: Code, local: number, by: number): void {
  code.get(local)
  code.get(by)
  code.op(OP['i32.sub'])
  code.set(local)
}
