/**
 * Typed views over a plan's memory.
 * Invariant: a view covers exactly the elements of its port.
 * May not: copy.
 */
import type { DType, TypedArray } from '../core/ir.ts'
import { count } from '../core/shape.ts'
import type { PlanData, Port } from '../planner/types.ts'

const over: Readonly<Record<DType, (memory: ArrayBufferLike, offset: number, length: number) => TypedArray>> = {
  f32: (memory, offset, length) => new Float32Array(memory, offset, length),
  f64: (memory, offset, length) => new Float64Array(memory, offset, length),
  i32: (memory, offset, length) => new Int32Array(memory, offset, length),
  bool: (memory, offset, length) => new Uint8Array(memory, offset, length),
  u8: (memory, offset, length) => new Uint8Array(memory, offset, length),
}

/** The class of arrays that hold `dtype`. */
export const className = (dtype: DType): string =>
  ({ f32: 'Float32Array', f64: 'Float64Array', i32: 'Int32Array', bool: 'Uint8Array', u8: 'Uint8Array' })[dtype]

export function views(plan: PlanData, memory: ArrayBufferLike, ports: readonly Port[]): readonly TypedArray[] {
  const offsets = new Map(plan.buffers.map((b) => [b.id, b.offset]))
  return ports.map(({ dtype, shape, buffer }) => over[dtype](memory, offsets.get(buffer)!, count(shape)))
}

/** Constants to their places. */
export function placeConstants(plan: PlanData, memory: ArrayBufferLike): void {
  for (const { data, offset } of plan.buffers) {
    if (data === undefined) continue
    const binary = atob(data)
    const bytes = new Uint8Array(memory, offset, binary.length)
    for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i)
  }
}
