/** The numeric conventions, as a table: values and derivatives at the points where a library has to choose. */
import { describe, expect, it } from 'vitest'
import { allOps } from './all-ops.ts'
import { DeclarationError } from './errors.ts'
import { evaluate } from './evaluate.ts'
import type { Node, Tensor } from './ir.ts'
import { makeNode } from './node.ts'
import * as op from './ops.ts'
import { f32, f64, i32, program } from './program.ts'
import { grad, hessian, jacobian, jvp } from './requests.ts'
import { tensor } from './shape.ts'

const vector = (values: readonly number[]): Tensor => tensor('f64', [values.length], values)

/** f of the elements of x: the value, the diagonal of the Jacobian, and of the second derivative, in both modes. */
function elementwise(f: (x: Node) => Node, at: readonly number[]) {
  const p = program({ inputs: { x: f64(at.length) }, outputs: ({ x }) => ({ y: f(x), s: op.sum(f(x)) }) })
  const run = (q: { graph: typeof p.graph }) => evaluate(q.graph, { x: vector(at) })
  const forward = run(jacobian(p, { of: 'y', wrt: 'x', mode: 'forward' }))
  const reverse = run(grad(p, { of: 's', wrt: 'x' }))
  const second = run(hessian(p, { of: 's', wrt: 'x' }))['d2s_dx_dx']!
  const diagonal = (t: Tensor) => at.map((_, i) => t.data[i * at.length + i]!)
  const slopes = Array.from(reverse['ds_dx']!.data)
  expect(diagonal(forward['dy_dx']!)).toEqual(slopes)
  return { values: Array.from(forward['y']!.data), slopes, curvatures: diagonal(second), all: Array.from(second.data) }
}
const plain = (xs: readonly number[]) => xs.map((x) => (Object.is(x, -0) ? 0 : x))

describe('kinks', () => {
  it('abs′(0) = 0', () => {
    expect(plain(elementwise(op.abs, [0, -0, 1, -1]).slopes)).toEqual([0, 0, 1, -1])
  })
  it('relu′(0) = 0', () => {
    expect(plain(elementwise(op.relu, [0, -0, 1, -1]).slopes)).toEqual([0, 0, 1, 0])
  })
  it('ties of minimum and maximum split evenly', () => {
    for (const f of [op.minimum, op.maximum]) {
      const p = program({ inputs: { a: f64(), b: f64() }, outputs: ({ a, b }) => ({ y: f(a, b) }) })
      const at = { a: tensor('f64', [], [2]), b: tensor('f64', [], [2]) }
      const d = evaluate(grad(p, { of: 'y', wrt: ['a', 'b'] }).graph, at)
      expect([d['dy_da']!.data[0], d['dy_db']!.data[0]]).toEqual([0.5, 0.5])
    }
  })
  it('ties of the reduction max split evenly', () => {
    const p = program({ inputs: { x: f64(5) }, outputs: ({ x }) => ({ y: op.max(x) }) })
    const d = evaluate(grad(p, { of: 'y', wrt: 'x' }).graph, { x: vector([1, 3, 3, 0, 3]) })['dy_dx']!
    expect(Array.from(d.data)).toEqual([0, 1 / 3, 1 / 3, 0, 1 / 3])
  })
  it('argmax takes the first of a tie, or the first NaN; max and minimum propagate NaN', () => {
    const p = program({
      inputs: { x: f64(2, 3) },
      outputs: ({ x }) => ({ at: op.argmax(x, 1), top: op.max(x, { axes: 1 }), low: op.minimum(x, 0) }),
    })
    const y = evaluate(p.graph, { x: tensor('f64', [2, 3], [2, 7, 7, 9, Number.NaN, Number.NaN]) })
    expect(Array.from(y['at']!.data)).toEqual([1, 1])
    expect(Array.from(y['top']!.data)).toEqual([7, Number.NaN])
    expect(Array.from(y['low']!.data)).toEqual([0, 0, 0, 0, Number.NaN, Number.NaN])
  })
  it('pow(0, 0) = 1 with both derivatives 0; 0^2 and 0^1 have those of x^2 and x', () => {
    const p = program({
      inputs: { x: f64(4), n: f64(4) },
      outputs: ({ x, n }) => ({ y: op.pow(x, n), s: op.sum(op.pow(x, n)) }),
    })
    const at = { x: vector([0, 0, 0, 2]), n: vector([0, 2, 1, 3]) }
    const d = evaluate(grad(p, { of: 's', wrt: ['x', 'n'] }).graph, at)
    expect(Array.from(d['y']!.data)).toEqual([1, 0, 0, 8])
    expect(Array.from(d['ds_dx']!.data)).toEqual([0, 0, 1, 12])
    expect(Array.from(d['ds_dn']!.data)).toEqual([0, 0, 0, 8 * Math.log(2)])
  })
})

describe('a branch not chosen', () => {
  const positive = (x: Node) => op.greater(x, 0)
  it.each<readonly [string, (x: Node) => Node, readonly number[]]>([
    ['√x', (x) => op.where(positive(x), op.sqrt(x), 0), [0, 4, -1]],
    ['x·log x', (x) => op.where(positive(x), op.mul(op.log(x), x), 0), [0, 4, -1]],
    ['log x', (x) => op.where(positive(x), op.log(x), 0), [0, 4, -1]],
    ['1/x', (x) => op.where(op.notEqual(x, 0), op.div(1, x), 0), [0, 4, -1]],
    ['√ of a view', (x) => op.where(positive(x), op.reshape(op.sqrt(op.reshape(x, [1, 3])), [3]), 0), [0, 4, -1]],
    ['exp(√x)·√x', (x) => op.where(positive(x), op.mul(op.exp(op.sqrt(x)), op.sqrt(x)), 0), [0, 4, -1]],
    ['x^½', (x) => op.where(positive(x), op.pow(x, 0.5), 0), [0, 4, -1]],
  ])('%s leaks no NaN and no infinity, to second order', (_, f, at) => {
    const { values, slopes, all, curvatures } = elementwise(f, at)
    expect(values.every(Number.isFinite)).toBe(true)
    expect(slopes.every(Number.isFinite)).toBe(true)
    expect(all.every(Number.isFinite)).toBe(true)
    expect(plain([slopes[0]!, curvatures[0]!])).toEqual([0, 0])
    expect(slopes[1]).not.toBe(0)
    expect(curvatures[1]).not.toBe(0)
  })
  const places = [0, -0, 1, -1, 0.5, -3, 800, -800, Number.POSITIVE_INFINITY, Number.NaN]
  const smooth = [...new Set(allOps())].filter(
    (o) => o.facts.elementwise && o.linear && !o.facts.opaque && o !== op.cast,
  )
  /** Each op with one or two operands, at every place or pair of places; scaleSafe is what the promise is made of. */
  const leaky = smooth.flatMap((o) => {
    const { operands, params } = o.samples('f64')[0]!
    return operands.length > 2 || o === op.scaleSafe ? [] : [{ name: o.name, o, arity: operands.length, params }]
  })
  it.each(leaky)('$name: nothing of it leaks, wherever it is, to second order', ({ o, arity, params }) => {
    const grid = arity === 1 ? places.map((a) => [a]) : places.flatMap((a) => places.map((b) => [a, b]))
    const names = ['a', 'b'].slice(0, arity)
    const p = program({
      inputs: { a: f64(grid.length), b: f64(grid.length) },
      outputs(v) {
        const y = makeNode(
          o,
          names.map((k) => v[k as 'a']),
          params,
        )
        return { s: op.sum(op.where(op.less(op.iota([grid.length], 0), 0), y, 0)) }
      },
    })
    const at = Object.fromEntries(['a', 'b'].map((k, i) => [k, vector(grid.map((g) => g[i] ?? 0))]))
    const first = grad(p, { of: 's', wrt: ['a', 'b'] })
    const second = jvp(first, { of: ['ds_da', 'ds_db'], wrt: ['a', 'b'] })
    const ones = vector(grid.map(() => 1))
    const got = evaluate(second.graph, { ...at, a_tangent: ones, b_tangent: ones })
    for (const name of ['ds_da', 'ds_db', 'ds_da_tangent', 'ds_db_tangent'] as const)
      expect(plain(Array.from(got[name]!.data)), name).toEqual(grid.map(() => 0))
  })
  it('where it is chosen, a singular slope is infinite', () => {
    expect(elementwise(op.sqrt, [0]).slopes).toEqual([Number.POSITIVE_INFINITY])
  })
})

describe('extremes', () => {
  it.each([1e4, -1e4])('softmax, logSoftmax and crossEntropy of ±%f stay finite', (big) => {
    const p = program({
      inputs: { x: f32(1, 3), label: i32(1) },
      outputs: ({ x, label }) => ({
        s: op.softmax(x),
        l: op.logSoftmax(x),
        loss: op.crossEntropy(x, label),
      }),
    })
    const at = { x: tensor('f32', [1, 3], [big, 0, -big]), label: tensor('i32', [1], [0]) }
    const y = evaluate(grad(p, { of: 'loss', wrt: 'x' }).graph, at)
    for (const t of Object.values(y)) expect(Array.from(t.data).every(Number.isFinite)).toBe(true)
    expect(Array.from(y['s']!.data).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6)
    expect(y['loss']!.data[0]).toBe(big > 0 ? 0 : 2e4)
    expect(plain(Array.from(y['dloss_dx']!.data))).toEqual(big > 0 ? [0, 0, 0] : [-1, 0, 1])
  })
  it('sigmoid and tanh saturate without overflow', () => {
    const s = elementwise(op.sigmoid, [1e4, -1e4])
    expect(s.values).toEqual([1, 0])
    expect(plain(s.slopes)).toEqual([0, 0])
    expect(elementwise(op.tanh, [1e4, -1e4]).values).toEqual([1, -1])
  })
  it('float to i32 truncates and saturates, NaN to 0; i32 wraps', () => {
    const p = program({
      inputs: { x: f64(5), n: i32() },
      outputs: ({ x, n }) => ({ y: op.cast(x, 'i32'), w: op.add(n, 1) }),
    })
    const y = evaluate(p.graph, { x: vector([1.9, -1.9, 1e12, -1e12, Number.NaN]), n: tensor('i32', [], [2147483647]) })
    expect(Array.from(y['y']!.data)).toEqual([1, -1, 2147483647, -2147483648, 0])
    expect(y['w']!.data[0]).toBe(-2147483648)
  })
})

describe('nothing', () => {
  it('an empty sum is 0, with an empty gradient', () => {
    const p = program({
      inputs: { x: f64(0, 3) },
      outputs: ({ x }) => ({ all: op.sum(x), rows: op.sum(x, { axes: 0 }) }),
    })
    const y = evaluate(grad(p, { of: 'all', wrt: 'x' }).graph, { x: tensor('f64', [0, 3], []) })
    expect(y['all']).toEqual(tensor('f64', [], [0]))
    expect(y['rows']).toEqual(tensor('f64', [3], [0, 0, 0]))
    expect(y['dall_dx']).toEqual(tensor('f64', [0, 3], []))
  })
  it.each(['forward', 'reverse'] as const)('a Jacobian with no rows or no columns is empty, %s', (mode) => {
    const p = program({ inputs: { x: f64(0), z: f64(2) }, outputs: ({ x, z }) => ({ a: op.sin(x), b: op.sin(z) }) })
    const at = { x: tensor('f64', [0], []), z: vector([1, 2]) }
    for (const [of, wrt, shape] of [
      ['a', 'z', [0, 2]],
      ['b', 'x', [2, 0]],
      ['a', 'x', [0, 0]],
    ] as const)
      expect(evaluate(jacobian(p, { of, wrt, mode }).graph, at)[`d${of}_d${wrt}`]).toEqual(tensor('f64', shape, []))
  })
  it('a contraction over nothing is 0', () => {
    const p = program({ inputs: { a: f64(2, 0), b: f64(0, 3) }, outputs: ({ a, b }) => ({ y: op.matmul(a, b) }) })
    const at = { a: tensor('f64', [2, 0], []), b: tensor('f64', [0, 3], []) }
    expect(evaluate(p.graph, at)['y']).toEqual(tensor('f64', [2, 3], []))
  })
  it.each([
    ['max', op.max],
    ['argmax', op.argmax],
  ] as const)('%s of nothing is an error that names it', (name, f) => {
    const declare = () => program({ inputs: { x: f64(3, 0) }, outputs: ({ x }) => ({ y: f(x) }) })
    expect(declare).toThrow(DeclarationError)
    expect(declare).toThrow(new RegExp(`^${name}: nothing to choose from[\\s\\S]*x : f64\\[3,0\\]`))
  })
})
