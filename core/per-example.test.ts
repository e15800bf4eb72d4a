/** Jacobians example by example: equal to those of the program for one example, refused where examples are coupled, whatever the op is called. */
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import type { Node, Tensor } from './ir.ts'
import { distance } from './laws.fixture.ts'
import * as op from './ops.ts'
import { type AnyProgram, f64, i32, program } from './program.ts'
import { bind } from './rebuild.ts'
import { grad, jacobian, type Mode } from './requests.ts'
import { ramp } from './samples.ts'
import { tensor } from './shape.ts'

const B = 3
/** Inputs: x has examples first, m in the middle; k indexes; w and v are shared. */
const declare = (y: (v: { [name: string]: Node }) => Node): AnyProgram =>
  program({
    name: 'model',
    inputs: { x: f64('B', 4), m: f64(2, 'B', 3), k: i32('B') },
    state: { w: f64(4, 3), v: f64(3) },
    outputs: (v) => ({ y: y(v as { [name: string]: Node }) }),
  }) as AnyProgram
const values = {
  x: ramp('f64', [B, 4]),
  m: ramp('f64', [2, B, 3], 2),
  k: tensor('i32', [B], [2, 0, 1]),
  w: ramp('f64', [4, 3], 3),
  v: ramp('f64', [3], 5),
}
const along = { x: 0, m: 1, k: 0 } as const

/** Example `b` of a value, its axis kept. */
function example(t: Tensor, axis: number, b: number): Tensor {
  const [outer, inner] = [t.shape.slice(0, axis), t.shape.slice(axis + 1)].map((s) => s.reduce((n, d) => n * d, 1))
  const data = Array.from({ length: outer! }, (_, o) => {
    const at = (o * t.shape[axis]! + b) * inner!
    return Array.from(t.data.slice(at, at + inner!))
  }).flat()
  return tensor(t.dtype, t.shape.with(axis, 1), data)
}

type Build = (v: { [name: string]: Node }) => Node
const dense = (v: { [name: string]: Node }): Node => op.tanh(op.add(op.matmul(v['x']!, v['w']!), v['v']!))
const independent: { readonly [name: string]: Build } = {
  dense,
  'a softmax over features': (v) => op.softmax(dense(v)),
  'a norm of each': (v) => op.norm(dense(v), 2, { axes: 1 }),
  'the middle axis': (v) => op.sin(op.mul(v['m']!, v['v']!)),
  'views and joins': (v) => {
    const t = op.transpose(v['m']!, [1, 2, 0])
    return op.concat([op.reshape(t, ['B', 6]), op.mul(v['x']!, 2)], 1)
  },
  'rows looked up': (v) => op.mul(op.gather(v['w']!, v['k']!), op.tanh(v['v']!)),
  'a sorted row': (v) => op.sort(v['x']!, { axis: 1 }),
  'a branch each': (v) => op.where(op.greater(v['x']!, 0), op.exp(v['x']!), op.mul(v['x']!, 3)),
  'a loop each': (v) =>
    op.scan({ carry: { h: dense(v) }, length: 3, body: ({ h }) => ({ carry: { h: op.sin(op.mul(h, v['v']!)) } }) })
      .carry.h,
  'a loop over features': (v) =>
    op.scan({
      carry: { h: op.mul(op.sum(v['x']!, { axes: 1 }), 0) },
      over: { s: op.transpose(v['x']!) },
      body: ({ h }, { s }) => ({ carry: { h: op.tanh(op.add(h, s)) } }),
    }).carry.h,
  'a gradient inside': (v) =>
    op.mul(op.sum(op.square(v['x']!), { axes: 1, keepDims: true }), op.prod(v['x']!, { axes: 1, keepDims: true })),
}

describe('perExample', () => {
  it.each(Object.entries(independent))('of %s is the Jacobian of each example', (_, y) => {
    const p = declare(y)
    for (const x of ['x', 'm', 'w', 'v'] as const) {
      for (const mode of ['forward', 'reverse', 'auto'] as const) {
        const each = evaluate(bind(jacobian(p, { of: 'y', wrt: x, perExample: 'B', mode }).graph, { B }), values)
        const made = each[`dy_d${x}`]!
        expect(made.shape[0]).toBe(B)
        for (let b = 0; b < B; b++) {
          const at = Object.fromEntries(
            Object.entries(values).map(([n, t]) => [n, n in along ? example(t, along[n as 'x'], b) : t]),
          )
          const one = evaluate(bind(jacobian(p, { of: 'y', wrt: x, mode: 'reverse' }).graph, { B: 1 }), at)[`dy_d${x}`]!
          expect(distance(example(made, 0, b).data, one.data), `${x}, ${mode}, example ${b}`).toBeLessThan(1e-12)
        }
      }
    }
  })
  it('has shape [B, ...y, ...x], without the examples of either', () => {
    const p = jacobian(declare(dense), { of: 'y', wrt: ['x', 'm', 'w'], perExample: 'B' })
    const shapes = p.graph.outputs.map((o) => [o.name, o.node.shape])
    expect(Object.fromEntries(shapes)).toEqual({
      ...{ y: ['B', 3], dy_dx: ['B', 3, 4], dy_dm: ['B', 3, 2, 3], dy_dw: ['B', 3, 4, 3] },
    })
  })
  it('of a loss for each example is its gradient', () => {
    const p = declare((v) => op.sum(op.square(dense(v)), { axes: 1 }))
    const each = evaluate(bind(grad(p, { of: 'y', wrt: 'w', perExample: 'B' }).graph, { B }), values)['dy_dw']!
    expect(each.shape).toEqual([B, 4, 3])
    const total = program({
      inputs: p.inputs,
      state: p.state,
      outputs: (v) => ({ f: op.sum(op.square(dense(v as never))) }),
    })
    const whole = evaluate(bind(grad(total as AnyProgram, { of: 'f', wrt: 'w' }).graph, { B }), values)['df_dw']!
    const added = whole.data.map((_, i) => each.data[i]! + each.data[i + 12]! + each.data[i + 24]!)
    expect(distance(added, whole.data)).toBeLessThan(1e-12)
    expect(() => grad(p, { of: 'y', wrt: 'w' })).toThrow(expect.objectContaining({ code: 'E_NOT_SCALAR' }))
  })
})

const coupled: { readonly [name: string]: readonly [Build, RegExp] } = {
  'a mean over the batch': [(v) => op.sub(v['x']!, op.mean(v['x']!, { axes: 0 })), /mixes examples/],
  'a softmax over the batch': [(v) => op.softmax(v['x']!, 0), /mixes examples/],
  'a Gram matrix': [(v) => op.sum(op.matmul(v['x']!, op.transpose(v['x']!)), { axes: 1 }), /several axes/],
  'another example': [(v) => op.mul(v['x']!, op.gather(v['x']!, v['k']!)), /mixes examples/],
  'a product over the batch': [(v) => op.matmul(v['x']!, op.matmul(op.transpose(v['x']!), v['x']!)), /mixes examples/],
  'a greatest over the batch': [(v) => op.sub(v['x']!, op.max(v['x']!, { axes: 0 })), /mixes examples/],
  'the position of an example': [
    (v) => op.mul(v['x']!, op.cast(op.reshape(op.iota(['B']), ['B', 1]), 'f64')),
    /position/,
  ],
  'how many there are': [(v) => op.div(v['x']!, op.extent(['B'], 'f64')), /how many/],
}

describe('coupled examples', () => {
  it.each(Object.entries(coupled))('by %s are refused, naming the op', (_, [y, why]) => {
    const p = declare(y)
    const made = () => evaluate(bind(jacobian(p, { of: 'y', wrt: 'x', perExample: 'B' }).graph, { B }), values)
    expect(made).toThrow(expect.objectContaining({ code: 'E_COUPLED' }))
    expect(made).toThrow(why)
  })
})

describe('a request for each example', () => {
  const p = declare(dense)
  const total = declare((v) => op.sum(v['x']!))
  it.each<readonly [string, () => unknown, string, RegExp]>([
    [
      'a dimension that is none',
      () => jacobian(p, { of: 'y', wrt: 'x', perExample: 'N' }),
      'E_UNKNOWN_NAME',
      /'N'\n +there is B/,
    ],
    ['a result without it', () => jacobian(total, { of: 'y', wrt: 'x', perExample: 'B' }), 'E_EXAMPLES', /output 'y'/],
  ])('with %s is refused', (_, make, code, message) => {
    expect(make).toThrow(expect.objectContaining({ code }))
    expect(make).toThrow(message)
  })
  it('takes modes that are kinds of orders', () => {
    const made = (mode: Mode) => () => bind(jacobian(p, { of: 'y', wrt: 'x', perExample: 'B', mode }).graph, { B })
    expect(made('reverse')).not.toThrow()
  })
})
