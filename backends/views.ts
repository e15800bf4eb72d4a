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

type Typed = Pick<Port, 'dtype' | 'shape'>

/** The class of arrays that hold `dtype`. */
export const className = (dtype: DType): string =>
  ({ f32: 'Float32Array', f64: 'Float64Array', i32: 'Int32Array', bool: 'Uint8Array', u8: 'Uint8Array' })[dtype]

/** Where the buffers of ports start, in bytes. */
export function offsetsOf(plan: PlanData, ports: readonly Port[]): readonly number[] {
  const offsets = new Map(plan.buffers.map((b) => [b.id, b.offset]))
  return ports.map(({ buffer }) => offsets.get(buffer)!)
}

export const viewAt = (memory: ArrayBufferLike, offset: number, { dtype, shape }: Typed): TypedArray =>
  over[dtype](memory, offset, count(shape))

export function views(plan: PlanData, memory: ArrayBufferLike, ports: readonly Port[]): readonly TypedArray[] {
  const offsets = offsetsOf(plan, ports)
  return ports.map((port, i) => viewAt(memory, offsets[i]!, port))
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
