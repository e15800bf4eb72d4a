/** Where results and next states end up: in place where that is safe, and right where it is not. */
import { describe, expect, it } from 'vitest'
import { adam } from '../core/nn/optimizers.ts'
import { train } from '../core/nn/train.ts'
import * as op from '../core/ops.ts'
import { type AnyProgram, f32, program } from '../core/program.ts'
import { validatePlan } from './memory/validate.ts'
import { plan } from './plan.ts'
import type { Plan } from './types.ts'

const copies = (p: Plan): number => p.kernels.filter((k) => k.name === 'copy').length
/** Names of the state that some kernel stores to. */
const written = (p: Plan): string[] => {
  const stored = new Set(p.kernels.flatMap((k) => k.sweeps.flatMap((s) => s.stores.map((store) => store.buffer))))
  return p.state.filter((s) => stored.has(s.buffer)).map((s) => s.name)
}
const planned = (p: AnyProgram, options = {}): Plan => {
  const made = plan(p, options)
  expect(validatePlan(made)).toEqual([])
  return made
}

describe('state', () => {
  const model = program({
    inputs: { x: f32(8, 6) },
    state: { w: f32(6, 4), b: f32(4) },
    outputs: ({ x, w, b }) => ({ loss: op.mean(op.sin(op.add(op.matmul(x, w), b))) }),
  })
  it('of adam is updated where it is', () => {
    const p = planned(train(model, { minimize: 'loss', with: adam() }))
    expect(copies(p)).toBe(0)
    expect(written(p).sort()).toEqual(p.state.map((s) => s.name).sort())
  })
  it('is copied when in-place updates are off', () => {
    const p = planned(train(model, { minimize: 'loss', with: adam() }), { inPlace: false })
    expect(copies(p)).toBe(p.state.length)
  })
  it('that swaps goes through memory of its own, and only once', () => {
    const p = planned(
      program({
        inputs: {},
        state: { a: f32(500), b: f32(500) },
        body: ({ a, b }) => ({ outputs: {}, next: { a: b, b: a } }),
      }),
    )
    expect(written(p)).toEqual(['a', 'b'])
    expect(p.buffers.filter((b) => b.role === 'temporary').length).toBeGreaterThan(0)
  })
  it('that swaps and is small is exchanged in registers', () => {
    const p = planned(
      program({
        inputs: {},
        state: { a: f32(5), b: f32(5) },
        body: ({ a, b }) => ({ outputs: {}, next: { a: b, b: a } }),
      }),
    )
    expect(written(p)).toEqual(['a', 'b'])
    expect(p.kernels.length).toBe(1)
    expect(p.buffers.filter((b) => b.role === 'temporary')).toEqual([])
  })
  it('that an output shows is the value before the step', () => {
    const p = planned(
      program({
        inputs: {},
        state: { n: f32(3) },
        body: ({ n }) => ({ outputs: { before: n }, next: { n: op.add(n, 1) } }),
      }),
    )
    const store = (role: string) =>
      p.kernels.findIndex((k) => k.sweeps.some((s) => s.stores.some((x) => p.buffers[x.buffer]!.role === role)))
    expect(store('output')).toBeLessThanOrEqual(store('state'))
  })
})

describe('temporaries', () => {
  const chain = program({
    inputs: { x: f32(40, 40) },
    outputs: ({ x }) => {
      let y = x
      for (let i = 0; i < 6; i++) y = op.tanh(op.transpose(op.matmul(y, op.sin(y))))
      return { y }
    },
  })
  it('share memory, down to the lower bound in a chain', () => {
    const [greedy, naive] = [planned(chain), planned(chain, { placement: 'naive' })]
    expect(greedy.arena).toBeLessThan(naive.arena)
    expect(greedy.memory.bound).toBeLessThanOrEqual(greedy.arena)
    expect(naive.memory.bound).toBe(greedy.memory.bound)
  })
})
