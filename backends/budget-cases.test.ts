/**
 * Hundreds of small programs within budgets: every plan valid, the bits those of the plan without a budget, and the memory that WebAssembly
 * touches exactly what was predicted: nothing beyond the arena, nothing of it left over, and nothing read that the run did not write.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Node } from '../core/ir.ts'
import * as op from '../core/ops.ts'
import { print } from '../core/print.ts'
import { type AnyProgram, f64, program } from '../core/program.ts'
import { type RandomProgram, randomProgram } from '../core/random-graph.fixture.ts'
import { grad } from '../core/requests.ts'
import { validatePlan } from '../planner/memory/validate.ts'
import { type PlanOptions, plan } from '../planner/plan.ts'
import type { Plan } from '../planner/types.ts'
import { arraysOf, derivatives, valuesFor, withState } from './random-programs.fixture.ts'
import { firstDifference, type Inputs, type Outcome, runPoisoned } from './wasm/run.fixture.ts'

/** Two, since a byte that a run leaves as it was might have been stored. */
const poisons = [0xa5, 0x5a]

/** What the plan leaves. `exact`: all of the arena is used; a loop that keeps its carries in registers, or a branch not taken, leaves some of it alone. */
function run(made: Plan, given: Inputs, exact: boolean): Outcome {
  const [one, two] = poisons.map((poison) => runPoisoned(made, given, poison)) as [
    ReturnType<typeof runPoisoned>,
    ReturnType<typeof runPoisoned>,
  ]
  expect([one.beyond, two.beyond]).toEqual([false, false])
  expect(firstDifference(one.outcome, two.outcome)).toBeUndefined()
  const used = Math.ceil(Math.max(one.used, two.used) / 64) * 64
  if (exact) expect(used).toBe(made.arena)
  else expect(used).toBeLessThanOrEqual(made.arena)
  return one.outcome
}

/** The plan for a budget, or for what the refusal of it says is enough. */
function within(p: AnyProgram, budget: number, options: PlanOptions): Plan {
  try {
    return plan(p, { ...options, budget })
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_BUDGET' })
    const least = Number(/([\d,]+) bytes are enough/.exec((error as Error).message)![1]!.replaceAll(',', ''))
    expect(least).toBeGreaterThan(budget)
    const proven = Number(/([\d,]+) bytes: no plan/.exec((error as Error).message)![1]!.replaceAll(',', ''))
    expect(proven).toBeLessThanOrEqual(least)
    return plan(p, { ...options, budget: least })
  }
}

/** True if something is computed again. */
function agrees(p: AnyProgram, given: Inputs, part: number, options: PlanOptions, exact: boolean): boolean {
  const whole = plan(p, options)
  const { peak, temporaries } = whole.memory
  const made = within(p, Math.floor(peak - part * Math.min(peak, temporaries)), options)
  for (const each of [whole, made]) expect(validatePlan(each)).toEqual([])
  expect(made.arena).toBeLessThanOrEqual(whole.arena)
  expect(made.memory.peak).toBe(made.arena)
  expect(firstDifference(run(made, given, exact), run(whole, given, exact))).toBeUndefined()
  return made.memory.budget!.again + made.memory.budget!.loops > 0
}

const layers: readonly ((a: Node, b: Node, w: Node) => Node)[] = [
  (a, _, w) => op.tanh(op.matmul(a, w)),
  (a, b) => op.mul(a, op.sin(b)),
  (a, b) => op.sub(op.mul(a, 0.5), op.matmul(b, a)),
  (a, b) => op.div(a, op.add(op.exp(op.mean(b, { axes: 0 })), 1)),
  (a) => op.transpose(op.relu(a)),
]

/** The gradient of a few layers, each of any of the values before it. */
const deep = fc
  .tuple(
    fc.constantFrom(3, 4, 6),
    fc.array(fc.record({ kind: fc.nat(4), left: fc.nat(2), right: fc.nat(99) }), { minLength: 3, maxLength: 10 }),
  )
  .map(([n, list]) => {
    const p = program({
      name: 'deep',
      inputs: { x: f64(n, n), w: f64(n, n) },
      outputs: ({ x, w }) => {
        const made = [x, w]
        for (const { kind, left, right } of list)
          made.push(layers[kind]!(made.at(-1 - Math.min(left, made.length - 1))!, made[right % made.length]!, w))
        return { y: op.sum(made.slice(-2).reduce((a, b) => op.add(a, b))) }
      },
    })
    return Object.assign(
      { ...grad(p, { of: 'y', wrt: ['x', 'w'] }) },
      { [fc.toStringMethod]: () => JSON.stringify(list) },
    )
  })

/** As text when a law breaks. */
const shown = (programs: fc.Arbitrary<RandomProgram>): fc.Arbitrary<RandomProgram> =>
  programs.map((p) => Object.assign(p, { [fc.toStringMethod]: () => print(p.graph) }))

const parts = fc.double({ min: 0.1, max: 0.9, noNaN: true })
const settings = (numRuns: number) => ({ numRuns: Number(process.env['FC_RUNS'] ?? numRuns), seed: 7 })

describe('small programs within budgets', () => {
  it('layers in reverse', () => {
    let [again, all] = [0, 0]
    const law = (p: AnyProgram, part: number, fusion: boolean) => {
      all++
      if (agrees(p, arraysOf(valuesFor(p, {})), part, { fusion, scalars: false }, true)) again++
    }
    fc.assert(fc.property(deep, parts, fc.boolean(), law), settings(150))
    expect(again / all).toBeGreaterThan(0.25)
  }, 300_000)

  it('derivatives of random graphs, loops and branches among them', () => {
    const kinds = fc.constantFrom<keyof typeof derivatives>('grad', 'vjp', 'reverse', 'jvp')
    const graphs = fc.boolean().chain((loops) => randomProgram(fc, { steps: 7, ...(loops && { control: 'loops' }) }))
    const law = ({ graph, inputs }: RandomProgram, kind: keyof typeof derivatives, part: number) => {
      const p = derivatives[kind](graph)
      agrees(p, arraysOf(valuesFor(p, inputs)), part, { fusion: false }, false)
    }
    fc.assert(fc.property(shown(graphs), kinds, parts, law), settings(200))
  }, 300_000)

  it('random graphs with state that is replaced', () => {
    const picks = fc.array(fc.nat(997), { minLength: 3, maxLength: 3 })
    const law = ({ graph, inputs }: RandomProgram, at: readonly number[], part: number) =>
      void agrees(withState(graph, at), arraysOf(inputs), part, { fusion: false, scalars: false }, true)
    fc.assert(fc.property(shown(randomProgram(fc, { steps: 10 })), picks, parts, law), settings(170))
  }, 300_000)
})
