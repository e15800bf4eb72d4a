/**
 * straight-writer: kernels written out point by point into one sweep without axes.
 * Invariant: a load of what was stored before is the value stored; sums keep the order that their reduction fixes.
 * May not: decide which kernels (straight.ts).
 */
import type { Affine, Axis, BufferId, Guard, Instr, Kernel, Reduction, Store, Sweep } from '../../core/loops.ts'
import type { Scalar } from '../../core/scalar.ts'
import { reference } from '../../core/scalar-evaluate.ts'
import { count } from '../../core/shape.ts'
import { compact } from './compact.ts'
import { renumber } from './instructions.ts'
import { codeWriter } from './writer.ts'

/** Points of a sweep, and instructions of a kernel, that are worth unrolling. */
const MOST_POINTS = 64
const MOST_CODE = 400
/** Instructions that a transcendental counts as: more than a few points are worth vectors. */
const TRANSCENDENTAL = 50

const pointsOf = (kernel: Kernel, sweep: Sweep): number => count([...kernel.outer, ...sweep.inner].map((a) => a.extent))

/** Instructions when unrolled, transcendentals weighted. */
export function sizeOf(kernel: Kernel): number {
  let size = 0
  for (const sweep of kernel.sweeps) {
    const weights = sweep.code.map((i) => (Object.hasOwn(reference, i.op) ? TRANSCENDENTAL : 1))
    const own = weights.reduce((sum, w) => sum + w, sweep.stores.length + sweep.reductions.length)
    size += pointsOf(kernel, sweep) * own
  }
  return size
}

/** Addresses are known when planning, there are few points, and no reduction gives a position. */
export function fits(kernel: Kernel): boolean {
  const plain = (sweep: Sweep): boolean =>
    pointsOf(kernel, sweep) > 0 &&
    pointsOf(kernel, sweep) <= MOST_POINTS &&
    sweep.inner.every((a) => a.tile === undefined) &&
    sweep.code.every((i) => i.op !== 'bounded' && !(i.op === 'load' && i.map.indirect)) &&
    sweep.stores.every((s) => !s.map.indirect) &&
    sweep.reductions.every((r) => r.monoid !== 'argmax')
  const straight = kernel.outer.length === 0 && kernel.sweeps.every((s) => s.inner.length === 0)
  return kernel.scratch === undefined && kernel.sweeps.every(plain) && (straight || sizeOf(kernel) <= MOST_CODE)
}

const combining = { sum: 'add', prod: 'mul', max: 'max', min: 'min' } as const

export interface StraightWriter {
  add(kernel: Kernel): void
  /** All that was added, with the stores to buffers that are `needed`. */
  sweep(needed: (buffer: BufferId) => boolean): Sweep
}

const at = ({ offset, strides }: Affine, point: readonly number[]): number =>
  strides.reduce((sum, s, i) => sum + s * point[i]!, offset)
const inside = (guards: readonly Guard[], point: readonly number[]): boolean =>
  guards.every((g) => 0 <= at(g, point) && at(g, point) < g.extent)

/** Every point of the axes, row-major. */
function pointsIn(axes: readonly Axis[]): number[][] {
  let points: number[][] = [[]]
  for (const { extent } of axes) points = points.flatMap((p) => Array.from({ length: extent }, (_, i) => [...p, i]))
  return points
}

export function straightWriter(): StraightWriter {
  const w = codeWriter()
  /** What is stored, by buffer and element. */
  const held = new Map<string, { readonly buffer: BufferId; readonly offset: number; readonly value: Scalar }>()
  const key = (buffer: BufferId, offset: number): string => `${buffer} ${offset}`
  const load = (buffer: BufferId, offset: number, dtype: Scalar['dtype']): Scalar => {
    const known = held.get(key(buffer, offset))?.value
    if (known) return known.dtype === dtype ? known : w.apply('cast', [known], dtype)
    return w.emit({ op: 'load', dtype, buffer, map: { offset, strides: [] } })
  }

  function value(instr: Instr, point: readonly number[], values: readonly Scalar[], reduced: Scalar[][]): Scalar {
    switch (instr.op) {
      case 'load':
        if (!inside(instr.guards ?? [], point)) return w.constant(0, instr.dtype)
        return load(instr.buffer, at(instr.map, point), instr.dtype)
      case 'index':
        return w.constant(at(instr.map, point), 'i32')
      case 'inside':
        return w.constant(Number(inside(instr.guards, point)), 'bool')
      case 'reduced':
        return reduced[instr.sweep]![instr.which]!
      default:
        return w.emit(renumber(instr, (id) => values[id]!.id))
    }
  }

  function store({ buffer, map, guards = [], accumulate }: Store, point: readonly number[], added: Scalar): void {
    if (!inside(guards, point)) return
    const offset = at(map, point)
    const sum = accumulate && w.apply('add', [load(buffer, offset, added.dtype), added])
    held.set(key(buffer, offset), { buffer, offset, value: sum || added })
  }

  function run(sweep: Sweep, outer: readonly number[], reduced: Scalar[][]): Scalar[] {
    const taken: Scalar[][] = sweep.reductions.map(() => [])
    for (const inner of pointsIn(sweep.inner)) {
      const point = [...outer, ...inner]
      const values: Scalar[] = []
      for (const instr of sweep.code) values.push(value(instr, point, values, reduced))
      for (const s of sweep.stores) store(s, point, values[s.value]!)
      sweep.reductions.forEach((r, i) => taken[i]!.push(values[r.value]!))
    }
    return sweep.reductions.map((r, i) => reduce(r, taken[i]!))
  }

  /** As `core/loops.ts` says. */
  function reduce({ monoid, lanes, block }: Reduction, values: readonly Scalar[]): Scalar {
    const both = (a: Scalar, b: Scalar): Scalar => w.apply(combining[monoid as keyof typeof combining], [a, b])
    const blocks: Scalar[] = []
    for (let from = 0; from < values.length; from += block) {
      const lane: Scalar[] = []
      values.slice(from, from + block).forEach((v, i) => {
        lane[i % lanes] = i < lanes ? v : both(lane[i % lanes]!, v)
      })
      for (let half = lanes / 2; half >= 1; half /= 2)
        for (let i = 0; i < half; i++) if (lane[i + half]) lane[i] = both(lane[i]!, lane[i + half]!)
      blocks.push(lane[0]!)
    }
    return blocks.reduce(both)
  }

  return {
    add(kernel) {
      for (const outer of pointsIn(kernel.outer)) {
        const reduced: Scalar[][] = []
        for (const sweep of kernel.sweeps) reduced.push(run(sweep, outer, reduced))
      }
    },
    sweep(needed) {
      const stores = [...held.values()]
        .filter((h) => needed(h.buffer))
        .map((h) => ({ buffer: h.buffer, map: { offset: h.offset, strides: [] }, value: h.value.id }))
      return compact({ inner: [], code: w.code, reductions: [], stores }).sweep
    },
  }
}
