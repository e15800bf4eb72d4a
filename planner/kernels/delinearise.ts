/**
 * delinearise: a row-major address back into one index per axis, where that is affine.
 * Invariant: exact or undefined: each index stays within its axis for all values of the loop axes.
 * May not: split a loop axis that straddles two tensor axes; then the caller goes through memory.
 */
import type { Index } from '../../core/ir.ts'
import { stridesOf } from '../../core/shape.ts'

export function delinearise(flat: Index, shape: readonly number[]): readonly Index[] | undefined {
  if (flat.indirect) return undefined
  const strides = stridesOf(shape)
  if (shape.includes(0)) return undefined
  const terms = shape.map((): Index['terms'][number][] => [])
  let offset = flat.offset
  const offsets = strides.map((s) => {
    const k = Math.floor(offset / s)
    offset -= k * s
    return k
  })
  if (shape.length === 0) return flat.terms.length === 0 && flat.offset === 0 ? [] : undefined
  for (const t of flat.terms) {
    const d = strides.findIndex((s, i) => t.stride >= s && t.stride % s === 0 && shape[i]! > 1)
    if (d < 0) return undefined
    terms[d]!.push({ ...t, stride: t.stride / strides[d]! })
  }
  const out = shape.map((_, d): Index => ({ offset: offsets[d]!, terms: terms[d]! }))
  return out.every((index, d) => reach(index) < shape[d]! && index.offset >= 0) ? out : undefined
}
const reach = (at: Index): number => at.offset + at.terms.reduce((sum, t) => sum + t.stride * (t.extent - 1), 0)
