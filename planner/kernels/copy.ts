/** A kernel that copies one buffer into another of the same size. */
import type { DType } from '../../core/ir.ts'
import type { BufferId } from '../../core/loops.ts'
import type { Draft } from './lower.ts'

export function copy(from: BufferId, to: BufferId, dtype: DType, length: number): Draft {
  const map = { offset: 0, strides: length === 1 ? [] : [1] }
  return {
    name: 'copy',
    outer: length === 1 ? [] : [{ name: 'i0', extent: length, kind: 'parallel' }],
    sweeps: [
      {
        inner: [],
        code: [{ op: 'load', dtype, buffer: from, map }],
        reductions: [],
        stores: [{ buffer: to, map, value: 0 }],
      },
    ],
    product: false,
  }
}
