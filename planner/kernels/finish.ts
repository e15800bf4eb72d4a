/**
 * finish: a merged kernel gets its final axes, the order of its sums, and its contraction form.
 * Invariant: lanes and blocks follow from shapes and strides alone, never from workers: that is why bits are equal for any number of them.
 * May not: fuse.
 */
import type { Kernel, Sweep } from '../../core/loops.ts'
import { count } from '../../core/shape.ts'
import { coalesce } from './coalesce.ts'
import { compact } from './compact.ts'
import { contraction } from './form.ts'
import { longAxisLast } from './lanes.ts'
import type { Draft } from './lower.ts'
import { unroll } from './unroll.ts'

/** Products are summed in order within blocks of this many; a packed contraction does the same. */
export const PRODUCT_BLOCK = 256
/** Elements of a chunk of a long reduction. */
export const CHUNK = 16384

export function finish(draft: Draft): Kernel {
  const { product, ...plain } = coalesce({ ...draft, sweeps: draft.sweeps.map((s) => compact(s).sweep) })
  const kernel: Kernel = (product && contraction(plain)) || longAxisLast(unroll(plain))
  const sweeps = kernel.sweeps.map((sweep) => ordered(kernel, sweep, kernel.form !== undefined))
  return Object.freeze({ ...kernel, sweeps })
}

function ordered(kernel: Kernel, sweep: Sweep, isContraction: boolean): Sweep {
  const points = count(sweep.inner.map((a) => a.extent))
  const last = kernel.outer.length + sweep.inner.length - 1
  const loads = sweep.code.filter((i) => i.op === 'load')
  const contiguous = loads.some((l) => l.map.strides[last] === 1) && loads.every((l) => (l.map.strides[last] ?? 0) <= 1)
  const lanes = isContraction || points < 8 ? 1 : contiguous ? 16 : 4
  const block = isContraction ? PRODUCT_BLOCK : CHUNK
  return {
    ...sweep,
    reductions: sweep.reductions.map((r) => ({ ...r, lanes: r.monoid === 'argmax' ? 1 : lanes, block })),
  }
}
