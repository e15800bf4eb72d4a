/** Linear operators, diagonals and chains of local Jacobians against the Jacobian itself. */
import { describe, expect, it } from 'vitest'
import { resolve } from './differentiate/resolve.ts'
import { evaluate } from './evaluate.ts'
import type { Tensor } from './ir.ts'
import { direction, distance } from './laws.fixture.ts'
import { linearize } from './linear-operator.ts'
import * as op from './ops.ts'
import { type AnyProgram, f64, i32, program } from './program.ts'
import { hessian, jacobian, jvp, vjp } from './requests.ts'
import { ramp } from './samples.ts'
import { count, tensor } from './shape.ts'

type Tensors = { readonly [name: string]: Tensor }
const run = (p: { graph: AnyProgram['graph'] }, values: Tensors): Tensors => evaluate(p.graph, values)

/** Products, a branch, a loop with a tape, a gather; weights as state. */
const model = program({
  name: 'model',
  inputs: { x: f64(4), k: i32(3) },
  state: { w: f64(4, 4), b: f64(4) },
  outputs({ x, k, w, b }) {
    const h = op.tanh(op.add(op.matmul(x, w), b))
    const turned = op.scan({
      carry: { h },
      length: 3,
      body: ({ h }) => ({ carry: { h: op.sin(op.mul(op.matmul(w, h), h)) } }),
    })
    return { y: op.where(op.greater(turned.carry.h, 0), op.exp(turned.carry.h), h), z: op.gather(op.mul(h, h), k) }
  },
}) as AnyProgram
const at = { x: ramp('f64', [4]), k: tensor('i32', [3], [3, 0, 3]), w: ramp('f64', [4, 4], 2), b: ramp('f64', [4], 5) }

describe('linearize', () => {
  const of = ['y', 'z']
  const wrt = ['x', 'w']
  const l = linearize(model, { of, wrt })
  const zeros = Object.fromEntries(
    l.point.graph.inputs
      .filter((n) => String(n.params['name']).startsWith('point.'))
      .map((n) => [String(n.params['name']), tensor(n.dtype, n.shape as number[], [])]),
  )
  const ran = run(l.point, { ...at, ...zeros })
  const state: Tensors = {
    ...{ w: at.w, b: at.b },
    ...Object.fromEntries(Object.keys(zeros).map((n) => [n, ran[`next.${n}`]!])),
  }
  it('computes the program at the point, and keeps something', () => {
    const plain = run(model, at)
    for (const y of of) expect(distance(ran[y]!.data, plain[y]!.data)).toBe(0)
    expect(Object.keys(zeros).length).toBeGreaterThan(1)
    for (const part of [l.apply, l.transpose, l.toDense])
      expect(part.graph.inputs.map((n) => n.params['name'])).not.toContain('k')
  })
  it('applies J and its transpose as jvp and vjp do', () => {
    const ts = { x_tangent: direction('f64', [4], 1), w_tangent: direction('f64', [4, 4], 2) }
    const us = { y_cotangent: direction('f64', [4], 3), z_cotangent: direction('f64', [3], 4) }
    const forward = run(jvp(model, { of, wrt }), { ...at, ...ts })
    const backward = run(vjp(model, { of, wrt }), { ...at, ...us })
    const [applied, transposed] = [run(l.apply, { ...state, ...ts }), run(l.transpose, { ...state, ...us })]
    for (const y of of)
      expect(distance(applied[`${y}_tangent`]!.data, forward[`${y}_tangent`]!.data)).toBeLessThan(1e-14)
    for (const x of wrt)
      expect(distance(transposed[`${x}_cotangent`]!.data, backward[`${x}_cotangent`]!.data)).toBeLessThan(1e-14)
  })
  it('is the Jacobian when made dense, and its diagonal', () => {
    const J = run(jacobian(model, { of: 'y', wrt: ['x', 'w'] }), at)
    const made = run(l.toDense, state)
    expect(made['dy_dw']!.shape).toEqual([4, 4, 4])
    for (const d of ['dy_dx', 'dy_dw']) expect(distance(made[d]!.data, J[d]!.data)).toBeLessThan(1e-13)
    const diagonal = run(l.diagonal!, state)
    expect(Object.keys(diagonal)).toEqual(['dy_dx'])
    expect(
      distance(
        diagonal['dy_dx']!.data,
        J['dy_dx']!.data.filter((_, i) => i % 5 === 0),
      ),
    ).toBeLessThan(1e-13)
  })
  it('knows its structure', () => {
    const p = program({ inputs: { x: f64(5) }, outputs: ({ x }) => ({ y: op.mul(op.sin(x), x) }) }) as AnyProgram
    const known = linearize(p, { of: 'y', wrt: 'x' }).structure['dy_dx']!
    expect(known.name).toBe('diagonal')
    expect(known.pairs).toEqual([[0, 0]])
  })
})

describe('a diagonal', () => {
  const x = ramp('f64', [2, 3])
  it('of a Jacobian, with or without anything beside it', () => {
    for (const f of [op.sin, (v: never) => op.softmax(v), (v: never) => op.mul(op.sum(v), v)]) {
      const p = program({ inputs: { x: f64(2, 3) }, outputs: ({ x }) => ({ y: f(x as never) }) }) as AnyProgram
      const whole = run(jacobian(p, { of: 'y', wrt: 'x' }), { x })['dy_dx']!
      const made = run(jacobian(p, { of: 'y', wrt: 'x', format: 'diagonal' }), { x })['dy_dx']!
      expect(made.shape).toEqual([2, 3])
      expect(
        distance(
          made.data,
          whole.data.filter((_, i) => i % 7 === 0),
        ),
      ).toBeLessThan(1e-14)
    }
  })
  it('of a Hessian', () => {
    const p = program({
      inputs: { x: f64(2, 3), z: f64() },
      outputs: ({ x, z }) => ({ f: op.sum(op.mul(op.sin(x), op.exp(op.mul(x, z)))) }),
    }) as AnyProgram
    const values = { x, z: tensor('f64', [], [0.7]) }
    const whole = run(hessian(p, { of: 'f', wrt: ['x', 'z'] }), values)
    const made = run(hessian(p, { of: 'f', wrt: ['x', 'z'], format: 'diagonal' }), values)
    expect(Object.keys(made)).toEqual(['f', 'df_dx', 'df_dz', 'd2f_dx_dx', 'd2f_dz_dz'])
    expect(
      distance(
        made['d2f_dx_dx']!.data,
        whole['d2f_dx_dx']!.data.filter((_, i) => i % 7 === 0),
      ),
    ).toBeLessThan(1e-13)
    expect(distance(made['d2f_dz_dz']!.data, whole['d2f_dz_dz']!.data)).toBeLessThan(1e-13)
  })
  it('costs one pass where there is nothing else', () => {
    const p = program({ inputs: { x: f64(50) }, outputs: ({ x }) => ({ y: op.sin(op.exp(x)) }) }) as AnyProgram
    const { graph } = jacobian(p, { of: 'y', wrt: 'x', format: 'diagonal' })
    const largest = Math.max(...evaluateShapes(graph))
    expect(largest).toBe(50)
  })
  it('of values of different shapes is refused', () => {
    const p = program({ inputs: { x: f64(3) }, outputs: ({ x }) => ({ y: op.sum(x) }) }) as AnyProgram
    expect(() => jacobian(p, { of: 'y', wrt: 'x', format: 'diagonal' })).toThrow(
      expect.objectContaining({ code: 'E_DIAGONAL' }),
    )
  })
})

/** Elements of every value once requests are resolved. */
const evaluateShapes = (graph: AnyProgram['graph']): number[] =>
  resolve(graph).nodes.flatMap((n) => (n.type.kind === 'tensor' ? [count(n.shape as number[])] : []))
