/**
 * finish: a merged kernel gets its final axes, the order of its sums, and its contraction form.
 * Invariant: lanes and blocks follow from shapes and strides alone, never from workers: that is why bits are equal for any number of them.
 * May not: fuse.
 */
import type { Kernel, Sweep } from '../../core/loops.ts'
import { reference } from '../../core/scalar-evaluate.ts'
import { count } from '../../core/shape.ts'
import { block } from './block.ts'
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
/** Points of a row worth lanes of its own, and how many rows may follow one another. */
const RAGGED = { row: 16, rows: 1024 }
/** Instructions of code that is long, and those that a transcendental counts as. */
const LONG = 32
const TRANSCENDENTAL = 20

export function finish(draft: Draft): Kernel {
  const { product, ...plain } = coalesce(spread({ ...draft, sweeps: draft.sweeps.map((s) => compact(s).sweep) }))
  const kernel: Kernel = (product && contraction(plain)) || block(longAxisLast(unroll(plain)))
  const sweeps = kernel.sweeps.map((sweep) => ordered(kernel, sweep, kernel.form !== undefined))
  return Object.freeze({ ...kernel, sweeps })
}

/** Loops that only store are outer ones: then ranks share them all. */
function spread(draft: Draft): Draft {
  const [sweep, ...rest] = draft.sweeps
  const inner = sweep!.inner
  if (rest.length > 0 || sweep!.reductions.length > 0 || inner.some((a) => a.kind !== 'parallel')) return draft
  return { ...draft, outer: [...draft.outer, ...inner], sweeps: [{ ...sweep!, inner: [] }] }
}

function ordered(kernel: Kernel, sweep: Sweep, isContraction: boolean): Sweep {
  const points = count(sweep.inner.map((a) => a.extent))
  const last = kernel.outer.length + sweep.inner.length - 1
  const loads = sweep.code.filter((i) => i.op === 'load')
  const contiguous = loads.some((l) => l.map.strides[last] === 1) && loads.every((l) => (l.map.strides[last] ?? 0) <= 1)
  const lanes = isContraction || points < 8 ? 1 : contiguous ? lanesOf(sweep) : 4
  const block = isContraction
    ? PRODUCT_BLOCK
    : contiguous && isRagged(sweep)
      ? sweep.inner[1]!.extent
      : wholeRows(sweep)
  return {
    ...sweep,
    reductions: sweep.reductions.map((r) => ({ ...r, lanes: r.monoid === 'argmax' ? 1 : lanes, block })),
  }
}

/** Long code hides the latency of one group of four; rows that are a multiple of the lanes go four points at a time. */
function lanesOf({ inner, code }: Sweep): number {
  const size = code.reduce((n, i) => n + (Object.hasOwn(reference, i.op) ? TRANSCENDENTAL : 1), 0)
  let lanes = size > LONG ? 4 : 16
  if (isRagged({ inner })) return inner[1]!.extent < 4 * lanes ? 4 : lanes
  if (inner.length > 1) while (lanes > 4 && inner.at(-1)!.extent % lanes !== 0) lanes /= 2
  return lanes
}

/**
 * Few rows that are no multiple of four points: each is a block, so that its points go four at a time, too. Many rows would make a long chain of
 * sums.
 */
function isRagged({ inner }: Pick<Sweep, 'inner'>): boolean {
  const [rows, row] = inner
  return inner.length === 2 && row!.extent >= RAGGED.row && row!.extent % 4 !== 0 && rows!.extent <= RAGGED.rows
}

/** Blocks begin where rows of the inner axes after the first do, if rows are not longer. */
function wholeRows(sweep: Sweep): number {
  const row = count(sweep.inner.slice(1).map((a) => a.extent))
  return row > 0 && row <= CHUNK ? CHUNK - (CHUNK % row) : CHUNK
}
