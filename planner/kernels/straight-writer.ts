/**
 * straight-writer: kernels written out point by point into one sweep: without axes, or along one long axis that all of them have first.
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

/** How many first axes stay: none, or one. */
export type Along = 0 | 1

/** Points of a sweep, and instructions of a kernel, that are worth unrolling. */
const MOST_POINTS = 64
const MOST_CODE = 400
/** Instructions that only move values: unrolled, they come to nothing. */
const moving = new Set(['const', 'load', 'index', 'inside', 'select'])
/** Instructions that a transcendental counts as where it goes one point at a time: more than a few points are worth vectors. */
const TRANSCENDENTAL = 50

const unrolledAxes = (kernel: Kernel, sweep: Sweep, along: Along): readonly Axis[] => [
  ...kernel.outer.slice(along),
  ...sweep.inner,
]
const pointsOf = (kernel: Kernel, sweep: Sweep, along: Along): number =>
  count(unrolledAxes(kernel, sweep, along).map((a) => a.extent))

/** Instructions when unrolled, transcendentals weighted. */
export function sizeOf(kernel: Kernel, along: Along): number {
  let size = 0
  const weight = along === 0 ? TRANSCENDENTAL : 1
  for (const sweep of kernel.sweeps) {
    const moves = sweep.code.every((i) => moving.has(i.op))
    const weights = sweep.code.map((i) => (moves ? 0 : Object.hasOwn(reference, i.op) ? weight : 1))
    const own = weights.reduce((sum, w) => sum + w, sweep.stores.length + sweep.reductions.length)
    size += pointsOf(kernel, sweep, along) * own
  }
  return size
}

/** Addresses are known when planning, there are few points (along the axis that stays, if one does), and no reduction gives a position. */
export function fits(kernel: Kernel, along: Along): boolean {
  const plain = (sweep: Sweep): boolean =>
    pointsOf(kernel, sweep, along) > 0 &&
    pointsOf(kernel, sweep, along) <= MOST_POINTS &&
    sweep.inner.every((a) => a.tile === undefined) &&
    sweep.code.every((i) => i.op !== 'bounded' && !(i.op === 'load' && i.map.indirect)) &&
    sweep.stores.every((s) => storesPlainly(s, along)) &&
    sweep.reductions.every((r) => r.monoid !== 'argmax')
  const straight = kernel.outer.length <= along && kernel.sweeps.every((s) => s.inner.length === 0)
  const first = along === 0 || kernel.outer[0]?.kind === 'parallel'
  return first && !kernel.scratch && kernel.sweeps.every(plain) && (straight || sizeOf(kernel, along) <= MOST_CODE)
}

/** Of an axis that stays: each point stores an element of its own, always. */
const storesPlainly = ({ map, guards = [], accumulate }: Store, along: Along): boolean =>
  !map.indirect && (along === 0 || (map.strides[0] !== 0 && !accumulate && guards.every((g) => g.strides[0] === 0)))

/** At a point of the unrolled axes: a form of those that stay. */
function at({ offset, strides }: Affine, point: readonly number[], along: Along): Affine {
  let sum = offset
  for (let i = along; i < strides.length; i++) sum += strides[i]! * point[i - along]!
  return { offset: sum, strides: strides.slice(0, along) }
}
/** The guards that still depend on the axis that stays; undefined where one fails. */
function guardsAt(guards: readonly Guard[], point: readonly number[], along: Along): readonly Guard[] | undefined {
  const left: Guard[] = []
  for (const g of guards) {
    const form = at(g, point, along)
    if (form.strides.some((s) => s !== 0)) left.push({ ...form, extent: g.extent })
    else if (form.offset < 0 || form.offset >= g.extent) return undefined
  }
  return left
}

/** Every point of the axes, row-major. */
function pointsIn(axes: readonly Axis[]): number[][] {
  let points: number[][] = [[]]
  for (const { extent } of axes) points = points.flatMap((p) => Array.from({ length: extent }, (_, i) => [...p, i]))
  return points
}

/** What an unrolled kernel loads and stores; each element of each point once. */
export interface Element {
  readonly buffer: BufferId
  readonly map: Affine
}
export const keyOf = ({ buffer, map }: Element): string => `${buffer} ${map.offset} ${map.strides}`

export function elementsOf(
  kernel: Kernel,
  along: Along,
): { loads: Map<string, Element>; stores: Map<string, Element> } {
  const [loads, stores] = [new Map<string, Element>(), new Map<string, Element>()]
  const add = (to: Map<string, Element>, buffer: BufferId, map: Affine): unknown =>
    to.set(keyOf({ buffer, map }), { buffer, map })
  for (const sweep of kernel.sweeps)
    for (const point of pointsIn(unrolledAxes(kernel, sweep, along))) {
      for (const i of sweep.code)
        if (i.op === 'load' && guardsAt(i.guards ?? [], point, along)) add(loads, i.buffer, at(i.map, point, along))
      for (const s of sweep.stores) add(stores, s.buffer, at(s.map, point, along))
    }
  return { loads, stores }
}

const combining = { sum: 'add', prod: 'mul', max: 'max', min: 'min' } as const

export interface StraightWriter {
  add(kernel: Kernel): void
  /** All that was added, with the stores to buffers that are `needed`. */
  sweep(needed: (buffer: BufferId) => boolean): Sweep
}

export function straightWriter(along: Along): StraightWriter {
  const w = codeWriter()
  /** What is stored, by buffer and element. */
  const held = new Map<string, Element & { readonly value: Scalar }>()

  function load(element: Element, guards: readonly Guard[], dtype: Scalar['dtype']): Scalar {
    const known = held.get(keyOf(element))?.value
    const { buffer, map } = element
    if (!known) return w.emit({ op: 'load', dtype, buffer, map, ...(guards.length > 0 && { guards }) })
    const value = known.dtype === dtype ? known : w.apply('cast', [known], dtype)
    if (guards.length === 0) return value
    return w.apply('select', [w.emit({ op: 'inside', dtype: 'bool', guards }), value, w.constant(0, dtype)], dtype)
  }

  function value(instr: Instr, point: readonly number[], values: readonly Scalar[], reduced: Scalar[][]): Scalar {
    switch (instr.op) {
      case 'load': {
        const guards = guardsAt(instr.guards ?? [], point, along)
        if (!guards) return w.constant(0, instr.dtype)
        return load({ buffer: instr.buffer, map: at(instr.map, point, along) }, guards, instr.dtype)
      }
      case 'index': {
        const map = at(instr.map, point, along)
        return map.strides.some((s) => s !== 0) ? w.emit({ ...instr, map }) : w.constant(map.offset, 'i32')
      }
      case 'inside': {
        const guards = guardsAt(instr.guards, point, along)
        return guards && guards.length > 0
          ? w.emit({ ...instr, guards })
          : w.constant(Number(guards !== undefined), 'bool')
      }
      case 'reduced':
        return reduced[instr.sweep]![instr.which]!
      default:
        return w.emit(renumber(instr, (id) => values[id]!.id))
    }
  }

  function store({ buffer, map, guards = [], accumulate }: Store, point: readonly number[], added: Scalar): void {
    if (!guardsAt(guards, point, along)) return
    const element = { buffer, map: at(map, point, along) }
    const sum = accumulate && w.apply('add', [load(element, [], added.dtype), added])
    held.set(keyOf(element), { ...element, value: sum || added })
  }

  function run(sweep: Sweep, outer: readonly number[], reduced: Scalar[][]): Scalar[] {
    const taken: Scalar[][] = sweep.reductions.map(() => [])
    for (const inner of pointsIn(sweep.inner)) {
      const point = [...outer, ...inner]
      const values: Scalar[] = []
      for (const instr of sweep.code) values.push(value(instr, point, values, reduced))
      for (const s of sweep.stores) store(s, point, values[s.value]!)
      sweep.reductions.forEach((r, i) => {
        taken[i]!.push(values[r.value]!)
      })
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
      for (const outer of pointsIn(kernel.outer.slice(along))) {
        const reduced: Scalar[][] = []
        for (const sweep of kernel.sweeps) reduced.push(run(sweep, outer, reduced))
      }
    },
    sweep(needed) {
      const stores = [...held.values()]
        .filter((h) => needed(h.buffer))
        .map(({ buffer, map, value }) => ({ buffer, map, value: value.id }))
      return compact({ inner: [], code: w.code, reductions: [], stores }).sweep
    },
  }
}
