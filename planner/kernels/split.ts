/**
 * split: long reductions with few results become two kernels, so that workers can share them: partial results of the reductions'
 * blocks, which are what ranks take, and their combination, left to right.
 * Invariant: the bits are those of the kernel that was split, for it combines its blocks in the same order.
 * May not: split argmax (positions), contractions, or kernels whose later sweeps have loops of their own.
 */
import type { Affine, Axis, BufferId, Instr, Kernel, Reduction, Sweep } from '../../core/loops.ts'
import { bytesOf, count, stridesOf } from '../../core/shape.ts'
import type { Value } from './buffers.ts'
import { mapForms } from './coalesce.ts'
import { CHUNK } from './finish.ts'

const FEW = 64
/** Chunks from which on a sum on one worker is worth calls of its own. */
const MANY = 16

/**
 * Bytes that the partial results of a long reduction take, 0 where it is short or cannot be split: a backend may split it itself, in scratch, so
 * that one function does not run for long.
 */
export function partialBytes(kernel: Kernel): number {
  let bytes = 0
  const parts = split(kernel, (value) => {
    bytes += sizeOf(value)
    return -1
  })
  return parts.length > 1 && parts[0]!.outer[0]!.extent >= MANY ? bytes : 0
}
/** Of one kind of partial results, so that another may follow. */
export const sizeOf = ({ dtype, shape }: Pick<Value, 'dtype' | 'shape'>): number =>
  8 * Math.ceil((bytesOf[dtype] * count(shape)) / 8)

export function split(kernel: Kernel, extra: (value: Omit<Value, 'id'>) => BufferId): readonly Kernel[] {
  const [sweep, ...rest] = kernel.sweeps
  const [first, ...others] = sweep!.inner
  const { reductions } = sweep!
  if (!first || kernel.form || reductions.length === 0 || rest.some((s) => s.inner.length > 0)) return [kernel]
  if (reductions.some((r) => r.monoid === 'argmax' || r.block !== reductions[0]!.block)) return [kernel]
  const row = count(others.map((a) => a.extent))
  const { block } = reductions[0]!
  const results = count(kernel.outer.map((a) => a.extent))
  if (results > FEW || first.extent * row < 2 * CHUNK || row === 0 || block % row !== 0) return [kernel]
  const length = block / row
  const chunks = Math.ceil(first.extent / length)
  const shape = [...kernel.outer.map((a) => a.extent), chunks]
  const buffers = reductions.map(({ dtype }) =>
    extra({ name: `partial ${kernel.name}`, role: 'temporary', dtype, shape }),
  )
  return [
    partial(kernel, sweep!, length, chunks, buffers),
    { ...kernel, sweeps: [combining(kernel, reductions, chunks, buffers), ...rest] },
  ]
}

/** The chunk axis comes first among the outer ones, so that ranks share chunks. */
function partial(kernel: Kernel, sweep: Sweep, length: number, chunks: number, buffers: readonly BufferId[]): Kernel {
  const p = kernel.outer.length
  const chunk: Axis = { name: 'chunk', extent: chunks, kind: 'parallel' }
  const [first, ...others] = sweep.inner as [Axis, ...Axis[]]
  const tile: Axis = { ...first, extent: length, tile: { of: 0, total: first.extent } }
  const withChunk = <T extends Affine>(form: T): T => ({
    ...form,
    strides: [length * (form.strides[p] ?? 0), ...form.strides],
  })
  const tiled = { ...mapForms(sweep, withChunk), inner: [tile, ...others] }
  const outer = kernel.outer.map((a) => a.extent)
  const map: Affine = { offset: 0, strides: [1, ...stridesOf(outer).map((s) => s * chunks)] }
  const code = sweep.reductions.map(({ dtype }, which): Instr => ({ op: 'reduced', dtype, sweep: 0, which }))
  const stores = buffers.map((buffer, value) => ({ buffer, map, value }))
  const storing: Sweep = { inner: [], code, reductions: [], stores }
  return { name: kernel.name, outer: [chunk, ...kernel.outer], sweeps: [tiled, storing] }
}

function combining(
  kernel: Kernel,
  reductions: readonly Reduction[],
  chunks: number,
  buffers: readonly BufferId[],
): Sweep {
  const outer = kernel.outer.map((a) => a.extent)
  const inner: Axis = { name: 'chunk', extent: chunks, kind: 'sequential' }
  const map: Affine = { offset: 0, strides: [...stridesOf(outer).map((s) => s * chunks), 1] }
  const code = reductions.map(({ dtype }, i): Instr => ({ op: 'load', dtype, buffer: buffers[i]!, map }))
  return {
    inner: [inner],
    code,
    reductions: reductions.map((r, value) => ({ ...r, value, lanes: 1, block: chunks })),
    stores: [],
  }
}
