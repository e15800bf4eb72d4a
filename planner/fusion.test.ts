/** What fusion makes of known programs: how many kernels, and no more work than without it. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Node } from '../core/ir.ts'
import { adam } from '../core/nn/optimizers.ts'
import { train } from '../core/nn/train.ts'
import * as op from '../core/ops.ts'
import { type AnyProgram, f32, i32, program } from '../core/program.ts'
import { randomProgram } from '../core/random-graph.fixture.ts'
import { validatePlan } from './memory/validate.ts'
import { plan } from './plan.ts'

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
      'mean, then what is the same at each point of the rest',
      one(wide, ({ a }) => op.sqrt(op.add(op.mean(a!, { axes: 1 }), 1))),
      1,
    ],
  ])('%s', (_, p, kernels) => {
    expect(kernelsOf(p)).toBe(kernels)
    expect(kernelsOf(p, { fusion: false })).toBeGreaterThanOrEqual(kernels)
  })
  it('an MLP training step with adam takes at most 16', () => {
    const mlp = program({
      inputs: { x: f32(64, 784), y: i32(64) },
      state: { w1: f32(784, 128), b1: f32(128), w2: f32(128, 10), b2: f32(10) },
      outputs: ({ x, y, w1, b1, w2, b2 }) => {
        const h = op.tanh(op.add(op.matmul(x, w1), b1))
        return { loss: op.crossEntropy(op.add(op.matmul(h, w2), b2), y) }
      },
    })
    expect(kernelsOf(train(mlp, { minimize: 'loss', with: adam() }))).toBeLessThanOrEqual(16)
  })
})

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
  it('of a fused plan is at most that of the plan without fusion', () => {
    fc.assert(
      fc.property(randomProgram(fc), ({ graph }) => {
        const inputs = Object.fromEntries(
          graph.inputs.map((x) => [String(x.params['name']), x.dtype === 'i32' ? i32(...x.shape) : f32(...x.shape)]),
        )
        const p: AnyProgram = { name: 'random', inputs, state: {}, outputs: { y0: 'dense', y1: 'dense' }, graph }
        expect(plan(p).cost.flops).toBeLessThanOrEqual(plan(p, { fusion: false }).cost.flops)
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
