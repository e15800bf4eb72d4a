/** Plans with a budget: valid, the bits of the plan without one, exactly as large as they say, and refused where nothing fits. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Node } from '../core/ir.ts'
import * as op from '../core/ops.ts'
import { print } from '../core/print.ts'
import { type AnyProgram, f32, f64, program } from '../core/program.ts'
import { type RandomProgram, randomProgram } from '../core/random-graph.fixture.ts'
import { grad } from '../core/requests.ts'
import { validatePlan } from '../planner/memory/validate.ts'
import { type PlanOptions, plan } from '../planner/plan.ts'
import { interpret, interpreter } from './interpreter/index.ts'
import { arraysOf, derivatives, slow, valuesFor, withState } from './random-programs.fixture.ts'
import { firstDifference, type Inputs, runInterpreter, runModule } from './wasm/run.fixture.ts'

/** Bytes that are enough, as the refusal of a budget of none says. */
function leastOf(p: AnyProgram, options: PlanOptions): number {
  try {
    plan(p, { ...options, budget: 0 })
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_BUDGET' })
    return Number(/([\d,]+) bytes are enough/.exec((error as Error).message)![1]!.replaceAll(',', ''))
  }
  throw new Error('nothing fits into no bytes')
}

/** The plan for a budget between what is enough and what everything takes: valid, and the same bits. True if it repeats something. */
function agrees(p: AnyProgram, part: number, given: Inputs, options: PlanOptions = {}): boolean {
  const whole = plan(p, options)
  const least = leastOf(p, options)
  expect(least).toBeLessThanOrEqual(whole.arena)
  const budget = Math.floor(least + part * (whole.arena - least))
  const made = plan(p, { ...options, budget })
  expect(made.arena).toBeLessThanOrEqual(budget)
  expect(made.memory).toMatchObject({ peak: made.arena, budget: { bytes: budget, keptBytes: whole.arena } })
  expect(validatePlan(made)).toEqual([])
  const want = runInterpreter(whole, given)
  expect(firstDifference(runInterpreter(made, given), want)).toBeUndefined()
  expect(firstDifference(runModule(made, given, 1), want)).toBeUndefined()
  return made.memory.budget!.again > 0 || made.memory.budget!.loops > 0
}

/** What is predicted is used, to the last line of cache, where kernels want no scratch. */
function usesItsArena(p: AnyProgram, part: number, fusion: boolean): void {
  const options = { fusion, target: interpreter().target }
  const [least, most] = [leastOf(p, options), plan(p, options).arena]
  const made = plan(p, { ...options, budget: Math.floor(least + part * (most - least)) })
  const { shadow, runSync } = interpret(made)
  runSync()
  expect(Math.ceil(shadow.highWater / 64) * 64).toBe(made.arena)
}

/** `FC_RUNS=500 npx vitest run backends/budget.test.ts` tries more. */
const runs = { numRuns: Number(process.env['FC_RUNS'] ?? 10), seed: Number(process.env['FC_SEED'] ?? 11) }
const parts = fc.double({ min: 0, max: 0.9, noNaN: true })

/** As text when a law breaks. */
const shown = (programs: fc.Arbitrary<RandomProgram>): fc.Arbitrary<RandomProgram> =>
  programs.map((p) => Object.assign(p, { [fc.toStringMethod]: () => print(p.graph) }))

/** Layers of any of the values before them, of one size, and the gradient by what they began with. */
const layered = fc
  .array(fc.record({ kind: fc.nat(5), left: fc.nat(99), right: fc.nat(99) }), { minLength: 4, maxLength: 24 })
  .map((layers): AnyProgram => {
    const p = program({
      name: 'layered',
      inputs: { x: f64(8, 8), w: f64(8, 8) },
      outputs: ({ x, w }) => {
        const made = [x, w]
        for (const { kind, left, right } of layers) {
          const [a, b] = [made[made.length - 1 - (left % Math.min(3, made.length))]!, made[right % made.length]!]
          const kinds = [
            () => op.tanh(op.matmul(a, w)),
            () => op.mul(a, op.sin(b)),
            () => op.add(a, op.softmax(b)),
            () => op.sub(op.mul(a, 0.5), op.matmul(b, a)),
            () => op.div(a, op.add(op.exp(op.mean(b, { axes: 0 })), 1)),
            () => op.transpose(op.relu(a)),
          ]
          made.push(kinds[kind]!())
        }
        return { y: op.sum(made.slice(-3).reduce((a, b) => op.add(a, b))) }
      },
    })
    const made = grad(p, { of: 'y', wrt: ['x', 'w'] })
    return Object.assign({ ...made }, { [fc.toStringMethod]: () => JSON.stringify(layers) })
  })

describe('random programs within budgets', () => {
  it('layers in reverse, most of which need something again', () => {
    let again = 0
    fc.assert(
      fc.property(layered, parts, fc.boolean(), (p, part, fusion) => {
        if (agrees(p, part, arraysOf(valuesFor(p, {})), { fusion })) again++
        usesItsArena(p, part, fusion)
      }),
      runs,
    )
    expect(again).toBeGreaterThan(runs.numRuns / 3)
  }, 600_000)
  it('derivatives of loops and branches', () => {
    const kinds = fc.constantFrom<keyof typeof derivatives>('grad', 'vjp', 'reverse')
    fc.assert(
      fc.property(
        shown(randomProgram(fc, { steps: 10, control: 'loops' })),
        kinds,
        parts,
        ({ graph, inputs }, kind, part) => {
          const p = derivatives[kind](graph)
          agrees(p, part, arraysOf(valuesFor(p, inputs)), { fusion: false })
        },
      ),
      runs,
    )
  }, 600_000)
  it('state that is read again before it is replaced, for several workers', () => {
    const picks = fc.array(fc.nat(997), { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(shown(randomProgram(fc)), picks, parts, ({ graph, inputs }, at, part) => {
        agrees(withState(graph, at), part, arraysOf(inputs), { threads: 3, target: slow, fusion: false })
      }),
      runs,
    )
  }, 600_000)
})

describe('a budget', () => {
  const deep = program({
    name: 'deep',
    inputs: { x: f32(64, 64), w: f32(64, 64) },
    outputs: ({ x, w }) => {
      let y = x
      for (let i = 0; i < 40; i++) y = op.tanh(op.matmul(y, w))
      return { y: op.sum(y) }
    },
  })
  const slope = grad(deep, { of: 'y', wrt: 'x' })
  it('as text is bytes, and is said with what it costs', () => {
    const whole = plan(slope)
    const made = plan(slope, { budget: '400KiB' })
    expect(whole.arena).toBeGreaterThan(400 * 1024)
    expect(made.arena).toBeLessThanOrEqual(400 * 1024)
    expect(made.explain()).toMatch(
      /budget +400\.0 KiB · \d+ kernels again · \+[\d.]+ ms \([\d.]+ %\) · everything kept: /,
    )
    expect(made.memory.curve.map((p) => p.bytes)).toEqual([whole.arena, made.arena])
    expect(made.cost.predictedMs).toBeGreaterThan(whole.cost.predictedMs)
  })
  it('that is enough changes nothing', () => {
    const { memory, hash: _, ...whole } = plan(slope)
    const { memory: again, hash: __, ...made } = plan(slope, { budget: '1GiB' })
    expect(made).toEqual(whole)
    expect(again).toMatchObject({ peak: memory.peak, budget: { again: 0, loops: 0, extraMs: 0 } })
    expect(plan(slope, { budget: '1GiB' }).explain()).toContain('nothing computed twice')
  })
  it('has a curve over it: less memory, more time', () => {
    const { curve } = plan(slope, { curve: 4 }).memory
    expect(curve.length).toBeGreaterThan(2)
    for (const [i, { bytes, predictedMs }] of curve.entries())
      if (i > 0) {
        expect(bytes).toBeLessThan(curve[i - 1]!.bytes)
        expect(predictedMs).toBeGreaterThan(curve[i - 1]!.predictedMs)
      }
  })
  it('cuts loops into segments, and segments into segments', () => {
    const long = program({
      inputs: { a: f64(64), w: f64(64) },
      outputs: ({ a, w }) => {
        const body = (c: { readonly a: Node }) => ({ carry: { a: op.add(op.mul(op.sin(c.a), w), op.tanh(c.a)) } })
        return { y: op.sum(op.scan({ carry: { a }, length: 1000, body }).carry.a) }
      },
    })
    const p = grad(long, { of: 'y', wrt: 'w' })
    const given = arraysOf(valuesFor(p, {}))
    const whole = plan(p)
    const want = runModule(whole, given, 1)
    for (const [part, loops] of [
      [10, 2],
      [40, 4],
    ] as const) {
      const made = plan(p, { budget: Math.floor(whole.arena / part) })
      expect(made.memory.budget!.loops).toBeGreaterThanOrEqual(loops)
      expect(validatePlan(made)).toEqual([])
      expect(firstDifference(runModule(made, given, 1), want)).toBeUndefined()
    }
  })
  it('leaves loops of no iteration, or of one, as they are', () => {
    for (const few of [0, 1]) {
      const body = (w: Node) => (c: { readonly a: Node }) => ({ carry: { a: op.mul(op.sin(c.a), w) } })
      const two = program({
        inputs: { a: f64(64), w: f64(64) },
        outputs: ({ a, w }) => {
          const first = op.scan({ carry: { a }, length: few, body: body(w) }).carry
          return { y: op.sum(op.scan({ carry: first, length: 100, body: body(w) }).carry.a) }
        },
      })
      const p = grad(two, { of: 'y', wrt: 'w' })
      const made = plan(p, { budget: Math.floor(plan(p).arena / 3) })
      expect(made.memory.budget!.loops).toBeGreaterThan(0)
    }
  })
  it('that cannot be met names what needs most, and bytes that are enough', () => {
    expect(() => plan(slope, { budget: 1000 })).toThrow(
      expect.objectContaining({
        code: 'E_BUDGET',
        message: expect.stringMatching(/[\d,]+ bytes are enough.*the most at once: .*, with what it reads/s),
      }),
    )
    for (const budget of ['1 furlong', '', -1, Number.NaN])
      expect(() => plan(slope, { budget })).toThrow(expect.objectContaining({ code: 'E_BUDGET' }))
  })
})
