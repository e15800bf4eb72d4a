/** What fusion makes of known programs: how many kernels, and no more work than without it. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Node } from '../core/ir.ts'
import type { Axis } from '../core/loops.ts'
import { adam } from '../core/nn/optimizers.ts'
import { train } from '../core/nn/train.ts'
import * as op from '../core/ops.ts'
import { type AnyProgram, f32, i32, program } from '../core/program.ts'
import { randomProgram } from '../core/random-graph.fixture.ts'
import { grad, valueAndGrad, vjp } from '../core/requests.ts'
import { reference } from '../core/scalar-evaluate.ts'
import { validatePlan } from './memory/validate.ts'
import { plan } from './plan.ts'
import type { Plan } from './types.ts'

const kernelsOf = (p: AnyProgram, options = {}): number => {
  const made = plan(p, options)
  expect(validatePlan(made)).toEqual([])
  return made.kernels.length
}
const one = (inputs: AnyProgram['inputs'], y: (v: { readonly [name: string]: Node }) => Node): AnyProgram =>
  program({ inputs, outputs: (v) => ({ y: y(v) }) })

describe('kernels of known programs', () => {
  const wide = { a: f32(64, 32), b: f32(64, 32) }
  it.each<[string, AnyProgram, number]>([
    ['a chain of elementwise ops', one(wide, ({ a, b }) => op.tanh(op.mul(op.add(op.sin(a!), b!), 2))), 1],
    [
      'a chain with several readers',
      one(wide, ({ a, b }) => {
        const s = op.sin(a!)
        return op.add(op.mul(s, s), op.mul(s, b!))
      }),
      1,
    ],
    ['sum(a·b)', one(wide, ({ a, b }) => op.sum(op.mul(a!, b!))), 1],
    [
      'an elementwise chain through views',
      one(wide, ({ a, b }) => op.add(op.transpose(op.transpose(op.sin(a!))), b!)),
      1,
    ],
    [
      'matmul, bias, relu',
      one({ x: f32(8, 16), w: f32(16, 4), b: f32(4) }, ({ x, w, b }) => op.relu(op.add(op.matmul(x!, w!), b!))),
      1,
    ],
    [
      'a matmul of a transposed operand',
      one({ x: f32(16, 8), w: f32(16, 4) }, ({ x, w }) => op.matmul(op.transpose(x!), w!)),
      1,
    ],
    [
      'matmul, bias, relu, a shortcut, a sum with what is there',
      one({ x: f32(8, 16), w: f32(16, 4), b: f32(4), r: f32(8, 4), s: f32(8, 4) }, ({ x, w, b, r, s }) =>
        op.add(op.mul(s!, 0.9), op.add(op.relu(op.add(op.matmul(x!, w!), b!)), r!)),
      ),
      1,
    ],
    [
      'mean, then what is the same at each point of the rest',
      one(wide, ({ a }) => op.sqrt(op.add(op.mean(a!, { axes: 1 }), 1))),
      1,
    ],
  ])('%s', (_, p, kernels) => {
    expect(kernelsOf(p)).toBe(kernels)
    expect(kernelsOf(p, { fusion: false })).toBeGreaterThanOrEqual(kernels)
  })
  const rows = { x: f32(64, 100), dy: f32(64, 100) }
  const pulled = (y: (x: Node) => Node): AnyProgram =>
    vjp(
      one({ x: f32(64, 100) }, ({ x }) => y(x!)),
      { of: 'y', wrt: 'x' },
    )
  it.each<[string, AnyProgram]>([
    ['softmax', one(rows, ({ x }) => op.softmax(x!))],
    ['log-softmax', one(rows, ({ x }) => op.logSoftmax(x!))],
    ['layer norm', one(rows, ({ x }) => op.layerNorm(x!))],
    ['softmax and its transpose', pulled((x) => op.softmax(x))],
    ['log-softmax and its transpose', pulled((x) => op.logSoftmax(x))],
    ['layer norm and its transpose', pulled((x) => op.layerNorm(x))],
    [
      'a sum of each row, used in the row',
      one(rows, ({ x, dy }) => op.mul(dy!, op.sum(x!, { axes: 1, keepDims: true }))),
    ],
    [
      'two moments in one pass',
      program({
        inputs: rows,
        outputs: ({ x }) => ({ a: op.sum(x, { axes: 1 }), b: op.sum(op.mul(x, x), { axes: 1 }) }),
      }),
    ],
  ])('%s is one', (_, p) => expect(kernelsOf(p)).toBe(1))
  const large = { x: f32(512, 1000), g: f32(1000), b: f32(1000), t: i32(512) }
  /** Kernels that go over as many points as x has. */
  const passes = (p: AnyProgram, threads: number): number =>
    plan(p, { threads }).kernels.filter((k) =>
      k.sweeps.some((s) => [...k.outer, ...s.inner].reduce((n, a) => n * a.extent, 1) >= 512_000),
    ).length
  it.each<[string, AnyProgram]>([
    ['softmax', one(large, ({ x }) => op.softmax(x!))],
    ['log-softmax', one(large, ({ x }) => op.logSoftmax(x!))],
    ['cross-entropy', one(large, ({ x, t }) => op.crossEntropy(x!, t!))],
    ['layer norm', one(large, ({ x, g, b }) => op.add(op.mul(op.layerNorm(x!), g!), b!))],
  ])('%s goes over its data once, with its derivative twice', (_, p) => {
    const differentiate = p.graph.outputs[0]!.node.shape.length > 0 ? vjp : grad
    const both = differentiate(p, { of: 'y', wrt: 'x' })
    for (const threads of [1, 2]) {
      expect(passes(p, threads)).toBe(1)
      expect(passes(both, threads)).toBeLessThanOrEqual(2)
    }
  })
  it.each([[['x']], [['a', 'b']], [['x', 'a', 'b']]])(
    'a sum of a chain, its value and gradient by %s, is one',
    (wrt) => {
      const chain = program({
        inputs: { x: f32(100_000), a: f32(), b: f32() },
        outputs: ({ x, a, b }) => ({
          y: op.sum(op.mul(op.tanh(op.add(op.mul(a, x), b)), op.exp(op.neg(op.mul(x, x))))),
        }),
      })
      const p = valueAndGrad(chain as AnyProgram, { of: 'y', wrt })
      const [kernel, ...others] = plan(p).kernels
      expect(kernelsOf(p)).toBe(1)
      expect(others).toEqual([])
      expect(kernel!.sweeps.filter((s) => s.inner.length > 0).length).toBeLessThanOrEqual(1)
    },
  )
  it.each([
    [[784, 128, 10], 9],
    [[784, 512, 512, 10], 12],
  ])('an MLP training step with adam, widths %j, takes at most %i', (widths, most) => {
    const layers = widths.slice(1).map((n, i) => [widths[i]!, n] as const)
    const mlp = program({
      inputs: { x: f32(64, widths[0]!), y: i32(64) },
      state: Object.fromEntries(
        layers.flatMap(([m, n], i) => [
          [`w${i}`, f32(m, n)],
          [`b${i}`, f32(n)],
        ]),
      ) as AnyProgram['state'],
      outputs: ({ x, y, ...v }: { readonly [name: string]: Node }) => {
        const dense = (h: Node, i: number) => op.add(op.matmul(h, v[`w${i}`]!), v[`b${i}`]!)
        const h = layers.slice(1).reduce((at, _, i) => op.tanh(dense(at, i)), x!)
        return { loss: op.crossEntropy(dense(h, layers.length - 1), y!) }
      },
    })
    expect(kernelsOf(train(mlp as AnyProgram, { minimize: 'loss', with: adam() }))).toBeLessThanOrEqual(most)
  })
})

/** Evaluations of what is worth a place in memory: transcendentals, quotients and roots. */
function costly({ kernels }: Plan): number {
  const extents = (axes: readonly Axis[]) => axes.reduce((n, a) => n * a.extent, 1)
  const dear = new Set<string>([...Object.keys(reference), 'div', 'sqrt'])
  return kernels
    .flatMap((k) =>
      k.sweeps.map((s) => extents([...k.outer, ...s.inner]) * s.code.filter((i) => dear.has(i.op)).length),
    )
    .reduce((a, b) => a + b, 0)
}

describe('work', () => {
  it('is not repeated along an axis it does not depend on', () => {
    const p = one({ a: f32(100), b: f32(100) }, ({ a, b }) => {
      const outer = op.broadcast(op.sin(a!), [100, 100], [0])
      return op.add(outer, op.broadcast(op.exp(b!), [100, 100], [1]))
    })
    const sines = plan(p).kernels.filter((k) =>
      k.sweeps.some((s) => s.code.some((i) => i.op === 'sin' || i.op === 'exp')),
    )
    for (const k of sines) expect(k.outer.reduce((n, a) => n * a.extent, 1)).toBeLessThanOrEqual(100)
  })
  it('that costs is done as often as without fusion', () => {
    fc.assert(
      fc.property(randomProgram(fc), ({ graph }) => {
        const inputs = Object.fromEntries(
          graph.inputs.map((x) => [String(x.params['name']), x.dtype === 'i32' ? i32(...x.shape) : f32(...x.shape)]),
        )
        const p: AnyProgram = { name: 'random', inputs, state: {}, outputs: { y0: 'dense', y1: 'dense' }, graph }
        expect(costly(plan(p))).toBeLessThanOrEqual(costly(plan(p, { fusion: false })))
      }),
      { numRuns: 150, seed: 2 },
    )
  })
  it('of a long reduction is cut into chunks that workers share; of a short one not', () => {
    const sum = (n: number) =>
      plan(
        one({ a: f32(n) }, ({ a }) => op.sum(op.sin(a!))),
        { threads: 2 },
      )
    expect(sum(1_000_000).kernels.length).toBe(2)
    expect(sum(1_000_000).steps[0]!.ranks).toBe('all')
    expect(sum(1000).kernels.length).toBe(1)
  })
})
