/**
 * unroll: a kernel whose reductions run over a handful of points becomes straight-line code: windows of a pool, taps of a depthwise
 * convolution, small matrices.
 * Invariant: values join in the order of the points, one accumulator; the kernel stores what it stored.
 * May not: unroll what reads its operands faster along the reduced axes than along the outer ones.
 */
import type { Affine, Instr, Kernel, Reduction, Store, Sweep } from '../../core/loops.ts'
import type { Scalar } from '../../core/scalar.ts'
import { count } from '../../core/shape.ts'
import { mapForms } from './coalesce.ts'
import { MAX_CODE } from './element.ts'
import { renumber, renumberMap } from './instructions.ts'
import { type CodeWriter, codeWriter } from './writer.ts'

/** Points of a reduction. */
const MOST = 16
/** Elements between lanes that four loads and some shuffles still bring together. */
const NEAR = 3

const joins = { sum: 'add', prod: 'mul', max: 'max', min: 'min' } as const
const numbers: ReadonlySet<string> = new Set(['f32', 'f64', 'i32'])

/** `kernel` in one sweep without inner axes; itself where that does not pay. */
export function unroll(kernel: Kernel): Kernel {
  if (!kernel.sweeps.some((s) => s.inner.length > 0) || !kernel.sweeps.every((s) => isShort(kernel, s))) return kernel
  const size = kernel.sweeps.reduce((n, s) => n + s.code.length * pointsOf(s), 0)
  if (size > MAX_CODE || rereads(kernel)) return kernel
  const code = codeWriter()
  const results: (readonly Scalar[])[] = []
  const stores: Store[] = []
  for (const sweep of kernel.sweeps) {
    const outer = kernel.outer.length
    const values = eachPoint(sweep).map((at) => written(code, pinned(sweep, outer, at), results))
    results.push(
      sweep.reductions.map((r) =>
        folded(
          code,
          r,
          values.map((ids) => ids[r.value]!),
        ),
      ),
    )
    if (sweep.inner.length > 0) continue
    const [ids] = values as [readonly Scalar[]]
    const to = (id: number): number => ids[id]!.id
    stores.push(...sweep.stores.map((s) => ({ ...s, map: renumberMap(s.map, to), value: to(s.value) })))
  }
  return { ...kernel, sweeps: [{ inner: [], code: code.code, reductions: [], stores }] }
}

const pointsOf = (sweep: Sweep): number => count(sweep.inner.map((a) => a.extent))

function isShort({ outer }: Kernel, sweep: Sweep): boolean {
  if (sweep.inner.length === 0) return sweep.reductions.length === 0
  const points = pointsOf(sweep)
  const last = outer.length - 1
  const near = (i: Instr): boolean => i.op !== 'load' || Math.abs(i.map.strides[last] ?? 0) <= NEAR
  return (
    points > 0 &&
    points <= MOST &&
    sweep.stores.length === 0 &&
    sweep.inner.every((a) => !a.tile) &&
    sweep.reductions.every((r) => numbers.has(r.dtype) && numbers.has(sweep.code[r.value]!.dtype)) &&
    sweep.code.every(near)
  )
}

/** Whether a sweep loads what an earlier one stores. */
function rereads({ sweeps }: Kernel): boolean {
  const stored = new Set<number>()
  return sweeps.some((sweep) => {
    const again = sweep.code.some((i) => i.op === 'load' && stored.has(i.buffer))
    for (const s of sweep.stores) stored.add(s.buffer)
    return again
  })
}

function eachPoint({ inner }: Sweep): readonly (readonly number[])[] {
  return inner.reduce<readonly (readonly number[])[]>(
    (points, { extent }) => points.flatMap((p) => Array.from({ length: extent }, (_, i) => [...p, i])),
    [[]],
  )
}

/** The sweep at one point of its inner axes. */
function pinned(sweep: Sweep, outer: number, at: readonly number[]): Sweep {
  return mapForms(
    sweep,
    <T extends Affine>(form: T): T => ({
      ...form,
      offset: form.offset + at.reduce((sum, k, i) => sum + k * form.strides[outer + i]!, 0),
      strides: form.strides.slice(0, outer),
    }),
  )
}

/** What each instruction of `sweep` is in `code`. */
function written(code: CodeWriter, sweep: Sweep, results: readonly (readonly Scalar[])[]): readonly Scalar[] {
  const scalars: Scalar[] = []
  for (const instr of sweep.code) {
    const made =
      instr.op === 'reduced' ? results[instr.sweep]![instr.which]! : code.emit(renumber(instr, (id) => scalars[id]!.id))
    scalars.push(made)
  }
  return scalars
}

function folded(code: CodeWriter, { monoid, dtype }: Reduction, values: readonly Scalar[]): Scalar {
  if (monoid === 'argmax') return firstGreatest(code, values)
  return values.reduce((total, value) => code.apply(joins[monoid], [total, value], dtype))
}

/** The number of the first maximum, or of the first NaN. */
function firstGreatest(code: CodeWriter, values: readonly Scalar[]): Scalar {
  let [best, at] = [values[0]!, code.constant(0, 'i32')]
  const floats = best.dtype !== 'i32'
  values.slice(1).forEach((value, i) => {
    const greater = code.apply('lt', [best, value])
    const isNaN = (x: Scalar) => code.apply('ne', [x, x])
    const first = () => code.apply('and', [isNaN(value), code.apply('eq', [best, best])], 'bool')
    const better = floats ? code.apply('or', [greater, first()], 'bool') : greater
    at = code.apply('select', [better, code.constant(i + 1, 'i32'), at])
    best = code.apply('select', [better, value, best])
  })
  return at
}
