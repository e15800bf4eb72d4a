/** The stages against each other on random programs: oracle, interpreter, WebAssembly at 1 to 3 ranks, and every switch of the planner. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluate } from '../core/evaluate.ts'
import type { Graph, Node, Tensor } from '../core/ir.ts'
import { distance } from '../core/laws.fixture.ts'
import * as op from '../core/ops.ts'
import { constant } from '../core/primitives/leaf.ts'
import { print } from '../core/print.ts'
import { type AnyProgram, f32, i32, NEXT, program } from '../core/program.ts'
import { type RandomOptions, type RandomProgram, randomProgram } from '../core/random-graph.fixture.ts'
import { tensor } from '../core/shape.ts'
import { validatePlan } from '../planner/memory/validate.ts'
import { arraysOf, asProgram, derivatives, plansOf, valuesFor, withState } from './random-programs.fixture.ts'
import { firstDifference, type Outcome, runInterpreter, runModule } from './wasm/run.fixture.ts'

interface Tolerance {
  readonly f32: number
  readonly f64: number
}
/** Of values, relative above 1: transcendentals of the oracle differ by some ulp, and sums add in another order. */
const values: Tolerance = { f32: 2e-5, f64: 1e-12 }
/** Derivatives multiply by slopes as large as the graph makes them. */
const slopes: Tolerance = { f32: 5e-4, f64: 1e-9 }

/** The dtype that limits precision. */
const precision = (graph: Graph): keyof Tolerance => (graph.nodes.some((n) => n.dtype === 'f32') ? 'f32' : 'f64')

/** What a run must leave: outputs, and state that is the next value where there is one. */
function wanted(p: AnyProgram, given: { readonly [name: string]: Tensor }): { [name: string]: Tensor } {
  const results = evaluate(p.graph, given)
  const state = Object.keys(p.state).map((name) => [name, results[NEXT + name] ?? given[name]!] as const)
  return Object.fromEntries([...Object.keys(p.outputs).map((name) => [name, results[name]!] as const), ...state])
}

function close(
  got: Outcome,
  want: { readonly [name: string]: { readonly data: ArrayLike<number> } },
  eps: number,
): void {
  for (const [name, { data }] of Object.entries(want))
    expect(distance(got.outputs[name]!, data), name).toBeLessThanOrEqual(eps)
}
const asWanted = (o: Outcome) => Object.fromEntries(Object.entries(o.outputs).map(([name, data]) => [name, { data }]))

function check(p: AnyProgram, inputs: { readonly [name: string]: Tensor }, graph: Graph, tolerance: Tolerance): void {
  const eps = tolerance[precision(graph)]
  const given = valuesFor(p, inputs)
  const arrays = arraysOf(given)
  const plans = plansOf(p)
  for (const [off, made] of Object.entries(plans)) expect(validatePlan(made), `without ${off}`).toEqual([])
  const reference = runInterpreter(plans.nothing, arrays)
  close(reference, wanted(p, given), eps)
  for (const ranks of [1, 2, 3])
    expect(firstDifference(runModule(plans.nothing, arrays, ranks), reference), `${ranks} ranks`).toBeUndefined()
  const straight = runModule(plans.loops, arrays, 1)
  expect(firstDifference(straight, reference), 'WebAssembly without loops').toBeUndefined()
  for (const off of ['placement', 'inPlace', 'loops'] as const)
    expect(firstDifference(runInterpreter(plans[off], arrays), reference), `without ${off}`).toBeUndefined()
  for (const off of ['fusion', 'passes'] as const) {
    const other = runInterpreter(plans[off], arrays)
    close(other, asWanted(reference), eps)
    expect(firstDifference(runModule(plans[off], arrays, 1), other), `WebAssembly without ${off}`).toBeUndefined()
  }
}

/** Shown as text when a law breaks. */
const random = (options: RandomOptions = {}): fc.Arbitrary<RandomProgram> =>
  randomProgram(fc, options).map((p) => Object.assign(p, { [fc.toStringMethod]: () => print(p.graph) }))

const runs = { numRuns: Number(process.env['FC_RUNS'] ?? 40), seed: Number(process.env['FC_SEED'] ?? 11) }

describe('random programs: oracle = interpreter = WebAssembly, whatever is switched off', () => {
  it('values', () => {
    fc.assert(
      fc.property(random(), ({ graph, inputs }) => check(asProgram(graph), inputs, graph, values)),
      runs,
    )
  })
  it('with state and next values', () => {
    const picks = fc.array(fc.nat(997), { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(random(), picks, ({ graph, inputs }, at) => check(withState(graph, at), inputs, graph, values)),
      runs,
    )
  })
  it.each(Object.entries(derivatives))('%s', (_, of) => {
    fc.assert(
      fc.property(random({ steps: 8 }), ({ graph, inputs }) => check(of(graph), inputs, graph, slopes)),
      { ...runs, numRuns: Math.ceil(runs.numRuns / 2) },
    )
  })
})

describe('reading at a loaded index', () => {
  const at = (table: (x: Node) => Node): AnyProgram =>
    program({
      inputs: { x: f32(2, 3), k: i32(4) },
      outputs: ({ x, k }) => ({ y: op.gather(table(x), k), y1: table(x) }),
    })
  it.each<[string, (x: Node) => Node]>([
    ['padding', (x) => op.pad(x, [[1, 1]], 0.5)],
    ['padding with zeros, then a reshape', (x) => op.reshape(op.pad(x, [[0, 2]]), [4, 3])],
    ['a concat of computed parts', (x) => op.concat([op.sin(x), op.mul(x, 2)])],
    ['a transposed slice', (x) => op.transpose(op.slice(op.concat([x, x, x], 1), [0, 2], [1, 5]))],
    ['counting numbers', (x) => op.add(op.iota([4], 0, 'f32'), op.sum(x))],
    ['counting numbers alone', () => op.iota([4], 0, 'f32')],
    ['padded counting numbers', () => op.pad(op.iota([2], 0, 'f32'), [[1, 1]])],
    ['what was read at a loaded index', (x) => op.gather(op.pad(x, [[1, 1]]), constant([3, 0, 2, 1], 'i32'))],
    ['padding of what was read', (x) => op.pad(op.gather(x, constant([1, 0], 'i32')), [[2, 0]])],
  ])('of %s', (_, table) => {
    const x = tensor('f32', [2, 3], [1, -2, 3, -4, 5, -6])
    const p = at(table)
    check(p, { x, k: tensor('i32', [4], [3, 0, 1, 2]) }, p.graph, values)
  })
})
