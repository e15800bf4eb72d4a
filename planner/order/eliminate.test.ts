/** Elimination in plans: counted as it is built, chosen where it pays, obeyed when asked for, the same again and again. */
import { describe, expect, it } from 'vitest'
import { byDimensions, resolve } from '../../core/differentiate/resolve.ts'
import { evaluate } from '../../core/evaluate.ts'
import { graphOf } from '../../core/graph.ts'
import type { ElementGraph, Node, Problem } from '../../core/ir.ts'
import { distance } from '../../core/laws.fixture.ts'
import * as op from '../../core/ops.ts'
import type { EliminateOrder, Mode } from '../../core/order.ts'
import { type AnyProgram, f64, program } from '../../core/program.ts'
import { jacobian, vmap } from '../../core/requests.ts'
import { ramp } from '../../core/samples.ts'
import { uniform } from '../../core/threefry.ts'
import { cse } from '../passes/cse.ts'
import { deadCode } from '../passes/dead-code.ts'
import { plan } from '../plan.ts'
import type { OrderReport } from '../types.ts'
import { slopeCount } from './slope-count.ts'

/** Sums of products with inputs that nothing is differentiated by: every slope is known by name. */
function randomSums(seed: number): AnyProgram {
  let n = 0
  const pick = (below: number) => Math.floor(below * uniform(seed, 5, n++))
  return program({
    inputs: { x: f64(3), w: f64(6) },
    outputs: ({ x, w }) => {
      const [weights, made] = [op.unstack(w), op.unstack(x)]
      const any = () => made[Math.max(0, made.length - 1 - pick(5))]!
      const term = () => [op.mul(any(), weights[pick(6)]!), op.neg(any()), op.mul(any(), 3), any()][pick(4)]!
      for (let i = 0; i < 9; i++) made.push(op.add(term(), term()))
      return { y: op.stack(made.slice(-3)) }
    },
  }) as AnyProgram
}
function shuffled(items: readonly number[], seed: number): number[] {
  const left = [...items]
  return items.map((_, i) => left.splice(Math.floor(left.length * uniform(seed, 6, i)), 1)[0]!)
}
function problemOf(p: AnyProgram): Problem {
  let found: Problem | undefined
  resolve(jacobian(p, { of: 'y', wrt: 'x' }).graph, (request, problem, mode) => {
    found = problem
    return byDimensions(request, problem, mode)
  })
  return found!
}
/** Of several inputs and outputs through one narrow place and back. */
const scalars = program({
  name: 'scalars',
  inputs: { x: f64(6) },
  outputs: ({ x }) => {
    const parts = op.unstack(x)
    const pair = (a: Node, b: Node) => op.sin(op.mul(a, op.add(b, op.mul(a, b))))
    const waist = pair(pair(parts[0]!, parts[1]!), pair(pair(parts[2]!, parts[3]!), pair(parts[4]!, parts[5]!)))
    const h = op.tanh(op.mul(waist, waist))
    return { y: op.stack(parts.map((_, i) => op.mul(op.exp(op.mul(h, i + 2)), op.sin(op.add(h, i * 0.5))))) }
  },
}) as AnyProgram
const planned = (mode: Mode = 'auto') => plan(jacobian(scalars, { of: 'y', wrt: 'x', mode }))
const order = (mode: Mode = 'auto') => planned(mode).orders['dy_dx']!

describe('operations', () => {
  it('are those of the graph that is built, after equal ones are joined', () => {
    for (let seed = 0; seed < 60; seed++) {
      const problem = problemOf(randomSums(seed))
      const counted = slopeCount(problem.elements() as ElementGraph)
      for (const order of [counted.vertices, counted.vertices.toReversed(), shuffled(counted.vertices, seed)]) {
        const { name, inputs, outputs } = problem.build({ kind: 'eliminate', order })
        const made = deadCode(cse(graphOf(name, inputs, outputs.slice(-1))))
        const computing = made.nodes.filter((node) => !node.op.facts.view && !node.op.facts.leaf)
        expect(counted.price(order, Infinity), `${seed}: ${order}`).toBe(computing.length)
      }
    }
  })
  it('are not counted beyond a limit', () => {
    const counted = slopeCount(problemOf(randomSums(1)).elements() as ElementGraph)
    const cost = counted.price(counted.vertices, Infinity)
    expect(cost).toBeGreaterThan(1)
    expect(counted.price(counted.vertices, cost)).toBe(cost)
    expect(counted.price(counted.vertices, cost - 1)).toBe(Infinity)
  })
})

describe('auto', () => {
  it('eliminates vertices of a scalar program, and says what the others would cost', () => {
    const { chosen, candidates } = order()
    expect(chosen).toBe('eliminate')
    const price = (name: string) => candidates.find((c) => c.name === name)!
    for (const whole of ['forward', 'reverse']) {
      expect(price(whole).predictedMs).toBeGreaterThan(1.2 * price('eliminate').predictedMs)
      expect(price(whole).multiplications).toBeGreaterThan(price('eliminate').multiplications)
    }
    expect(planned().explain()).toContain('dy_dx: eliminate')
  })
  it('does so for many examples at once, at the price of the plan for them', () => {
    const p = vmap(jacobian(scalars, { of: 'y', wrt: 'x' }) as AnyProgram, { over: 'x', size: 1000 } as never)
    const { orders, cost, kernels } = plan(p)
    const [{ chosen, candidates }] = Object.values(orders) as [OrderReport]
    expect([chosen, kernels.length]).toEqual(['eliminate', 1])
    const of = (made: OrderReport['candidates']) => made.find((c) => c.name === 'eliminate')!.predictedMs
    expect(of(candidates) / cost.predictedMs).toBeCloseTo(1, 3)
    expect(of(candidates)).toBeGreaterThan(20 * of(order().candidates))
  })
  it('gives the same plan again', () => expect(planned().hash).toBe(planned().hash))
})

describe('a mode', () => {
  it('of this kind is obeyed, and so are the order reported and its list alone', () => {
    const made = planned('eliminate')
    const { order: list } = made.orders['dy_dx']!.order as EliminateOrder
    for (const mode of [made.orders['dy_dx']!.order, { order: list }, JSON.parse(JSON.stringify({ order: list }))]) {
      expect(planned(mode).kernels).toEqual(made.kernels)
      expect(planned(mode).orders['dy_dx']!.reason).toContain('given')
    }
    const at = { x: ramp('f64', [6]) }
    const value = (mode: Mode) => evaluate(jacobian(scalars, { of: 'y', wrt: 'x', mode }).graph, at)['dy_dx']!.data
    for (const whole of ['forward', 'reverse'] as const)
      expect(distance(value({ order: list }), value(whole))).toBeLessThan(1e-10)
  })
  it('of this kind is refused where values are large, and says why', () => {
    const p = program({ inputs: { x: f64(500) }, outputs: ({ x }) => ({ y: op.sum(op.mul(x, x)) }) }) as AnyProgram
    const asked = () => plan(jacobian(p, { of: 'y', wrt: 'x', mode: 'eliminate' }))
    expect(asked).toThrow(expect.objectContaining({ code: 'E_ORDER' }))
    expect(asked).toThrow(/dy_dx: .*at most/)
  })
})
