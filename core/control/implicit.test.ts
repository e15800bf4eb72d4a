/** Derivatives through solvers: equal to those of the solution in closed form, or to finite differences, in both modes and to second order. */
import { describe, expect, it } from 'vitest'
import { evaluate } from '../evaluate.ts'
import type { Node, Tensor } from '../ir.ts'
import { distance } from '../laws.fixture.ts'
import * as op from '../ops.ts'
import { type AnyProgram, f64, program } from '../program.ts'
import { grad, hessian, jacobian } from '../requests.ts'
import { ramp } from '../samples.ts'
import { tensor } from '../shape.ts'

/** √a by Newton's method, until it no longer changes: a loop without a bound, which has no reverse mode of its own. */
const newton = (a: Node): Node =>
  op.whileLoop({
    carry: { x: op.add(op.mul(a, 0), 1), last: op.mul(a, 0) },
    condition: ({ x, last }) => op.greater(op.max(op.abs(op.sub(x, last))), 1e-14),
    body: ({ x }) => ({ x: op.mul(0.5, op.add(x, op.div(a, x))), last: x }),
  }).x
const root = op.implicit(
  (x: Node, { a }: { a: Node }) => op.sub(op.mul(x, x), a),
  ({ a }) => newton(a),
)

/** The fixed point h = tanh(w·h + b), by iteration. */
const settle = op.implicit(
  (h: Node, { w, b }: { w: Node; b: Node }) => op.sub(op.tanh(op.add(op.matmul(w, h), b)), h),
  ({ w, b }) =>
    op.scan({
      carry: { h: op.mul(b, 0) },
      length: 200,
      body: ({ h }) => ({ carry: { h: op.tanh(op.add(op.matmul(w, h), b)) } }),
    }).carry.h,
)
const fixedPoint = program({
  inputs: { w: f64(3, 3), b: f64(3) },
  outputs: ({ w, b }) => {
    const h = settle({ w: op.mul(w, 0.3), b })
    return { h, f: op.sum(op.mul(h, op.exp(h))) }
  },
}) as AnyProgram
const at = { w: ramp('f64', [3, 3]), b: ramp('f64', [3], 4) }
const run = (p: { graph: Parameters<typeof evaluate>[0] }, values: { [name: string]: Tensor }) =>
  evaluate(p.graph, values)

describe('implicit', () => {
  const p = program({ inputs: { a: f64(4) }, outputs: ({ a }) => ({ x: root({ a }), f: op.sum(op.exp(root({ a }))) }) })
  const a = tensor('f64', [4], [0.3, 1, 2, 9])
  it('is the solution', () => expect(distance(run(p, { a })['x']!.data, a.data.map(Math.sqrt))).toBeLessThan(1e-13))
  it.each(['forward', 'reverse', 'auto'] as const)('has the slope of the equation, %s', (mode) => {
    const made = run(jacobian(p, { of: 'x', wrt: 'a', mode }), { a })['dx_da']!
    const want = Float64Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 0.5 / Math.sqrt(a.data[i / 5]!) : 0))
    expect(distance(made.data, want)).toBeLessThan(1e-12)
  })
  it('has second derivatives', () => {
    const made = run(hessian(p, { of: 'f', wrt: 'a' }), { a })['d2f_da_da']!
    const second = (x: number) => (Math.exp(Math.sqrt(x)) * (Math.sqrt(x) - 1)) / (4 * x ** 1.5)
    const want = Float64Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? second(a.data[i / 5]!) : 0))
    expect(distance(made.data, want)).toBeLessThan(1e-11)
  })
  it('of several parameters agrees with finite differences, and with the loop itself', () => {
    const made = run(grad(fixedPoint, { of: 'f', wrt: ['w', 'b'] }), at)
    for (const x of ['w', 'b'] as const) {
      const want = at[x].data.map((_, i) => {
        const f = (step: number) => {
          const moved = tensor('f64', at[x].shape, at[x].data)
          moved.data[i]! += step
          return run(fixedPoint, { ...at, [x]: moved })['f']!.data[0]!
        }
        return (f(1e-6) - f(-1e-6)) / 2e-6
      })
      expect(distance(made[`df_d${x}`]!.data, want)).toBeLessThan(1e-8)
    }
  })
  it('with a residual of another size is refused', () => {
    const wrong = op.implicit(
      (x: Node, { a }: { a: Node }) => op.sum(op.sub(x, a)),
      ({ a }) => a,
    )
    const declare = () => program({ inputs: { a: f64(2) }, outputs: ({ a }) => ({ x: wrong({ a }) }) })
    expect(declare).toThrow(expect.objectContaining({ code: 'E_RESIDUAL' }))
  })
})
