/**
 * Shadow memory: an arena in which every byte knows the buffer that last wrote it.
 * Invariant: a load sees only bytes that its own buffer wrote (or the host, for persistent buffers); every access lies in its buffer.
 * This is the check that placement and lifetimes in a plan are right, so it may not trust them.
 * May not: know kernels.
 */
import { shadow } from '../../core/errors.ts'
import type { DType } from '../../core/ir.ts'
import type { BufferId } from '../../core/loops.ts'
import type { PlanBuffer, PlanData } from '../../planner/types.ts'
import { heapOf } from '../heap.ts'

export interface MemoryAccess {
  load(kernel: string, buffer: BufferId, element: number, dtype: DType): number
  store(kernel: string, buffer: BufferId, element: number, dtype: DType, value: number): void
}

export interface ShadowMemory extends MemoryAccess {
  readonly memory: ArrayBuffer
  /** The iteration each loop of the plan is in: slices move with it. */
  readonly iterations: Int32Array
  /** One past the highest byte that was ever touched or holds persistent data. */
  readonly highWater: number
  /** Before a run: temporaries are forgotten, and the host has written the inputs. */
  begin(): void
  /** After a run: every element of this buffer must be its own. */
  complete(buffer: BufferId, elements: number): void
}

const NOBODY = -1
const persistent = new Set<PlanBuffer['role']>(['control', 'input', 'state', 'constant'])

export function shadowMemory(plan: PlanData, arena?: ArrayBuffer): ShadowMemory {
  const { memory, views, iterations, start: startOf } = heapOf(plan, arena)
  const owner = new Int32Array(plan.arena).fill(NOBODY)
  const buffers = new Map(plan.buffers.map((b) => [b.id, b]))
  /** The buffer whose bytes a buffer's are: of a slice, the whole. */
  const wholes = new Map<BufferId, BufferId>()
  for (const b of plan.buffers) wholes.set(b.id, b.of === undefined ? b.id : wholes.get(b.of)!)
  let highWater = 0

  const touch = (end: number): void => {
    highWater = Math.max(highWater, end)
  }
  const claim = (b: PlanBuffer): void => {
    if (b.offset < 0 || b.offset + b.bytes > plan.arena)
      throw shadow('load', b.name, 0, 'the buffer lies outside the arena')
    owner.fill(b.id, b.offset, b.offset + b.bytes)
    touch(b.offset + b.bytes)
  }
  for (const b of plan.buffers) if (persistent.has(b.role)) claim(b)

  /** The first byte of an element, which lies wholly in its buffer. */
  const locate = (kernel: string, id: BufferId, element: number, size: number): number => {
    const b = buffers.get(id)
    if (b === undefined) throw shadow(kernel, `#${id}`, element, 'there is no such buffer')
    const at = element * size
    if (!(at >= 0 && at + size <= b.bytes)) throw shadow(kernel, b.name, element, 'the access lies outside the buffer')
    const start = startOf(id)
    const whole = b.of === undefined ? b : buffers.get(wholes.get(id)!)!
    if (start < whole.offset || start + b.bytes > whole.offset + whole.bytes)
      throw shadow(kernel, b.name, element, 'the slice lies outside its buffer')
    touch(start + at + size)
    return start + at
  }
  const own = (kernel: string, part: BufferId, element: number, from: number, size: number): void => {
    const id = wholes.get(part)!
    for (let i = from; i < from + size; i++) {
      const by = owner[i]!
      if (by === id) continue
      const why = by === NOBODY ? 'it was never written' : `it was overwritten by ${buffers.get(by)!.name}`
      throw shadow(kernel, buffers.get(id)!.name, element, why)
    }
  }

  return {
    memory,
    iterations,
    get highWater() {
      return highWater
    },
    begin() {
      for (let i = 0; i < owner.length; i++) {
        const by = owner[i]!
        if (by !== NOBODY && !persistent.has(buffers.get(by)!.role)) owner[i] = NOBODY
      }
      for (const b of plan.buffers) if (b.role === 'input') claim(b)
    },
    complete(id, elements) {
      const b = buffers.get(id)!
      const size = views[b.dtype].BYTES_PER_ELEMENT
      for (let i = 0; i < elements; i++) own('end of run', id, i, locate('end of run', id, i, size), size)
    },
    load(kernel, id, element, dtype) {
      const view = views[dtype]
      const at = locate(kernel, id, element, view.BYTES_PER_ELEMENT)
      own(kernel, id, element, at, view.BYTES_PER_ELEMENT)
      return view[at / view.BYTES_PER_ELEMENT]!
    },
    store(kernel, id, element, dtype, value) {
      const view = views[dtype]
      const at = locate(kernel, id, element, view.BYTES_PER_ELEMENT)
      owner.fill(wholes.get(id)!, at, at + view.BYTES_PER_ELEMENT)
      view[at / view.BYTES_PER_ELEMENT] = value
    },
  }
}
