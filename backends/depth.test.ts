/** Size: deep and wide programs go through every stage and run, without recursion over depth. Values are the oracle's; no time is asserted. */
import { describe, expect, it } from 'vitest'
import { evaluate } from '../core/evaluate.ts'
import type { Node } from '../core/ir.ts'
import { distance } from '../core/laws.fixture.ts'
import * as op from '../core/ops.ts'
import { print } from '../core/print.ts'
import { type AnyProgram, f32, program } from '../core/program.ts'
import { grad } from '../core/requests.ts'
import { validatePlan } from '../planner/memory/validate.ts'
import { plan } from '../planner/plan.ts'
import { arraysOf, valuesFor } from './random-programs.fixture.ts'
import { runModule } from './wasm/run.fixture.ts'

const PATIENCE = 180_000

/** Plans, checks, explains, prints and runs `p`; its results are those of the oracle. */
function passes(p: AnyProgram): void {
  const made = plan(p)
  expect(validatePlan(made)).toEqual([])
  expect(made.explain({ tape: true }).length).toBeGreaterThan(0)
  expect(print(p.graph).length).toBeGreaterThan(0)
  expect(JSON.parse(JSON.stringify(made))).toStrictEqual({ ...made })
  const given = valuesFor(p, {})
  const { outputs } = runModule(made, arraysOf(given), 1)
  for (const [name, want] of Object.entries(evaluate(p.graph, given)))
    expect(distance(outputs[name]!, want.data), name).toBeLessThan(1e-3)
}

/** y ← sin(y) + x, `length` nodes long: it stays near a fixed point, so that errors do not grow. */
function chain(length: number, ...shape: readonly number[]): AnyProgram {
  return program({
    name: 'chain',
    inputs: { x: f32(...shape) },
    outputs({ x }) {
      let y = x
      for (let i = 0; i < length; i++) y = i % 2 === 0 ? op.sin(y) : op.add(op.mul(y, 0.5), x)
      return { y: op.sum(y) }
    },
  })
}

describe('programs of many nodes', { timeout: PATIENCE }, () => {
  it('100,000 chained scalars', () => passes(chain(67_000)))
  it('the gradient of 10,000 chained vectors', () => passes(grad(chain(6_700, 8), { of: 'y', wrt: 'x' })))
  it('5,000 independent inputs and outputs', () => {
    const names = Array.from({ length: 5_000 }, (_, i) => `v${i}`)
    const inputs = Object.fromEntries(names.map((name) => [name, f32(3)]))
    const each = (v: { readonly [name: string]: Node }) => names.map((name) => [`y_${name}`, op.exp(v[name]!)])
    passes(program({ inputs, outputs: (v) => Object.fromEntries(each(v)) as { [name: string]: Node } }))
  })
  it('a concat of 1,000 parts', () => {
    const parts = (x: Node) => Array.from({ length: 1_000 }, (_, i) => op.mul(x, i / 1000))
    passes(program({ inputs: { x: f32(2) }, outputs: ({ x }) => ({ y: op.concat(parts(op.sin(x))) }) }))
  })
  it('the gradient of 500 tiny layers', () => {
    const names = Array.from({ length: 500 }, (_, i) => `w${i}`)
    const inputs = { x: f32(2, 3), ...Object.fromEntries(names.map((name) => [name, f32(3, 3)])) }
    const deep = program({
      inputs,
      outputs: (v) => {
        const nodes = v as { readonly [name: string]: Node }
        return { y: op.sum(names.reduce((h, w) => op.tanh(op.add(op.matmul(h, nodes[w]!), h)), nodes['x']!)) }
      },
    })
    passes(grad(deep as AnyProgram, { of: 'y', wrt: ['x', ...names] }))
  })
})
