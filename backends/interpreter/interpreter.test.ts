/**
 * The interpreter against plain JS on the fixture plans, and each thing that shadow memory must catch.
 */
import { describe, expect, it } from 'vitest'
import type { Kernel } from '../../core/loops.ts'
import type { PlanBuffer, PlanData } from '../../planner/types.ts'
import { affine, axis, code, planBuilder, reduction, sweep } from '../fixtures/builder.ts'
import type { Fixture } from '../fixtures/sample.ts'
import { fixtures } from '../plans.fixture.ts'
import { accumulator } from '../reduce.ts'
import { views } from '../views.ts'
import { interpret } from './index.ts'

const named = (name: string): Fixture => fixtures.find((f) => f.name === name)!

function outputsOf({ plan, inputs }: Fixture): Record<string, number[]> {
  const runner = interpret(plan)
  const targets = views(plan, runner.memory, plan.inputs)
  for (const [i, port] of plan.inputs.entries()) targets[i]!.set(inputs[port.name]!)
  runner.runSync()
  const outputs = views(plan, runner.memory, plan.outputs)
  return Object.fromEntries(plan.outputs.map((port, i) => [port.name, [...outputs[i]!]]))
}
const close = (got: readonly number[], want: readonly number[], tolerance: number): void => {
  expect(got.length).toBe(want.length)
  for (const [i, w] of want.entries())
    expect(Math.abs(got[i]! - w), `element ${i}`).toBeLessThanOrEqual(tolerance * (1 + Math.abs(w)))
}
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

describe('interpreter: fixture plans against plain JS', () => {
  it('elementwise, two outputs', () => {
    const f = named('elementwise f32 1003')
    const { x, y } = f.inputs as { x: Float32Array; y: Float32Array }
    const got = outputsOf(f)
    const want = range(1003).map((i) => Math.fround(Math.fround(x[i]! * y[i]!) + Math.fround(0.1)))
    expect(got.f).toEqual(want)
    expect(got.g).toEqual(want.map((v, i) => Math.fround(x[i]! < y[i]! ? Math.sqrt(Math.abs(v)) : x[i]! / y[i]!)))
  })
  for (const [dtype, tolerance] of [
    ['f32', 1e-6],
    ['f64', 1e-14],
  ] as const) {
    it(`softmax ${dtype}`, () => {
      const f = named(`softmax ${dtype}`)
      const x = [...f.inputs.x!]
      const want = range(37).flatMap((i) => {
        const e = x.slice(i * 65, i * 65 + 65).map(Math.exp)
        return e.map((v) => v / sum(e))
      })
      close(outputsOf(f).y!, want, tolerance)
    })
  }
  it('column sum and long sum', () => {
    const columns = named('column sum')
    close(
      outputsOf(columns).y!,
      range(70).map((j) => sum(range(129).map((i) => columns.inputs.x![i * 70 + j]!))),
      1e-4,
    )
    const long = named('long sum f64 5000')
    close(outputsOf(long).y!, [sum([...long.inputs.x!])], 1e-12)
  })
  it('matmul with an epilogue, straight and transposed', () => {
    for (const [name, m, k, n, t] of [
      ['matmul f64 13·270·9', 13, 270, 9, false],
      ['matmul f64 6·30·11 transposed', 6, 30, 11, true],
    ] as const) {
      const f = named(name)
      const { a, b, bias } = f.inputs as { a: Float64Array; b: Float64Array; bias: Float64Array }
      const want = range(m * n).map((p) => {
        const [i, j] = [Math.floor(p / n), p % n]
        const dot = sum(range(k).map((l) => (t ? a[l * m + i]! * b[j * k + l]! : a[i * k + l]! * b[l * n + j]!)))
        return Math.max(0, dot + bias[j]!)
      })
      close(outputsOf(f).y!, want, 1e-12)
    }
  })
  it('transpose, pad and guarded store', () => {
    const x = named('transpose').inputs.x!
    expect(outputsOf(named('transpose')).y).toEqual(range(53 * 37).map((p) => x[(p % 37) * 53 + Math.floor(p / 37)]))
    const padded = named('pad')
    const inside = (p: number): boolean => {
      const [i, j] = [Math.floor(p / 25) - 1, (p % 25) - 2]
      return i >= 0 && i < 5 && j >= 0 && j < 21
    }
    const at = (p: number): number => (Math.floor(p / 25) - 1) * 21 + (p % 25) - 2
    const got = outputsOf(padded)
    expect(got.y).toEqual(range(8 * 25).map((p) => (inside(p) ? padded.inputs.x![at(p)] : 0)))
    expect(got.inside).toEqual(range(8 * 25).map((p) => Number(inside(p))))
    const stored = named('guarded store')
    expect(outputsOf(stored).y).toEqual(range(30).map((i) => (i < 11 ? stored.inputs.x![i + 7] : 0)))
  })
  it('gather and scatter', () => {
    const g = named('gather')
    expect(outputsOf(g).out).toEqual(
      range(350).map((p) => g.inputs.table![g.inputs.y![Math.floor(p / 7)]! * 7 + (p % 7)]),
    )
    const s = named('scatter')
    const want = new Float32Array(70)
    for (const p of range(350)) want[s.inputs.y![Math.floor(p / 7)]! * 7 + (p % 7)]! += s.inputs.updates![p]!
    expect(outputsOf(s).out).toEqual([...want])
  })
  it('reductions: ties, NaN, infinities, zeros of both signs', () => {
    const f = named('reductions f64')
    const rows = range(11).map((i) => [...f.inputs.x!.subarray(i * 65, i * 65 + 65)])
    const got = outputsOf(f)
    expect(got.max).toEqual(rows.map((r) => Math.max(...r)))
    expect(got.min).toEqual(rows.map((r) => Math.min(...r)))
    expect(got.argmax).toEqual(
      rows.map((r) => (r.some(Number.isNaN) ? r.findIndex(Number.isNaN) : r.indexOf(Math.max(...r)))),
    )
    close(
      got.sum!.filter((_, i) => i > 3),
      rows.map(sum).filter((_, i) => i > 3),
      1e-13,
    )
    expect(got.sum![1]).toBeNaN()
    expect(got.prod![4]).toBe(rows[4]!.reduce((a, b) => a * b))
  })
  it('reductions of nothing are neutral', () => {
    const got = outputsOf(named('zero size'))
    expect(got).toEqual({ y: [], sum: [0, 0, 0, 0, 0], max: new Array(5).fill(Number.NEGATIVE_INFINITY) })
  })
  it('casts', () => {
    const f = named('mixed dtypes')
    const x = [...f.inputs.x!]
    const got = outputsOf(f)
    const toInt = (v: number): number =>
      Number.isNaN(v) ? 0 : Math.trunc(Math.min(2147483647, Math.max(-2147483648, v))) | 0
    expect(got.integer).toEqual(x.map(toInt))
    expect(got.truth).toEqual(x.map((v) => Number(v !== 0)))
    expect(got.wrapped).toEqual([...f.inputs.k!].map((k) => Math.imul((k + 2147483647) | 0, 65537)))
  })
})

describe('interpreter: the order of a reduction', () => {
  /** A second implementation, straight from the words of `core/loops.ts`. */
  function reference(values: readonly number[], lanes: number, block: number): number {
    let total: number | undefined
    for (let start = 0; start < values.length; start += block) {
      const acc: (number | undefined)[] = new Array(lanes).fill(undefined)
      for (const [r, v] of values.slice(start, start + block).entries()) {
        const before = acc[r % lanes]
        acc[r % lanes] = before === undefined ? v : Math.fround(before + v)
      }
      for (let w = lanes / 2; w >= 1; w /= 2)
        for (let i = 0; i < w; i++) if (acc[i + w] !== undefined) acc[i] = Math.fround(acc[i]! + acc[i + w]!)
      total = total === undefined ? acc[0]! : Math.fround(total + acc[0]!)
    }
    return total ?? 0
  }
  it('is lanes, tree, blocks', () => {
    const values = range(1000).map((i) => Math.fround(Math.sin(i) * 10 ** (i % 7)))
    const seen = new Set<number>()
    for (const [lanes, block, n] of [
      [1, 1000, 1000],
      [4, 256, 1000],
      [16, 4096, 999],
      [8, 8, 13],
      [4, 5, 3],
      [4, 7, 0],
    ] as const) {
      const acc = accumulator({ monoid: 'sum', dtype: 'f32', value: 0, lanes, block })
      for (const v of values.slice(0, n)) acc.add(v)
      const got = acc.result()
      expect(got).toBe(reference(values.slice(0, n), lanes, block))
      seen.add(got)
    }
    expect(seen.size).toBeGreaterThan(3)
  })
  it('keeps a sum of negative zeros negative', () => {
    const acc = accumulator({ monoid: 'sum', dtype: 'f64', value: 0, lanes: 4, block: 8 })
    for (const _ of range(20)) acc.add(-0)
    expect(Object.is(acc.result(), -0)).toBe(true)
  })
})

describe('interpreter: shadow memory', () => {
  const n = 8
  const copy = (from: number, to: number, offset = 0): Kernel => {
    const c = code()
    const value = c.load(from, 'f32', affine(offset, 1))
    return {
      name: `copy ${from}→${to}`,
      outer: [axis('i', n)],
      sweeps: [sweep([], c, { stores: [{ buffer: to, map: affine(0, 1), value }] })],
    }
  }
  function chain(): { plan: PlanData; x: number; t: number; u: number; y: number } {
    const p = planBuilder('chain')
    const [x, t, u, y] = [
      p.input('x', 'f32', n),
      p.temporary('t', 'f32', n),
      p.temporary('u', 'f32', n),
      p.output('y', 'f32', n),
    ]
    for (const [from, to] of [
      [x, t],
      [t, u],
      [t, y],
    ] as const)
      p.kernel(copy(from, to))
    return { plan: p.build(), x, t, u, y }
  }
  const withBuffer = (plan: PlanData, id: number, change: Partial<PlanBuffer>): PlanData => ({
    ...plan,
    buffers: plan.buffers.map((b) => (b.id === id ? { ...b, ...change } : b)),
  })
  const withKernel = (plan: PlanData, i: number, kernel: Kernel): PlanData => ({
    ...plan,
    kernels: plan.kernels.map((k, j) => (i === j ? kernel : k)),
  })

  it('accepts the plan as it is, twice, and its high-water mark is the arena', () => {
    const { plan } = chain()
    const runner = interpret(plan)
    runner.runSync()
    runner.runSync()
    const last = plan.buffers.at(-1)!
    expect(runner.shadow.highWater).toBe(last.offset + last.bytes)
    expect(Math.ceil(runner.shadow.highWater / 64) * 64).toBe(plan.arena)
  })
  it('a buffer overwritten while it is still needed', () => {
    const { plan, t, u } = chain()
    const at = plan.buffers.find((b) => b.id === t)!.offset
    expect(() => interpret(withBuffer(plan, u, { offset: at })).runSync()).toThrow(
      /copy 2→4, buffer t, element 0: it was overwritten by u/,
    )
  })
  it('a buffer never written, also when it was in the run before', () => {
    const { plan, t, u, y } = chain()
    const early = { ...plan, steps: [plan.steps[1]!, plan.steps[0]!, plan.steps[2]!] }
    expect(() => interpret(early).runSync()).toThrow(/buffer t, element 0: it was never written/)
    const runner = interpret(plan)
    runner.runSync()
    const steps = plan.steps as { kernel: number; ranks: 'all'; barrier: boolean }[]
    steps.shift()
    expect(() => runner.runSync()).toThrow(new RegExp(`copy ${t}→${u}, buffer t, element 0: it was never written`))
    expect(y).toBeGreaterThan(u)
  })
  it('loads and stores outside the buffer', () => {
    const { plan, x, t } = chain()
    expect(() => interpret(withKernel(plan, 0, copy(x, t, 1))).runSync()).toThrow(
      /buffer x, element 8: the access lies outside/,
    )
    expect(() => interpret(withKernel(plan, 0, copy(x, t, -1))).runSync()).toThrow(/buffer x, element -1/)
    expect(() => interpret(withBuffer(plan, t, { bytes: 28 })).runSync()).toThrow(
      /buffer t, element 7: the access lies outside/,
    )
  })
  it('an output that no step wrote', () => {
    const { plan } = chain()
    expect(() => interpret({ ...plan, steps: plan.steps.slice(0, 2) }).runSync()).toThrow(
      /end of run, buffer y, element 0/,
    )
  })
  it('a constant clobbered by a temporary', () => {
    const { plan, x, t } = chain()
    const clobbered = withBuffer(plan, t, { offset: plan.buffers.find((b) => b.id === x)!.offset })
    expect(() => interpret(withKernel(clobbered, 1, copy(x, 4))).runSync()).toThrow(
      /buffer x, element 0: it was overwritten by t/,
    )
  })
  it('code that was not expanded is refused by name', () => {
    const p = planBuilder('bad')
    const [x, y] = [p.input('x', 'f32', n), p.output('y', 'f32')]
    const c = code()
    const value = c.op('unheard' as 'exp', 'f32', c.load(x, 'f32', affine(0, 1)))
    const out = code()
    const stores = [{ buffer: y, map: affine(0), value: out.emit({ op: 'reduced', dtype: 'f32', sweep: 0, which: 0 }) }]
    const sweeps = [
      sweep([axis('i', n)], c, { reductions: [reduction('sum', 'f32', value, 1, n)] }),
      sweep([], out, { stores }),
    ]
    p.kernel({ name: 'k', outer: [], sweeps })
    expect(() => interpret(p.build()).runSync()).toThrow(/k: unheard/)
  })
})
