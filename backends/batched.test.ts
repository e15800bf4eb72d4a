/** Scalar programs in batches and alone: joined or as loops, on the interpreter and in WebAssembly at 1, 2 and 3 ranks, the same bits; and what the oracle says. */
import { describe, expect, it } from 'vitest'
import { resolve } from '../core/differentiate/resolve.ts'
import { evaluate } from '../core/evaluate.ts'
import type { Node } from '../core/ir.ts'
import { distance } from '../core/laws.fixture.ts'
import * as op from '../core/ops.ts'
import { type AnyProgram, f32, f64, program } from '../core/program.ts'
import { hessian, jacobian, type Mode, vmap } from '../core/requests.ts'
import { ramp } from '../core/samples.ts'
import { validatePlan } from '../planner/memory/validate.ts'
import { plan } from '../planner/plan.ts'
import { arraysOf, slow } from './random-programs.fixture.ts'
import { firstDifference, runInterpreter, runModule } from './wasm/run.fixture.ts'

function check(p: AnyProgram, eps: number): void {
  const given = Object.fromEntries(
    p.graph.inputs.map((x, i) => [String(x.params['name']), ramp(x.dtype, x.shape as number[], i)]),
  )
  const arrays = arraysOf(given)
  const loops = runInterpreter(plan(p, { scalars: false }), arrays)
  const made = plan(p, { threads: 3, target: slow })
  expect(validatePlan(made)).toEqual([])
  expect(firstDifference(runInterpreter(made, arrays), loops)).toBeUndefined()
  for (const ranks of [1, 2, 3])
    expect(firstDifference(runModule(made, arrays, ranks), loops), `${ranks} ranks`).toBeUndefined()
  for (const [name, { data }] of Object.entries(evaluate(resolve(p.graph), given)))
    expect(distance(loops.outputs[name]!, data), name).toBeLessThan(eps)
}

/** Rotations one after another, clamped and compared: scalars of several dtypes, a guard, a reduction of three. */
const turns = (of: typeof f32 | typeof f64) =>
  program({
    name: 'turns',
    inputs: { q: of(3), p: of(2) },
    outputs({ q, p }) {
      let [x, y] = op.unstack(p) as [Node, Node]
      for (const angle of op.unstack(q)) {
        const [c, s] = [op.cos(angle), op.sin(angle)]
        ;[x, y] = [op.sub(op.mul(c, x), op.mul(s, y)), op.add(op.mul(s, x), op.mul(c, y))]
        x = op.where(op.greater(x, 0.5), op.sqrt(op.abs(x)), op.mul(x, x))
      }
      const tip = op.pad(op.stack([x, y]), [[1, 0]], 0.25)
      return { tip, length: op.sum(op.mul(tip, tip)) }
    },
  })

/** A batch of systems along a loop, stored row by row: what goes round is exchanged in place. */
const systems = program({
  name: 'systems',
  inputs: { s: f64(3, 50) },
  outputs({ s }) {
    const { carry, out } = op.scan({
      carry: { s },
      length: 4,
      body: (c) => {
        const [x, y, z] = op.unstack(c.s) as [Node, Node, Node]
        return { carry: { s: op.stack([op.mul(y, 0.5), op.sub(z, op.mul(x, y)), op.sin(x)]) }, out: { z } }
      },
    })
    return { end: carry.s, path: out.z }
  },
})
it('a batch of systems in a loop', () => {
  const given = { s: ramp('f64', [3, 50]) }
  const p = systems as AnyProgram
  const [made, loops] = [plan(p), plan(p, { scalars: false })]
  for (const one of [made, loops]) expect(validatePlan(one)).toEqual([])
  const want = runInterpreter(loops, arraysOf(given))
  expect(firstDifference(runInterpreter(made, arraysOf(given)), want)).toBeUndefined()
  expect(firstDifference(runModule(made, arraysOf(given), 1), want)).toBeUndefined()
  expect(distance(want.outputs['end']!, evaluate(p.graph, given)['end']!.data)).toBeLessThan(1e-14)
})

describe.each([
  ['f32', f32, 2e-4],
  ['f64', f64, 1e-11],
] as const)('scalar programs, %s', (_, of, eps) => {
  it.each(['forward', 'reverse'] satisfies Mode[])('Jacobian, %s, alone and for 1, 31, 32 and 70 examples', (mode) => {
    const j = jacobian(turns(of), { of: 'tip', wrt: 'q', mode })
    check(j as AnyProgram, eps)
    for (const size of [1, 31, 32, 70]) check(vmap(j, { over: ['q', 'p'], size }) as AnyProgram, eps)
    check(vmap(j, { over: 'q', size: 40 }) as AnyProgram, eps)
  })
  it('Hessian for a batch, forward and by elimination', () => {
    const second = (mode: Mode) => hessian(turns(of), { of: 'length', wrt: 'q', mode })
    const found = plan(second('eliminate') as AnyProgram).orders['d2length_dq_dq']!.order
    for (const mode of ['forward', found] as const)
      check(vmap(second(mode), { over: ['q', 'p'], size: 40 }) as AnyProgram, 10 * eps)
  })
})
