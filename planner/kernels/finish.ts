/**
 * finish: a merged kernel gets its final axes, the order of its sums, and its contraction form.
 * Invariant: lanes and blocks follow from shapes and strides alone, never from workers: that is why bits are equal for any number of them.
 * May not: fuse.
 */
import type { Contraction, Instr, Kernel, Sweep } from '../../core/loops.ts'
import { count } from '../../core/shape.ts'
import { coalesce } from './coalesce.ts'
import { compact } from './compact.ts'
import type { Draft } from './lower.ts'

/** Products are summed in order within blocks of this many; a packed contraction does the same. */
export const PRODUCT_BLOCK = 256
/** Elements of a chunk of a long reduction. */
export const CHUNK = 16384

export function finish(draft: Draft): Kernel {
  const { product, ...kernel } = coalesce({ ...draft, sweeps: draft.sweeps.map((s) => compact(s).sweep) })
  const form = product ? formOf(kernel) : undefined
  const sweeps = kernel.sweeps.map((sweep) => ordered(kernel, sweep, form !== undefined))
  return Object.freeze({ ...kernel, sweeps, ...(form && { form }) })
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

/** The contraction that sweep 0 is, if it is one over a single axis. n is the axis along which the result is contiguous, where there is one. */
function formOf(kernel: Kernel): Contraction | undefined {
  const [sweep, ...rest] = kernel.sweeps
  const [reduction] = sweep!.reductions
  if (sweep!.inner.length !== 1 || sweep!.reductions.length !== 1 || rest.some((s) => s.inner.length > 0))
    return undefined
  const product = sweep!.code[reduction!.value]!
  if (product.op !== 'mul') return undefined
  const [x, y] = product.args.map((id) => [id, sweep!.code[id]!] as const) as [Operand, Operand]
  if (!isPlain(x[1]) || !isPlain(y[1]) || x[0] === y[0]) return undefined
  const only = (one: Operand, other: Operand) =>
    kernel.outer.flatMap((_, a) => (strideOf(one[1], a) !== 0 && strideOf(other[1], a) === 0 ? [a] : []))
  const store = rest.flatMap((s) => s.stores)[0]
  const isUnit = (a: number) => store?.map.strides[a] === 1
  const largest = (axes: readonly number[]) =>
    axes.toSorted(
      (p, q) => Number(isUnit(q)) - Number(isUnit(p)) || kernel.outer[q]!.extent - kernel.outer[p]!.extent,
    )[0]
  const [m, n] = [largest(only(x, y)), largest(only(y, x))]
  if (m === undefined || n === undefined) return undefined
  return isUnit(m) ? { m: n, n: m, k: 0, a: y[0], b: x[0] } : { m, n, k: 0, a: x[0], b: y[0] }
}
type Operand = readonly [number, Instr]
const isPlain = (i: Instr): boolean => i.op === 'load' && !i.guards && !i.map.indirect
const strideOf = (i: Instr, axis: number): number => (i.op === 'load' ? (i.map.strides[axis] ?? 0) : 0)
