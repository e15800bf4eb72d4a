/**
 * split: a long reduction with few results becomes two kernels: partial results of chunks fixed by shape, and their combination.
 * Chunks are what workers share, so a sum of millions runs on all of them, with the same bits on one.
 * Invariant: the cut depends on extents only.
 * May not: split argmax (positions) or contractions (their own blocks).
 */
import type { Affine, Axis, BufferId, Instr, Sweep } from '../../core/loops.ts'
import { count, stridesOf } from '../../core/shape.ts'
import type { Value } from './buffers.ts'
import { mapForms } from './coalesce.ts'
import { CHUNK } from './finish.ts'
import type { Draft } from './lower.ts'

const FEW = 64

export function split(draft: Draft, extra: (value: Omit<Value, 'id'>) => BufferId): readonly Draft[] {
  const [sweep, ...rest] = draft.sweeps
  const [first, ...others] = sweep!.inner
  const results = count(draft.outer.map((a) => a.extent))
  if (!first || sweep!.reductions.length !== 1 || sweep!.reductions[0]!.monoid === 'argmax' || draft.product)
    return [draft]
  const row = count(others.map((a) => a.extent))
  if (results > FEW || first.extent * row < 2 * CHUNK || row > CHUNK) return [draft]
  const length = Math.max(1, Math.floor(CHUNK / row))
  const chunks = Math.ceil(first.extent / length)
  const reduction = sweep!.reductions[0]!
  const shape = [...draft.outer.map((a) => a.extent), chunks]
  const buffer = extra({ name: `partial ${draft.name}`, role: 'temporary', dtype: reduction.dtype, shape })
  return [
    partial(draft, sweep!, length, chunks, buffer),
    { ...draft, sweeps: [combining(draft, reduction, chunks, buffer), ...rest] },
  ]
}

/** The chunk axis comes first among the outer ones, so that ranks share chunks. */
function partial(draft: Draft, sweep: Sweep, length: number, chunks: number, buffer: BufferId): Draft {
  const p = draft.outer.length
  const chunk: Axis = { name: 'chunk', extent: chunks, kind: 'parallel' }
  const [first, ...others] = sweep.inner as [Axis, ...Axis[]]
  const tile: Axis = { ...first, extent: length, tile: { of: 0, total: first.extent } }
  const withChunk = <T extends Affine>(form: T): T => ({
    ...form,
    strides: [length * (form.strides[p] ?? 0), ...form.strides],
  })
  const tiled = { ...mapForms(sweep, withChunk), inner: [tile, ...others] }
  const outer = draft.outer.map((a) => a.extent)
  const map: Affine = { offset: 0, strides: [1, ...stridesOf(outer).map((s) => s * chunks)] }
  const code: Instr[] = [{ op: 'reduced', dtype: sweep.reductions[0]!.dtype, sweep: 0, which: 0 }]
  const storing: Sweep = { inner: [], code, reductions: [], stores: [{ buffer, map, value: 0 }] }
  return { name: draft.name, outer: [chunk, ...draft.outer], sweeps: [tiled, storing], product: false }
}

function combining(draft: Draft, reduction: Sweep['reductions'][number], chunks: number, buffer: BufferId): Sweep {
  const outer = draft.outer.map((a) => a.extent)
  const inner: Axis = { name: 'chunk', extent: chunks, kind: 'sequential' }
  const map: Affine = { offset: 0, strides: [...stridesOf(outer).map((s) => s * chunks), 1] }
  const code: Instr[] = [{ op: 'load', dtype: reduction.dtype, buffer, map }]
  return { inner: [inner], code, reductions: [{ ...reduction, value: 0 }], stores: [] }
}
