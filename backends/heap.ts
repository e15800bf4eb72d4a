/**
 * The arena of a plan as typed arrays, and where each buffer begins in it: slices move with the loops around them.
 * Invariant: all views share one memory and see `plan.arena` bytes of it.
 * May not: check an access.
 */
import type { DType, TypedArray } from '../core/ir.ts'
import type { BufferId } from '../core/loops.ts'
import type { PlanData } from '../planner/types.ts'

export interface Heap {
  readonly memory: ArrayBuffer
  readonly views: Readonly<Record<DType, TypedArray>>
  /** The iteration each loop of the plan is in. */
  readonly iterations: Int32Array
  /** First byte of a buffer, now. */
  start(buffer: BufferId): number
  /** The same in elements. */
  begin(buffer: BufferId): number
}

/** Over `memory`, which may be larger than the arena. */
export function heapOf(plan: PlanData, memory: ArrayBuffer = new ArrayBuffer(plan.arena)): Heap {
  const bytes = new Uint8Array(memory, 0, plan.arena)
  const whole = <T>(View: { new (b: ArrayBuffer, offset: number, length: number): T; BYTES_PER_ELEMENT: number }): T =>
    new View(memory, 0, Math.floor(plan.arena / View.BYTES_PER_ELEMENT))
  const [f32, f64, i32] = [whole(Float32Array), whole(Float64Array), whole(Int32Array)]
  const views = { f32, f64, i32, bool: bytes, u8: bytes }
  const iterations = new Int32Array(plan.loops.length)
  const buffers = new Map(plan.buffers.map((b) => [b.id, b]))
  const start = (id: BufferId): number => {
    const { moves = [], offset } = buffers.get(id)!
    return moves.reduce((sum, { loop, stride }) => sum + stride * iterations[loop]!, offset)
  }
  const begin = (id: BufferId): number => start(id) / views[buffers.get(id)!.dtype].BYTES_PER_ELEMENT
  return { memory, views, iterations, start, begin }
}
