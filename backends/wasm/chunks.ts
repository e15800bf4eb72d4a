/**
 * A long reduction that nobody shares, chunk by chunk: its function does some chunks at a call, and what follows when the last is done.
 * Invariant: chunks are the blocks of the reduction, joined in their order: the bits are those of one loop.
 * May not: be called by several ranks.
 */
import type { BufferId, Kernel } from '../../core/loops.ts'
import { partialBytes, sizeOf, split } from '../../planner/kernels/split.ts'
import type { PlanBuffer } from '../../planner/types.ts'
import { emitLoops } from './loops.ts'
import type { Nest } from './loops-access.ts'
import { OP } from './opcodes.ts'

export interface Chunks {
  readonly partial: Kernel
  readonly rest: Kernel
  readonly buffers: ReadonlyMap<BufferId, PlanBuffer>
  readonly count: number
}

/** The parts of a kernel that has scratch for its partial results. */
export function chunksOf(kernel: Kernel, known: ReadonlyMap<BufferId, PlanBuffer>): Chunks | undefined {
  const { scratch } = kernel
  const bytes = scratch ? partialBytes(kernel) : 0
  if (!scratch || bytes === 0 || scratch.perRank < bytes) return undefined
  const whole = known.get(scratch.buffer)!
  const buffers = new Map(known)
  let offset = whole.offset + scratch.shared
  const [partial, rest] = split(kernel, ({ dtype, shape }) => {
    const id = -1 - buffers.size
    buffers.set(id, { ...whole, id, dtype, shape, offset, bytes: sizeOf({ dtype, shape }) })
    offset += sizeOf({ dtype, shape })
    return id
  })
  return { partial: partial!, rest: rest!, buffers, count: partial!.outer[0]!.extent }
}

/** Parameters of the function that `nest` writes: from, to (of the chunks). */
export function emitChunks(nest: Nest, { partial, rest, buffers, count }: Chunks): void {
  const { code } = nest
  emitLoops({ ...nest, kernel: partial, buffers, cursors: new Map(), axes: [] }, [{ from: 0, to: { local: 1 } }])
  code.get(1)
  code.i32(count)
  code.op(OP['i32.eq'])
  code.open(OP.if)
  emitLoops({ ...nest, kernel: rest, buffers, cursors: new Map(), axes: [] })
  code.op(OP.end)
}
