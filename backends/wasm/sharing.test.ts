/** What workers share and what they leave to rank 0: rows of gathers and scatters, nothing small; and the same bits for any number of them. */
import { describe, expect, it } from 'vitest'
import { resolve } from '../../core/differentiate/resolve.ts'
import { evaluate } from '../../core/evaluate.ts'
import type { TypedArray } from '../../core/ir.ts'
import { distance } from '../../core/laws.fixture.ts'
import * as op from '../../core/ops.ts'
import { type AnyProgram, f32, f64, i32, program } from '../../core/program.ts'
import { grad, valueAndGrad } from '../../core/requests.ts'
import { tensor } from '../../core/shape.ts'
import { plan } from '../../planner/plan.ts'
import { compile } from '../compile.ts'
import { sampleInput } from '../fixtures/sample.ts'
import { wasm } from './index.ts'
import { inRegisters } from './loop-registers.ts'

const bytesOf = (y: TypedArray | number): Uint8Array =>
  typeof y === 'number' ? bytesOf(Float64Array.of(y)) : new Uint8Array(y.buffer, y.byteOffset, y.byteLength)

const [ROWS, WIDTH, READS] = [257, 96, 900]
const table = { t: f32(ROWS, WIDTH), i: i32(READS) }
const taken = program({ inputs: table, outputs: ({ t, i }) => ({ y: op.sin(op.gather(t, i)) }) })
const added = program({
  inputs: { u: f32(READS, WIDTH), i: i32(READS) },
  outputs: ({ u, i }) => ({ y: op.scatterAdd(u, i, ROWS) }),
})
const embedded = grad(program({ inputs: table, outputs: ({ t, i }) => ({ y: op.sum(op.sin(op.gather(t, i))) }) }), {
  of: 'y',
  wrt: 't',
})
const picked = valueAndGrad(
  program({ inputs: { x: f32(READS, WIDTH), i: i32(READS) }, outputs: ({ x, i }) => ({ y: op.crossEntropy(x, i) }) }),
  { of: 'y', wrt: 'x' },
)

describe('read and written at indices', () => {
  it.each([
    ['gather', taken],
    ['scatter', added],
    ['gather, with its gradient', embedded],
    ['cross-entropy, with its gradient', picked],
  ] as unknown as [string, AnyProgram][])('%s', async (_, p) => {
    const inputs = Object.fromEntries(
      plan(p).inputs.map((port) => [
        port.name,
        // Indices in no order, each many times.
        port.name === 'i' ? Int32Array.from({ length: READS }, (_, k) => (k * k * 7 + k) % WIDTH) : sampleInput(port),
      ]),
    )
    const runs: Record<string, TypedArray | number>[] = []
    for (const threads of [1, 2, 3]) {
      const exe = await compile(p, { backend: wasm({ threads }) })
      const { kernels, steps } = exe.plan
      const large = steps.filter((s) => kernels[s.kernel]!.outer.some((a) => a.extent >= WIDTH))
      expect(large.length).toBeGreaterThan(0)
      for (const { ranks } of large) expect(ranks).toBe(threads > 1 ? 'all' : 'one')
      runs.push(await exe.run(inputs as never), exe.runSync(inputs as never))
      await exe.close()
    }
    for (const run of runs.slice(1))
      for (const [name, y] of Object.entries(run))
        expect(Buffer.compare(bytesOf(y), bytesOf(runs[0]![name]!)), name).toBe(0)
    const values = Object.fromEntries(plan(p).inputs.map((q) => [q.name, tensor(q.dtype, q.shape, inputs[q.name]!)]))
    for (const [name, want] of Object.entries(evaluate(resolve(p.graph), values))) {
      const got = runs[0]![name]!
      expect(distance(typeof got === 'number' ? [got] : got, want.data), name).toBeLessThan(1e-4)
    }
  })
})

it('a kernel is shared from one length on, not below', () => {
  const shared = [2, 4, 6, 8, 10, 12, 14, 16, 18, 20].map((k) => {
    const p = program({ inputs: { x: f32(2 ** k) }, outputs: ({ x }) => ({ y: op.exp(x) }) })
    return plan(p, { threads: 4 }).steps[0]!.ranks === 'all'
  })
  expect(shared[0]).toBe(false)
  expect(shared.at(-1)).toBe(true)
  expect(shared.lastIndexOf(false)).toBeLessThan(shared.indexOf(true))
})

describe('small work', () => {
  const path = program({
    inputs: { s: f64(3), r: f64() },
    outputs({ s, r }) {
      const [x, y, z] = op.unstack(s) as [typeof s, typeof s, typeof s]
      const { carry } = op.scan({
        carry: { x, y, z },
        length: 50,
        body: (c) => {
          const turned = op.sub(op.mul(c.x, op.sub(r, c.z)), c.y)
          return {
            carry: {
              x: op.add(c.x, op.mul(op.sub(c.y, c.x), 0.1)),
              y: op.add(c.y, op.mul(turned, 0.01)),
              z: op.add(c.z, op.mul(op.sub(op.mul(c.x, c.y), c.z), 0.01)),
            },
          }
        },
      })
      return { y: op.add(op.square(carry.x), op.square(carry.y)) }
    },
  })
  const root = program({
    inputs: { a: f64() },
    outputs: ({ a }) => ({
      y: op.whileLoop({
        carry: { x: a, left: op.mul(a, 2) },
        condition: (c) => op.greater(c.left, 1e-9),
        body: (c) => {
          const next = op.mul(op.add(c.x, op.div(a, c.x)), 0.5)
          return { x: next, left: op.abs(op.sub(op.square(next), a)) }
        },
        maxSteps: 40,
      })['x']!,
    }),
  })
  it.each([
    ['a scan', path],
    ['a scan and its gradient', grad(path, { of: 'y', wrt: ['s', 'r'] })],
    ['a while', root],
  ] as unknown as [string, AnyProgram][])('%s is one function in registers: nobody meets in it', (_, p) => {
    const made = plan(p, { threads: 4 })
    expect(made.loops.length).toBeGreaterThan(0)
    for (const [i, loop] of made.loops.entries()) {
      expect(inRegisters(made, i)).toBe(true)
      expect(made.steps.slice(loop.first, loop.last + 1).map((s) => s.barrier)).not.toContain(true)
    }
  })
  it.each([
    [
      'scalars',
      program({
        inputs: { a: f64(), b: f64() },
        outputs: ({ a, b }) => {
          let [x, y] = [a, b]
          for (let i = 0; i < 30; i++) [x, y] = [op.sin(op.add(x, y)), op.mul(op.sub(x, y), x)]
          return { x, y }
        },
      }),
    ],
    [
      'small matrices',
      program({
        inputs: { a: f64(3, 3), b: f64(3, 3), v: f64(3) },
        outputs: ({ a, b, v }) => ({ y: op.matmul(op.matmul(a, op.transpose(b)), op.matmul(op.matmul(b, a), v)) }),
      }),
    ],
  ] as unknown as [string, AnyProgram][])('%s are one kernel without axes, and pass in registers', (_, p) => {
    const { kernels, buffers } = plan(p, { threads: 4 })
    expect(kernels.map((k) => [k.outer.length, ...k.sweeps.map((s) => s.inner.length)])).toEqual([[0, 0]])
    expect(buffers.filter((b) => b.role === 'temporary')).toEqual([])
  })
})
