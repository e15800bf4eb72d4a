import { describe, expect, it } from 'vitest'
import * as op from '../../core/ops.ts'
import { type AnyProgram, f32, f64, program } from '../../core/program.ts'
import { valueAndGrad } from '../../core/requests.ts'
import { costOf } from '../../planner/cost.ts'
import { validatePlan } from '../../planner/memory/validate.ts'
import { plan } from '../../planner/plan.ts'
import { wasmTarget } from '../../planner/target.ts'
import { sampleInput } from '../fixtures/sample.ts'
import { fixtures } from '../plans.fixture.ts'
import { chunksOf } from './chunks.ts'
import { firstDifference, runInterpreter, runModule } from './run.fixture.ts'

describe('a module gives the bits of the interpreter', () => {
  for (const { name, plan, inputs } of fixtures) {
    it(name, () => {
      const want = runInterpreter(plan, inputs)
      for (const ranks of [1, 2, 3]) {
        expect(firstDifference(runModule(plan, inputs, ranks), want), `${ranks} ranks`).toBeUndefined()
      }
    })
  }
})

describe('a kernel that takes long, and so is called in pieces, gives the bits of short ones', () => {
  const rows = (n: number) =>
    plan(program({ inputs: { x: f32(n, 96) }, outputs: ({ x }) => ({ y: op.softmax(x) }) }), { threads: 3 })
  const points = (n: number) =>
    plan(program({ inputs: { x: f32(n) }, outputs: ({ x }) => ({ y: op.mul(op.tanh(x), op.exp(x)) }) }), { threads: 3 })

  it.each([
    ['rows', rows, 11_003, 96],
    ['points', points, 1_000_003, 1],
  ] as const)('%s', (_, declare, n, width) => {
    const x = Float32Array.from({ length: n * width }, (_, i) => Math.sin(i * 1.7) * 3)
    const long = declare(n)
    expect(costOf(long.kernels[0]!, wasmTarget).seconds).toBeGreaterThan(1e-3)
    const part = Math.floor(n / 1000)
    const short = declare(part)
    const whole = [1, 2, 3].map((ranks) => runModule(long, { x }, ranks).outputs['y']!)
    for (let first = 0; first < n; first += 41 * part) {
      const at = Math.min(first, n - part) * width
      const own = x.slice(at, at + part * width)
      const want = runModule(short, { x: own }, 1).outputs['y']!
      for (const y of whole) expect(Buffer.compare(bytes(y.slice(at, at + own.length)), bytes(want))).toBe(0)
    }
  })
})

describe('a long reduction on one worker, which goes chunk by chunk, gives the bits of one loop', () => {
  const N = 300_007
  const chain = program({
    inputs: { x: f32(N), a: f32() },
    outputs: ({ x, a }) => ({ y: op.sum(op.mul(op.tanh(op.mul(a, x)), op.exp(op.neg(op.square(x))))) }),
  })
  const rows = program({
    inputs: { x: f64(3, N) },
    outputs: ({ x }) => ({ y: op.sqrt(op.mean(op.square(x), { axes: [1] })), z: op.max(x, { axes: [1] }) }),
  })
  const loop = program({
    inputs: { x: f32(2, N) },
    outputs: ({ x }) => ({
      y: op.scan({
        carry: { s: op.constant(0, 'f32') },
        over: { x },
        body: (c, o) => ({ carry: { s: op.add(c.s, op.sum(op.sin(op.mul(o.x, c.s)))) }, out: { y: op.mul(o.x, c.s) } }),
      }).out.y,
    }),
  })
  it.each([
    ['a sum with what it stores on its way', valueAndGrad(chain, { of: 'y', wrt: ['x', 'a'] })],
    ['rows, and what follows', rows],
    ['in a loop', loop],
  ] as unknown as [string, AnyProgram][])('%s', (_, p) => {
    const made = plan(p)
    const buffers = new Map(made.buffers.map((b) => [b.id, b]))
    expect(made.kernels.some((k) => chunksOf(k, buffers))).toBe(true)
    expect(validatePlan(made)).toEqual([])
    const inputs = Object.fromEntries(made.inputs.map((port) => [port.name, sampleInput(port)]))
    const whole = { ...made, kernels: made.kernels.map(({ scratch: _, ...kernel }) => kernel) }
    expect(firstDifference(runModule(made, inputs, 1), runModule(whole, inputs, 1))).toBeUndefined()
  })
  it('but not a short one, one that is shared, or one whose scratch is too small', () => {
    const of = (n: number, threads: number) =>
      plan(program({ inputs: { x: f32(n) }, outputs: ({ x }) => ({ y: op.sum(x) }) }), { threads })
    for (const { kernels } of [of(100_000, 1), of(N, 2)]) for (const k of kernels) expect(k.scratch).toBeUndefined()
    const { kernels, buffers } = of(N, 1)
    const known = new Map(buffers.map((b) => [b.id, b]))
    expect(chunksOf(kernels[0]!, known)).toBeDefined()
    expect(chunksOf({ ...kernels[0]!, scratch: { ...kernels[0]!.scratch!, perRank: 8 } }, known)).toBeUndefined()
  })
})

const bytes = (x: ArrayBufferView): Uint8Array => new Uint8Array(x.buffer, x.byteOffset, x.byteLength)
