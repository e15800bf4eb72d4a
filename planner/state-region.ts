/**
 * Where state lies: one region, without gaps, so that all float values of a dtype are one vector.
 * Invariant: the widest dtype first and otherwise in order of declaration, so every value is aligned to its elements by itself; the same
 * values give the same region in every plan.
 * May not: know what comes after it in the arena.
 */
import type { DType } from '../core/ir.ts'
import { bytesOf, count } from '../core/shape.ts'
import { aligned } from './target.ts'

export interface StateRegion {
  /** Bytes from the region's start, for each value. */
  readonly offsets: readonly number[]
  /** A multiple of the alignment of buffers. */
  readonly bytes: number
}

/** Floats of a dtype side by side: f32 and i32, of one width, do not mix. */
const order: readonly (readonly DType[])[] = [['f64'], ['f32'], ['i32'], ['bool', 'u8']]

export function stateRegion(
  values: readonly { readonly dtype: DType; readonly shape: readonly number[] }[],
): StateRegion {
  const offsets = new Array<number>(values.length)
  let end = 0
  for (const dtypes of order)
    for (const [i, { dtype, shape }] of values.entries()) {
      if (!dtypes.includes(dtype)) continue
      offsets[i] = end
      end += count(shape) * bytesOf[dtype]
    }
  return { offsets, bytes: aligned(end) }
}
