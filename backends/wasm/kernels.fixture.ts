/**
 * Random kernels with their inputs: maps with any strides, guards, tiles, indices from memory, reductions of any layout, several sweeps.
 * Invariant: a pure function of the seed; every access is in bounds, every store hits an element once, no operation is unspecified.
 * May not: be used outside tests.
 */
import type { DType, TypedArray } from '../../core/ir.ts'
import type { Affine, Axis, Guard, IndexMap, Kernel, Reduction, Store } from '../../core/loops.ts'
import type { BasicOp } from '../../core/scalar.ts'
import { count } from '../../core/shape.ts'
import { affine, axis, type Code, code, guard, type PlanBuilder, reduction, sweep } from '../fixtures/builder.ts'
import { type Fixture, fixture, sampleInput } from '../fixtures/sample.ts'

export interface Random {
  below(n: number): number
  pick<T>(from: readonly T[]): T
  chance(p: number): boolean
}

export function random(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0
  const below = (n: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
  return { below, pick: (from) => from[below(from.length)]!, chance: (p) => below(1000) < p * 1000 }
}

const dtypes: readonly DType[] = ['f32', 'f64', 'i32', 'bool', 'u8']
const numbers: readonly DType[] = ['f32', 'f32', 'f64', 'i32']
const extents = [1, 2, 3, 4, 5, 8, 9, 16, 19]

/** Values by dtype, to build operations on. */
type Pool = Readonly<Record<DType, number[]>>
const emptyPool = (): Pool => ({ f32: [], f64: [], i32: [], bool: [], u8: [] })

function span({ strides }: Affine, axes: readonly Axis[]): { least: number; most: number } {
  let [least, most] = [0, 0]
  axes.forEach(({ extent }, a) => {
    const reach = (strides[a] ?? 0) * (extent - 1)
    least += Math.min(0, reach)
    most += Math.max(0, reach)
  })
  return { least, most }
}

function load(r: Random, p: PlanBuilder, c: Code, pool: Pool, axes: readonly Axis[], name: string): void {
  const dtype = r.pick(dtypes)
  const strides = axes.map(() => r.pick([0, 0, 1, 1, 1, 2, 3, -1, 7]))
  const { least, most } = span({ offset: 0, strides }, axes)
  const guards: Guard[] = []
  let map: IndexMap = affine(-least, ...strides)
  let size = most - least + 1
  if (r.chance(0.3)) {
    const cut = r.below(Math.ceil(size / 2))
    map = affine(-least - cut, ...strides)
    size = Math.max(1, size - 2 * cut)
    guards.push(guard(size, map.offset, ...strides))
    if (r.chance(0.3)) guards.push(guard(r.pick([2, 5]), 0, ...axes.map(() => r.pick([0, 0, 1]))))
  }
  if (r.chance(0.25) && pool.i32.length > 0) {
    const position = affine(3, ...axes.map(() => 1))
    const value = c.emit({ op: 'bounded', dtype: 'i32', args: [r.pick(pool.i32)], extent: 6, fault: 0, position })
    const stride = r.pick([1, 4])
    map = { ...map, indirect: [{ value, stride }] }
    size += 5 * stride
  }
  pool[dtype].push(c.load(p.input(name, dtype, size), dtype, map, guards.length > 0 ? guards : undefined))
}

const onFloats: readonly BasicOp[] = [
  'add',
  'sub',
  'mul',
  'div',
  'neg',
  'abs',
  'sqrt',
  'min',
  'max',
  'floor',
  'ceil',
  'trunc',
  'nearest',
]
const onIntegers: readonly BasicOp[] = ['add', 'sub', 'mul', 'div', 'neg', 'abs', 'min', 'max']
const unary = new Set<string>(['neg', 'abs', 'sqrt', 'floor', 'ceil', 'trunc', 'nearest', 'not'])

function operation(r: Random, c: Code, pool: Pool, axes: readonly Axis[]): void {
  const dtype = r.pick(dtypes.filter((d) => pool[d].length > 0))
  const [a, b] = [r.pick(pool[dtype]), r.pick(pool[dtype])]
  switch (r.below(7)) {
    case 0: {
      const to = r.pick(dtypes)
      pool[to].push(c.op('cast', to, a))
      break
    }
    case 1:
      pool.bool.push(c.op(r.pick(['eq', 'ne', 'lt', 'le']), 'bool', a, b))
      break
    case 2:
      if (pool.bool.length > 0) pool[dtype].push(c.op(r.pick(['select', 'rare']), dtype, r.pick(pool.bool), a, b))
      break
    case 3:
      pool.i32.push(c.emit({ op: 'index', dtype: 'i32', map: affine(-2, ...axes.map(() => r.pick([0, 1, -3]))) }))
      break
    case 4: {
      const inside = [guard(3, -1, ...axes.map(() => r.pick([0, 1, 2])))]
      pool.bool.push(c.emit({ op: 'inside', dtype: 'bool', guards: inside }))
      break
    }
    default: {
      const list =
        dtype === 'bool' ? (['and', 'or', 'not'] as const) : dtype === 'f32' || dtype === 'f64' ? onFloats : onIntegers
      const op = r.pick<BasicOp>(list)
      pool[dtype].push(unary.has(op) ? c.op(op, dtype, a) : c.op(op, dtype, a, b))
    }
  }
}

/** A dense layout of the axes, some order, some direction. */
function dense(r: Random, axes: readonly Axis[]): { map: Affine; size: number } {
  const strides = axes.map(() => 0)
  let size = r.pick([1, 1, 1, 2])
  const order = axes.map((_, i) => i)
  if (r.chance(0.3)) order.reverse()
  let offset = 0
  for (const a of order.reverse()) {
    const back = r.chance(0.1)
    strides[a] = back ? -size : size
    if (back) offset += size * (axes[a]!.extent - 1)
    size *= axes[a]!.extent
  }
  return { map: { offset, strides }, size }
}

/** Each point stores an element of its own; or all inner points, in order, work on the element of their outer point. */
function store(
  r: Random,
  p: PlanBuilder,
  c: Code,
  pool: Pool,
  outer: readonly Axis[],
  inner: Axis[],
  name: string,
): Store {
  const dtype = r.pick(dtypes.filter((d) => pool[d].length > 0))
  const axes = [...outer, ...inner]
  const value = r.pick(pool[dtype])
  const number = dtype !== 'bool' && dtype !== 'u8'
  if (inner.length > 0 && number && r.chance(0.3)) {
    inner.forEach((a, i) => {
      inner[i] = { ...a, kind: 'sequential' }
    })
    const { map, size } = dense(r, outer)
    const here = affine(map.offset, ...map.strides, ...inner.map(() => 0))
    const buffer = p.state(name, dtype, { kind: 'zeros' }, size)
    if (r.chance(0.5)) return { buffer, map: here, value, accumulate: 'sum' }
    return { buffer, map: here, value: c.op('sub', dtype, c.load(buffer, dtype, here), value) }
  }
  const { map, size } = dense(r, axes)
  const guards = r.chance(0.2) ? [guard(4, -1, ...axes.map(() => 1))] : undefined
  const accumulate = guards === undefined && number && r.chance(0.15)
  // A state, so that what is not stored is defined and what is can be compared.
  const buffer = p.state(name, dtype, { kind: 'zeros' }, size)
  return { buffer, map, value, ...(accumulate && { accumulate: 'sum' as const }), ...(guards && { guards }) }
}

const special: Readonly<Partial<Record<DType, readonly number[]>>> = {
  f32: [Number.NaN, Infinity, -Infinity, -0, 0, 1e-40, 3e38, -0, -0],
  f64: [Number.NaN, Infinity, -Infinity, -0, 0, 1e-310, 1e300, -0, -0],
  i32: [-2147483648, 2147483647, -1, 0, 1],
}

/** Ordinary values with some special ones, or nothing but zeros of both signs. */
function inputs(r: Random, p: PlanBuilder): Record<string, TypedArray> {
  const made: Record<string, TypedArray> = {}
  for (const port of p.build().inputs) {
    const values = sampleInput(port)
    const list = special[port.dtype] ?? []
    const [rate, from] = r.chance(0.1) ? [1, [-0]] : [r.pick([0, 0, 0.05, 0.3]), list]
    for (let i = 0; i < count(port.shape); i++) if (list.length > 0 && r.chance(rate)) values[i] = r.pick(from)
    made[port.name] = values
  }
  return made
}

/** `row`: points of the last axis, of which a block may be made. */
function reductions(r: Random, pool: Pool, row: number): readonly Reduction[] {
  const alike = r.chance(0.7)
  const layout = (): [number, number] => [r.pick([1, 2, 4, 8, 16]), r.pick([1, 4, 5, 16, 64, 1024, row, row])]
  const [lanes, block] = layout()
  return Array.from({ length: 1 + r.below(2) }, () => {
    const dtype = r.pick(numbers.filter((d) => pool[d].length > 0))
    const value = r.pick(pool[dtype])
    const monoid = r.pick(['sum', 'sum', 'prod', 'max', 'min', 'argmax'] as const)
    const [l, b] = alike ? [lanes, block] : layout()
    return reduction(monoid, monoid === 'argmax' ? 'i32' : dtype, value, l, b)
  })
}

export const randomKernel = (seed: number): Fixture =>
  fixture(`random ${seed}`, (p) => {
    const r = random(seed)
    p.fault('index', 6)
    const outer = Array.from({ length: r.below(4) }, (_, i) => axis(`o${i}`, r.pick(extents)))
    const done: Reduction[][] = []
    const sweeps = Array.from({ length: 1 + r.below(2) }, (_, s) => {
      const inner: Axis[] = Array.from({ length: r.below(3) }, (_, i) => axis(`i${i}`, r.pick(extents)))
      const [first] = inner
      if (first && outer.length > 0 && s === 0 && r.chance(0.3)) {
        const total = first.extent * outer[0]!.extent - r.below(first.extent)
        inner[0] = { ...first, tile: { of: 0, total } }
      }
      const axes = [...outer, ...inner]
      const c = code()
      const pool = emptyPool()
      pool.f32.push(c.constant(1.25, 'f32'))
      done.forEach((list, sweepNumber) => {
        list.forEach(({ dtype }, which) => {
          pool[dtype].push(c.emit({ op: 'reduced', dtype, sweep: sweepNumber, which }))
        })
      })
      for (let i = 0; i < 1 + r.below(4); i++) load(r, p, c, pool, axes, `x${s}${i}`)
      for (let i = 0; i < r.below(12); i++) operation(r, c, pool, axes)
      const reduced = inner.length > 0 && r.chance(0.5) ? reductions(r, pool, inner.at(-1)?.extent ?? 1) : []
      done.push([...reduced])
      const silent = inner.some((a) => a.tile) || (reduced.length > 0 && r.chance(0.8))
      const stores = silent
        ? []
        : Array.from({ length: 1 + r.below(3) }, (_, i) => store(r, p, c, pool, outer, inner, `y${s}${i}`))
      return sweep(inner, c, { reductions: reduced, stores })
    })
    const last = code()
    const results = done.flatMap((list, s) =>
      list.map(({ dtype }, which) => ({ dtype, value: last.emit({ op: 'reduced', dtype, sweep: s, which }) })),
    )
    const stores = results.map(({ dtype, value }, i): Store => {
      const { map, size } = dense(r, outer)
      return { buffer: p.state(`z${i}`, dtype, { kind: 'zeros' }, size), map, value }
    })
    const kernel: Kernel = { name: 'random', outer, sweeps: [...sweeps, sweep([], last, { stores })] }
    p.kernel(kernel, r.chance(0.8) ? 'all' : 'one')
    return inputs(r, p)
  })
