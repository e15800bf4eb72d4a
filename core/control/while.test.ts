/** whileLoop is as many steps as it takes: forward without a bound, in reverse with one, either mode inside the other, many at once. */
import { describe, expect, it } from 'vitest'
import { resolve } from '../differentiate/resolve.ts'
import { batchNodes } from '../differentiate/vmap.ts'
import { evaluate } from '../evaluate.ts'
import type { Node } from '../ir.ts'
import { distance, graph } from '../laws.fixture.ts'
import * as op from '../ops.ts'
import { input } from '../primitives/leaf.ts'
import { call, f64, program } from '../program.ts'
import { grad, jvp, vjp } from '../requests.ts'
import { ramp } from '../samples.ts'
import { tensor, tensorType } from '../shape.ts'
import { derivativesOf, expectSame, inputsOf, named } from './same.fixture.ts'

const x = (shape: readonly number[], seed: number) => ramp('f64', shape, seed)
const one = (k: Node): Node => op.add(k, op.constant(1, 'i32'))
const step = (a: Node, w: Node): Node => op.mul(op.sin(op.add(a, w)), op.exp(op.mul(w, 0.5)))

/** `steps` steps, counted in the loop. */
const counted =
  (steps: number, maxSteps?: number) =>
  (a: Node, w: Node): Node[] => {
    const { v } = op.whileLoop({
      carry: { k: op.constant(0, 'i32'), v: a },
      ...(maxSteps !== undefined && { maxSteps }),
      condition: (c) => op.less(c.k, op.constant(steps, 'i32')),
      body: (c) => ({ k: one(c.k), v: step(c.v, w) }),
    })
    return [v]
  }
const written =
  (steps: number) =>
  (a: Node, w: Node): Node[] => {
    let v = a
    for (let k = 0; k < steps; k++) v = step(v, w)
    return [v]
  }
/** Newton's iteration for √a, as long as it is not good enough. */
const newton = (a: Node, maxSteps?: number): Node =>
  op.whileLoop({
    carry: { y: a },
    ...(maxSteps !== undefined && { maxSteps }),
    condition: (c) => op.greater(op.abs(op.sub(op.mul(c.y, c.y), a)), 1e-13),
    body: (c) => ({ y: op.mul(op.add(c.y, op.div(a, c.y)), 0.5) }),
  }).y
const root = program({ name: 'root', inputs: { a: f64() }, outputs: ({ a }) => ({ y: newton(a, 20) }) })
const scalar = (v: number) => tensor('f64', [], [v])
const run = (p: { readonly graph: Parameters<typeof resolve>[0] }, values: Parameters<typeof evaluate>[1]) =>
  evaluate(resolve(p.graph), values)

describe('whileLoop', () => {
  it.each([0, 1, 5])('of %i steps is those steps, and a bound above changes nothing', (steps) =>
    expectSame(counted(steps, 7), written(steps), [x([3], 1), x([3], 2)]),
  )
  it('may use its whole bound', () => expectSame(counted(7, 7), written(7), [x([2], 1), x([2], 2)]))
  it('reads captured values as they are, even where the count leaves them', () => {
    const looped = (ws: Node): Node[] => {
      const { s } = op.whileLoop({
        carry: { k: op.constant(0, 'i32'), s: op.constant(1, 'f64') },
        maxSteps: 9,
        condition: (c) => op.less(c.k, op.constant(4, 'i32')),
        body: (c) => ({ k: one(c.k), s: op.mul(c.s, op.sin(op.gather(ws, c.k))) }),
      })
      return [s]
    }
    expectSame(looped, (ws) => [op.prod(op.sin(ws))], [x([4], 1)])
  })
  it('takes one value in two places', () => {
    const twice = (a: Node): Node[] => {
      const { v, u } = op.whileLoop({
        carry: { v: a, u: a },
        maxSteps: 5,
        condition: (c) => op.less(op.sum(op.abs(c.v)), 9),
        body: (c) => ({ v: op.mul(c.v, op.add(op.mul(a, a), 1.5)), u: op.add(c.u, op.mul(a, c.v)) }),
      })
      return [v, u]
    }
    const plain = (a: Node): Node[] => {
      const f = op.add(op.mul(a, a), 1.5)
      return [op.mul(a, f), op.add(a, op.mul(a, a))]
    }
    expectSame(twice, plain, [tensor('f64', [2], [1.5, -1.75])])
  })
  it('differentiates a condition that depends on data where it is smooth', () => {
    const values = { a: scalar(2), a_tangent: scalar(1) }
    const second = jvp(grad(root, { of: 'y', wrt: 'a' }), { of: 'dy_da', wrt: 'a' })
    const made = run(second, values)
    expect(made['y']!.data[0]).toBeCloseTo(Math.SQRT2, 13)
    expect(made['dy_da']!.data[0]).toBeCloseTo(0.5 / Math.SQRT2, 12)
    expect(made['dy_da_tangent']!.data[0]).toBeCloseTo(-0.25 / 2 ** 1.5, 11)
  })
})

describe('modes of whileLoop', () => {
  it('forward needs no bound, to any order', () => {
    const free = program({ inputs: { a: f64() }, outputs: ({ a }) => ({ y: newton(a) }) })
    const first = jvp(free, { of: 'y', wrt: 'a' })
    const [t, values] = [scalar(1), { a: scalar(3), a_tangent: scalar(1) }]
    expect(run(first, values)['y_tangent']!.data[0]).toBeCloseTo(0.5 / Math.sqrt(3), 12)
    const inner = program({
      inputs: { a: f64() },
      outputs: ({ a }) => ({ s: call(first, { a, a_tangent: op.constant(1, 'f64') }).y_tangent }),
    })
    const twice = run(jvp(inner, { of: 's', wrt: 'a' }), { a: scalar(3), a_tangent: t })
    expect(twice['s_tangent']!.data[0]).toBeCloseTo(-0.25 / 3 ** 1.5, 10)
  })
  it('reverse without a bound is an error that says what to do', () => {
    const free = program({ inputs: { a: f64() }, outputs: ({ a }) => ({ y: newton(a) }) })
    expect(() => resolve(grad(free, { of: 'y', wrt: 'a' }).graph)).toThrow(
      expect.objectContaining({ code: 'E_NOT_REVERSIBLE' }),
    )
  })
  it('forward inside reverse, and reverse inside forward', () => {
    const slope = (p: typeof root) => jvp(p, { of: 'y', wrt: 'a' })
    const along = program({
      inputs: { a: f64() },
      outputs: ({ a }) => ({ s: call(slope(root), { a, a_tangent: op.constant(1, 'f64') }).y_tangent }),
    })
    const reverseOfForward = run(grad(along, { of: 's', wrt: 'a' }), { a: scalar(2) })['ds_da']!.data[0]!
    const forwardOfReverse = run(jvp(grad(root, { of: 'y', wrt: 'a' }), { of: 'dy_da', wrt: 'a' }), {
      a: scalar(2),
      a_tangent: scalar(1),
    })['dy_da_tangent']!.data[0]!
    expect(reverseOfForward).toBeCloseTo(-0.25 / 2 ** 1.5, 11)
    expect(forwardOfReverse).toBeCloseTo(reverseOfForward, 12)
  })
  it('in a loop body, where what it captures is computed in the body', () => {
    const f = program({ inputs: { v: f64(2), w: f64(2) }, outputs: ({ v, w }) => ({ y: op.mul(op.sin(w), v) }) })
    const looped = (v: Node, w: Node) =>
      op.whileLoop({
        carry: { k: op.constant(0, 'i32'), v },
        maxSteps: 4,
        condition: (c) => op.less(c.k, op.constant(2, 'i32')),
        body: (c) => ({ k: one(c.k), v: call(f, { v: c.v, w }).y }),
      }).v
    const p = program({ inputs: { v: f64(2), w: f64(2) }, outputs: ({ v, w }) => ({ y: looped(v, w) }) })
    const q = program({
      inputs: { v: f64(2), w: f64(2) },
      outputs: ({ v, w }) => ({ y: op.mul(op.mul(op.sin(w), op.sin(w)), v) }),
    })
    const values = { v: x([2], 1), w: x([2], 2), y_cotangent: x([2], 3) }
    const [got, want] = [p, q].map((each) => run(vjp(each, { of: 'y', wrt: ['v', 'w'] }), values))
    for (const [k, t] of Object.entries(want!)) expect(distance(got![k]!.data, t.data), k).toBeLessThan(1e-13)
  })
  it('stops with an error after maxSteps, in the value and in each mode', () => {
    const values = [x([2], 1), x([2], 2)]
    const inputs = inputsOf(values) as [Node, Node]
    const exceeded = expect.objectContaining({ code: 'E_MAX_STEPS' })
    expect(() => evaluate(graph(inputs, { y: counted(4, 3)(...inputs)[0]! }), named(values))).toThrow(exceeded)
    expect(() => derivativesOf(counted(4, 3), values)).toThrow(exceeded)
  })
})

describe('many whileLoops at once', () => {
  it('go on until the last is done, and those that are done keep their values', () => {
    const build = (a: Node): Node[] => {
      const { k, y } = op.whileLoop({
        carry: { k: op.constant(0, 'i32'), y: a },
        maxSteps: 20,
        condition: (c) => op.less(op.abs(c.y), 10),
        body: (c) => ({ k: one(c.k), y: op.mul(c.y, op.add(a, 1)) }),
      })
      return [k, y]
    }
    const a = input('a', tensorType('f64', []))
    const as = input('as', tensorType('f64', [4]))
    const data = [1.5, 12, 0.75, 3]
    const roots = build(a)
    const many = evaluate(
      graph([as], Object.fromEntries(batchNodes(roots, new Map([[a, as]]), 4).map((n, i) => [`y${i}`, n]))),
      {
        as: tensor('f64', [4], data),
      },
    )
    const single = graph([a], { y0: roots[0]!, y1: roots[1]! })
    const singles = data.map((v) => evaluate(single, { a: scalar(v) }))
    for (const k of ['y0', 'y1']) expect(Array.from(many[k]!.data)).toEqual(singles.map((s) => s[k]!.data[0]))
    expect(new Set(many['y0']!.data).size, 'the numbers of steps differ').toBeGreaterThan(2)
  })
})
