/** Laws of derivatives of programs: one Jacobian, many ways to it. */
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import type { Node, Tensor } from './ir.ts'
import { distance } from './laws.fixture.ts'
import * as op from './ops.ts'
import { bool, call, f32, f64, i32, program } from './program.ts'
import type { Mode } from './requests.ts'
import { grad, hessian, hvp, jacobian, jvp, valueAndGrad, vjp } from './requests.ts'
import { ramp } from './samples.ts'
import { tensor } from './shape.ts'

const T = (shape: readonly number[], values: readonly number[]): Tensor => tensor('f64', shape, values)
const run = (p: { graph: Parameters<typeof evaluate>[0] }, inputs: { [name: string]: Tensor }) =>
  evaluate(p.graph, inputs)
const unit = (shape: readonly number[], i: number): Tensor => {
  const e = tensor('f64', shape, [])
  e.data[i] = 1
  return e
}

/** A small network with everything in it: products, reductions, broadcasts, views, branches, two outputs. */
const net = program({
  name: 'net',
  inputs: { x: f64(3), z: f64(2, 2), labels: i32(2), flag: bool() },
  state: { w: f64(3, 4), b: f64(4), step: i32() },
  outputs({ x, z, w, b, labels }) {
    const h = op.tanh(op.add(op.matmul(x, w), b))
    const m = op.matmul(op.reshape(h, [2, 2]), z)
    const y = op.mul(op.exp(op.mul(m, 0.3)), op.where(op.greater(m, 0), op.sin(m), op.mul(m, m)))
    const picked = op.gather(y, labels)
    return {
      y,
      loss: op.mean(op.softmax(op.concat([picked, op.transpose(y)], 1))),
      count: op.argmax(y, 1),
      f: op.sum(op.pow(op.add(op.abs(y), 1), 1.5)),
    }
  },
})
const at = {
  x: ramp('f64', [3]),
  z: ramp('f64', [2, 2], 3),
  labels: tensor('i32', [2], [1, 0]),
  flag: tensor('bool', [], [1]),
  w: ramp('f64', [3, 4], 5),
  b: ramp('f64', [4], 6),
  step: tensor('i32', [], [0]),
}
const wrts = ['x', 'z', 'w', 'b'] as const

describe('one Jacobian', () => {
  const J = (mode: Mode) => run(jacobian(net, { of: 'y', wrt: wrts, mode }), at)
  it.each(wrts)('by %s: forward = reverse = auto, of shape [...y, ...x]', (x) => {
    const [f, r, a] = (['forward', 'reverse', 'auto'] as const).map((m) => J(m)[`dy_d${x}`]!)
    expect(f!.shape).toEqual([2, 2, ...at[x].shape])
    expect(r!.shape).toEqual(f!.shape)
    expect(distance(f!.data, r!.data)).toBeLessThan(1e-14)
    expect(distance(a!.data, r!.data)).toBeLessThan(1e-14)
    expect(f!.data.some((v) => v !== 0)).toBe(true)
  })
  it.each(wrts)('by %s: column j = jvp(e_j), row i = vjp(e_i)', (x) => {
    const full = J('reverse')[`dy_d${x}`]!
    const n = at[x].data.length
    for (let j = 0; j < n; j++) {
      const column = run(jvp(net, { of: 'y', wrt: x }), { ...at, [`${x}_tangent`]: unit(at[x].shape, j) })['y_tangent']!
      expect(
        distance(
          column.data,
          Array.from({ length: 4 }, (_, i) => full.data[i * n + j]!),
        ),
      ).toBeLessThan(1e-14)
    }
    for (let i = 0; i < 4; i++) {
      const row = run(vjp(net, { of: 'y', wrt: x }), { ...at, y_cotangent: unit([2, 2], i) })[`${x}_cotangent`]!
      expect(distance(row.data, full.data.slice(i * n, (i + 1) * n))).toBeLessThan(1e-14)
    }
  })
  it('row i is the gradient of element i', () => {
    const full = J('forward')['dy_dw']!
    for (let i = 0; i < 4; i++) {
      const element = program({
        inputs: net.inputs,
        state: net.state,
        outputs: (v) => ({ e: op.reshape(op.slice(op.reshape(call(net, v).y, [4]), [i, i + 1]), []) }),
      })
      const g = run(grad(element, { of: 'e', wrt: 'w' }), at)['de_dw']!
      expect(g.shape).toEqual([3, 4])
      expect(distance(g.data, full.data.slice(i * 12, (i + 1) * 12))).toBeLessThan(1e-14)
    }
  })
  it('of a scalar = grad = valueAndGrad, bit for bit', () => {
    const j = run(jacobian(net, { of: 'f', wrt: wrts }), at)
    const g = run(grad(net, { of: 'f', wrt: wrts }), at)
    const v = run(valueAndGrad(net, { of: 'f', wrt: wrts }), at)
    for (const x of wrts) {
      expect(g[`df_d${x}`]).toEqual(j[`df_d${x}`])
      expect(v[`df_d${x}`]).toEqual(j[`df_d${x}`])
    }
    expect(Object.keys(v)).toEqual(['f', ...wrts.map((x) => `df_d${x}`)])
  })
  it('f(x+δ) − f(x) = Jδ + O(δ²)', () => {
    const error = (h: number) => {
      const x = tensor(
        'f64',
        [3],
        at.x.data.map((v, i) => v + h * (i - 0.6)),
      )
      const [moved, y] = [run(net, { ...at, x })['y']!, run(net, at)['y']!]
      const t = T(
        [3],
        [0, 1, 2].map((i) => h * (i - 0.6)),
      )
      const linear = run(jvp(net, { of: 'y', wrt: 'x' }), { ...at, x_tangent: t })['y_tangent']!
      return Math.max(...Array.from(y.data, (v, i) => Math.abs(moved.data[i]! - v - linear.data[i]!)))
    }
    const [coarse, fine] = [error(1e-3), error(1e-4)]
    expect(coarse).toBeGreaterThan(0)
    expect(coarse / fine).toBeGreaterThan(80)
    expect(coarse / fine).toBeLessThan(120)
  })
})

describe('second order', () => {
  const H = run(hessian(net, { of: 'f', wrt: ['x', 'w'] }), at)
  it('the Hessian is symmetric', () => {
    const [xw, wx, xx] = [H['d2f_dx_dw']!, H['d2f_dw_dx']!, H['d2f_dx_dx']!]
    expect(xw.shape).toEqual([3, 3, 4])
    expect(wx.shape).toEqual([3, 4, 3])
    const turned = Array.from({ length: 36 }, (_, k) => wx.data[(k % 12) * 3 + Math.floor(k / 12)]!)
    expect(distance(xw.data, turned)).toBeLessThan(1e-13)
    expect(
      distance(
        xx.data,
        [0, 3, 6, 1, 4, 7, 2, 5, 8].map((i) => xx.data[i]!),
      ),
    ).toBeLessThan(1e-13)
  })
  it.each(['forward', 'reverse'] as const)('is the Jacobian of the gradient, %s', (mode) => {
    const g = grad(net, { of: 'f', wrt: 'x' })
    const twice = run(jacobian(g, { of: 'df_dx', wrt: 'w', mode }), at)['ddf_dx_dw']!
    expect(distance(twice.data, H['d2f_dx_dw']!.data)).toBeLessThan(1e-13)
  })
  it('hvp = Hessian · v', () => {
    const v = T([3], [0.5, -1, 2])
    const p = run(hvp(net, { of: 'f', wrt: 'x' }), { ...at, x_tangent: v })
    const xx = H['d2f_dx_dx']!
    const expected = [0, 1, 2].map((i) => [0, 1, 2].reduce((s, j) => s + xx.data[3 * i + j]! * v.data[j]!, 0))
    expect(distance(p['x_hvp']!.data, expected)).toBeLessThan(1e-13)
    expect(p['df_dx']).toEqual(run(grad(net, { of: 'f', wrt: 'x' }), at)['df_dx'])
  })
})

describe('nesting', () => {
  /** x·y and its parts, for perturbation confusion. */
  const scalars = { x: f64(), y: f64() }
  const one = { x: T([], [1]), y: T([], [1]) }
  const value = (t: Tensor | undefined): number => t!.data[0]!

  it('d/dx (x · d/dy (x + y)) at y = 1 is 1', () => {
    const inside = program({ inputs: scalars, outputs: ({ x, y }) => ({ s: op.add(x, y) }) })
    const slope = grad(inside, { of: 's', wrt: 'y' })
    const outside = program({ inputs: scalars, outputs: ({ x, y }) => ({ r: op.mul(x, call(slope, { x, y }).ds_dy) }) })
    expect(value(run(grad(outside, { of: 'r', wrt: 'x' }), one)['dr_dx'])).toBe(1)
    expect(value(run(jacobian(outside, { of: 'r', wrt: 'x', mode: 'forward' }), one)['dr_dx'])).toBe(1)
  })
  it('d/dx (x · d/dy (x · y)) = 2x', () => {
    const inside = program({ inputs: scalars, outputs: ({ x, y }) => ({ s: op.mul(x, y) }) })
    const slope = grad(inside, { of: 's', wrt: 'y' })
    const outside = program({ inputs: scalars, outputs: ({ x, y }) => ({ r: op.mul(x, call(slope, { x, y }).ds_dy) }) })
    const three = { x: T([], [3]), y: T([], [5]) }
    expect(value(run(grad(outside, { of: 'r', wrt: 'x' }), three)['dr_dx'])).toBe(6)
    expect(value(run(grad(outside, { of: 'r', wrt: 'y' }), three)['dr_dy'])).toBe(0)
  })
  it('one node passed twice is differentiated in both places', () => {
    const product = program({ inputs: scalars, outputs: ({ x, y }) => ({ s: op.mul(x, y) }) })
    const squared = program({ inputs: { x: f64() }, outputs: ({ x }) => ({ s: call(product, { x, y: x }).s }) })
    expect(value(run(grad(squared, { of: 's', wrt: 'x' }), { x: T([], [3]) })['ds_dx'])).toBe(6)
    const slope = grad(product, { of: 's', wrt: 'x' })
    const partial = program({ inputs: { x: f64() }, outputs: ({ x }) => ({ d: call(slope, { x, y: x }).ds_dx }) })
    expect(value(run(partial, { x: T([], [3]) })['d'])).toBe(3)
    expect(value(run(grad(partial, { of: 'd', wrt: 'x' }), { x: T([], [3]) })['dd_dx'])).toBe(1)
  })
  it.each([1, 2, 3, 4])('derivative %i of x⁵, each a grad of a call of the last', (n) => {
    const power = (x: Node): Node => op.mul(op.mul(op.mul(op.mul(x, x), x), x), x)
    let p = program({ inputs: { x: f64() }, outputs: ({ x }) => ({ f: power(x) }) })
    for (let i = 0; i < n; i++) {
      const g = grad(p, { of: 'f', wrt: 'x' })
      p = program({ inputs: { x: f64() }, outputs: ({ x }) => ({ f: call(g, { x }).df_dx }) })
    }
    const falling = [5, 4, 3, 2].slice(0, n).reduce((a, b) => a * b, 1)
    expect(value(run(p, { x: T([], [2]) })['f'])).toBe(falling * 2 ** (5 - n))
  })
  it('the Jacobian of a program that calls the gradient of another', () => {
    const energy = program({ inputs: { q: f64(3) }, outputs: ({ q }) => ({ e: op.sum(op.mul(op.sin(q), op.exp(q))) }) })
    const force = grad(energy, { of: 'e', wrt: 'q' })
    const scaled = program({
      inputs: { q: f64(3) },
      outputs: ({ q }) => ({ a: op.mul(call(force, { q: op.mul(q, 2) }).de_dq, -1) }),
    })
    const q = T([3], [0.1, -0.7, 1.3])
    const J = run(jacobian(scaled, { of: 'a', wrt: 'q' }), { q })['da_dq']!
    // e″ = 2 cos(q) exp(q), at 2q, times −2
    q.data.forEach((v, i) => {
      for (let k = 0; k < 3; k++)
        expect(J.data[3 * i + k]).toBeCloseTo(i === k ? -2 * 2 * Math.cos(2 * v) * Math.exp(2 * v) : 0, 12)
    })
  })
  it('a jvp of a vjp of a jacobian', () => {
    const cube = program({ inputs: { x: f64(2) }, outputs: ({ x }) => ({ y: op.mul(op.mul(x, x), x) }) })
    const back = vjp(jacobian(cube, { of: 'y', wrt: 'x' }), { of: 'dy_dx', wrt: 'x' })
    const p = jvp(back, { of: 'x_cotangent', wrt: 'x' })
    const y = run(p, { x: T([2], [2, 3]), dy_dx_cotangent: T([2, 2], [1, 5, 7, 1]), x_tangent: T([2], [1, 1]) })
    expect(Array.from(y['x_cotangent']!.data)).toEqual([12, 18])
    expect(Array.from(y['x_cotangent_tangent']!.data)).toEqual([6, 6])
  })
})

describe('zero derivatives', () => {
  const p = program({
    inputs: { x: f64(2), z: f64(3), n: f32() },
    outputs: ({ x, n }) => ({
      y: op.mul(x, 2),
      c: op.stopGradient(op.sin(x)),
      k: op.cast(op.cast(x, 'i32'), 'f64'),
      n,
    }),
  })
  const values = { x: T([2], [1, 2]), z: T([3], [1, 2, 3]), n: tensor('f32', [], [1]) }
  it.each(['forward', 'reverse'] as const)('are zeros of the right shape, %s', (mode) => {
    for (const [of, wrt] of [
      ['y', 'z'],
      ['c', 'x'],
      ['k', 'x'],
    ] as const) {
      const d = run(jacobian(p, { of, wrt, mode }), values)[`d${of}_d${wrt}`]!
      expect(d).toEqual(tensor('f64', [2, wrt === 'z' ? 3 : 2], []))
    }
    expect(run(jacobian(p, { of: 'n', wrt: 'n', mode }), values)['dn_dn']).toEqual(tensor('f32', [], [1]))
  })
  it('an output that is an input has an identity, one by itself', () => {
    const q = program({ inputs: { x: f64(2) }, outputs: ({ x }) => ({ x2: x, y: op.add(x, x) }) })
    const d = run(jacobian(q, { of: 'x2', wrt: 'x' }), { x: T([2], [1, 2]) })
    expect(Array.from(d['dx2_dx']!.data)).toEqual([1, 0, 0, 1])
  })
})
