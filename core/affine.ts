/**
 * Index arithmetic for lowerings: affine forms of loop axes.
 * Invariant: terms with extent 1 or stride 0 are dropped, so equal forms look equal.
 * May not: know what is indexed.
 */
import type { Index } from './ir.ts'
import type { Scalar } from './scalar.ts'

export const fixed = (offset: number): Index => ({ offset, terms: [] })

export const axis = (id: number, extent: number): Index => ({
  offset: 0,
  terms: extent === 1 ? [] : [{ axis: id, extent, stride: 1 }],
})

export const shift = (at: Index, by: number): Index => (by === 0 ? at : { ...at, offset: at.offset + by })

export const indirect = (value: Scalar): Index => ({ offset: 0, terms: [], indirect: [{ value, stride: 1 }] })

/** at · by */
export function scaleIndex(at: Index, by: number): Index {
  if (by === 1) return at
  return {
    offset: at.offset * by,
    terms: by === 0 ? [] : at.terms.map((t) => ({ ...t, stride: t.stride * by })),
    ...(at.indirect && by !== 0 && { indirect: at.indirect.map((v) => ({ ...v, stride: v.stride * by })) }),
  }
}

/** Σ at[d] · strides[d]: a row-major address, or any other affine combination. Terms of one axis are merged. */
export function combine(at: readonly Index[], strides: readonly number[]): Index {
  const terms: { axis: number; extent: number; stride: number }[] = []
  const values: { value: Scalar; stride: number }[] = []
  let offset = 0
  at.forEach((index, d) => {
    const by = strides[d]!
    offset += index.offset * by
    for (const t of index.terms) {
      const same = terms.find((o) => o.axis === t.axis)
      if (same) same.stride += t.stride * by
      else terms.push({ axis: t.axis, extent: t.extent, stride: t.stride * by })
    }
    for (const v of index.indirect ?? []) values.push({ value: v.value, stride: v.stride * by })
  })
  const kept = terms.filter((t) => t.stride !== 0 && t.extent !== 1)
  return { offset, terms: kept, ...(values.length > 0 && { indirect: values }) }
}
