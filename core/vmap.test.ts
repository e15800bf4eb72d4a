/** vmap: many examples are the single ones, stacked; and it composes with every other request. */
import { describe, expect, it } from 'vitest'
import { resolve } from './differentiate/resolve.ts'
import { evaluate } from './evaluate.ts'
import type { Tensor } from './ir.ts'
import { distance, type Tensors } from './laws.fixture.ts'
import * as op from './ops.ts'
import { type AnyProgram, call, f64, program } from './program.ts'
import { bind } from './rebuild.ts'
import { grad, hessian, jacobian, vmap } from './requests.ts'
import { ramp } from './samples.ts'
import { tensor } from './shape.ts'

const model = program({
  name: 'model',
  inputs: { x: f64(3), t: f64() },
  state: { w: f64(3, 2) },
  outputs({ x, t, w }) {
    const h = op.tanh(op.matmul(x, w))
    return { h, loss: op.square(op.sub(op.sum(h), t)) }
  },
})
const size = 4
const values: Tensors = { x: ramp('f64', [size, 3], 1), t: ramp('f64', [size], 2), w: ramp('f64', [3, 2], 3) }
const run = (p: { readonly graph: AnyProgram['graph'] }, given: Tensors) => evaluate(resolve(p.graph), given)
const row = (t: Tensor, i: number): Tensor => {
  const shape = t.shape.slice(1)
  const n = t.data.length / t.shape[0]!
  return tensor(t.dtype, shape, t.data.slice(i * n, (i + 1) * n))
}
const singles = (p: { readonly graph: AnyProgram['graph'] }): Tensors[] =>
  Array.from({ length: size }, (_, i) => run(p, { ...values, x: row(values['x']!, i), t: row(values['t']!, i) }))

function expectStacked(
  many: Tensors,
  ones: readonly Tensors[],
  names: readonly string[] = Object.keys(ones[0]!),
): void {
  for (const name of names) {
    expect(many[name]!.shape, name).toEqual([ones.length, ...ones[0]![name]!.shape])
    ones.forEach((one, i) => expect(distance(row(many[name]!, i).data, one[name]!.data), name).toBeLessThan(1e-13))
  }
}
const batch = vmap(model, { over: ['x', 't'], size })

describe('vmap', () => {
  it('is the single examples, stacked', () => expectStacked(run(batch, values), singles(model)))
  it('shares the inputs that it is not over', () => {
    const shared = vmap(model, { over: 'x', size })
    const t = row(values['t']!, 2)
    const ones = Array.from({ length: size }, (_, i) => run(model, { ...values, x: row(values['x']!, i), t }))
    expectStacked(run(shared, { ...values, t }), ones)
  })
  it('repeats what does not depend on an example', () => {
    const p = program({ inputs: { x: f64(), c: f64(2) }, outputs: ({ c }) => ({ y: op.sin(c) }) })
    const made = run(vmap(p, { over: 'x', size: 2 }), { x: tensor('f64', [2], [1, 2]), c: ramp('f64', [2]) })
    expect(made['y']!.shape).toEqual([2, 2])
    expect(row(made['y']!, 0)).toEqual(row(made['y']!, 1))
  })
  it('of a gradient gives the gradient of each example', () => {
    const each = grad(model, { of: 'loss', wrt: ['x', 'w'] })
    const made = run(vmap(each, { over: ['x', 't'], size }), values)
    expect(made['dloss_dw']!.shape).toEqual([size, 3, 2])
    expectStacked(made, singles(each))
  })
  it('of a Hessian, a Jacobian in either mode, and of itself', () => {
    for (const each of [
      hessian(model, { of: 'loss', wrt: 'x' }),
      jacobian(model, { of: 'h', wrt: 'w', mode: 'forward' }),
      jacobian(model, { of: 'h', wrt: 'x', mode: 'reverse' }),
    ])
      expectStacked(run(vmap(each as AnyProgram, { over: ['x', 't'], size }), values), singles(each))
    const twice = vmap(vmap(model, { over: 'x', size }), { over: 't', size })
    const made = run(twice, values)
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        const one = run(model, { ...values, x: row(values['x']!, i), t: row(values['t']!, j) })
        expect(row(row(made['loss']!, j), i).data[0]).toBeCloseTo(one['loss']!.data[0]!, 12)
      }
  })
  it('differentiates: its Jacobian is zero across examples and theirs on the diagonal', () => {
    for (const mode of ['forward', 'reverse'] as const) {
      const made = run(jacobian(batch, { of: 'h', wrt: 'x', mode }), values)['dh_dx']!
      expect(made.shape).toEqual([size, 2, size, 3])
      const ones = singles(jacobian(model, { of: 'h', wrt: 'x', mode }))
      for (let i = 0; i < size; i++)
        for (let y = 0; y < 2; y++)
          for (let j = 0; j < size; j++)
            for (let x = 0; x < 3; x++) {
              const got = made.data[((i * 2 + y) * size + j) * 3 + x]!
              expect(got).toBeCloseTo(i === j ? ones[i]!['dh_dx']!.data[y * 3 + x]! : 0, 12)
            }
    }
  })
  it('may be called in a loop body, and hold loops', () => {
    const power = program({
      inputs: { a: f64(), b: f64() },
      outputs: ({ a, b }) => ({
        y: op.scan({ carry: { v: a }, length: 3, body: (c) => ({ carry: { v: op.mul(c.v, b) } }) }).carry.v,
      }),
    })
    const many = vmap(power, { over: 'a', size: 3 })
    const outer = program({
      inputs: { a: f64(3), b: f64() },
      outputs: ({ a, b }) => ({
        s: op.sum(
          op.scan({ carry: { v: a }, length: 2, body: (c) => ({ carry: { v: call(many, { a: c.v, b }).y } }) }).carry.v,
        ),
      }),
    })
    const made = run(grad(outer, { of: 's', wrt: ['a', 'b'] }), {
      a: tensor('f64', [3], [1, 2, -5]),
      b: tensor('f64', [], [2]),
    })
    expect(made['s']!.data[0]).toBe(-2 * 64)
    expect(Array.from(made['ds_da']!.data)).toEqual([64, 64, 64])
    expect(made['ds_db']!.data[0]).toBe(-2 * 6 * 32)
  })
  it('takes a size by name, bound later', () => {
    const named = vmap(model, { over: ['x', 't'], size: 'N' })
    expect(named.inputs.x.shape).toEqual(['N', 3])
    const many = bind(vmap(grad(model, { of: 'loss', wrt: 'x' }), { over: ['x', 't'], size: 'N' }).graph, { N: size })
    expectStacked(run({ graph: many }, values), singles(grad(model, { of: 'loss', wrt: 'x' })))
    const outside = bind(jacobian(named, { of: 'h', wrt: 'w' }).graph, { N: size })
    expect(run({ graph: outside }, values)['dh_dw']!.shape).toEqual([size, 2, 3, 2])
  })
  it('refuses names that are no inputs, and state with next values', () => {
    expect(() => vmap(model, { over: 'w' as 'x', size })).toThrow(expect.objectContaining({ code: 'E_UNKNOWN_NAME' }))
    const counter = program({
      inputs: { x: f64() },
      state: { n: f64() },
      body: ({ x, n }) => ({ outputs: { y: x }, next: { n: op.add(n, x) } }),
    })
    expect(() => vmap(counter, { over: 'x', size })).toThrow(expect.objectContaining({ code: 'E_VMAP_STATE' }))
  })
})
