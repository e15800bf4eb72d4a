import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { affine, axis, code, planBuilder, sweep } from '../fixtures/builder.ts'
import { ABORT, SPIN } from './layout.ts'
import { buildModule } from './module.ts'

const n = 3000
const rounds = 60

/** Each step turns its operand around and adds one: every rank needs what others wrote in the step before. */
function turning() {
  const p = planBuilder('turning')
  let from = p.input('x', 'i32', n)
  for (let i = 0; i < rounds; i++) {
    const to = i === rounds - 1 ? p.output('y', 'i32', n) : p.temporary(`t${i}`, 'i32', n)
    const c = code()
    const value = c.op('add', 'i32', c.load(from, 'i32', affine(n - 1, -1)), c.constant(1, 'i32'))
    p.kernel({
      name: 'turn',
      outer: [axis('i', n)],
      sweeps: [sweep([], c, { stores: [{ buffer: to, map: affine(0, 1), value }] })],
    })
    from = to
  }
  return p.build()
}

function prepare() {
  const plan = turning()
  const pages = Math.ceil(plan.arena / 65536)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const module = new WebAssembly.Module(buildModule(plan))
  const run = new WebAssembly.Instance(module, { env: { memory } }).exports.run as (rank: number, of: number) => number
  const view = (port: { buffer: number }): Int32Array =>
    new Int32Array(memory.buffer, plan.buffers[port.buffer]!.offset, n)
  const control = new Int32Array(memory.buffer, 0, 256)
  return { memory, module, run, control, x: view(plan.inputs[0]!), y: view(plan.outputs[0]!) }
}

const rank = `
  const { parentPort, workerData: { module, memory, rank, ranks, times } } = require('node:worker_threads')
  const { run } = new WebAssembly.Instance(module, { env: { memory } }).exports
  let result = 0
  for (let i = 0; i < times; i++) result |= run(rank, ranks)
  parentPort.postMessage(result)
`

describe('the barrier', () => {
  for (const [ranks, spin] of [
    [2, 2000],
    [2, 0],
    [4, 10],
  ] as const) {
    it(`keeps ${ranks} ranks in step, spinning ${spin} times`, async () => {
      const { memory, module, control, x, y } = prepare()
      x.forEach((_, i) => {
        x[i] = i * i
      })
      control[SPIN] = spin
      const workers = Array.from({ length: ranks }, (_, r) => {
        return new Worker(rank, { eval: true, workerData: { module, memory, rank: r, ranks, times: 5 } })
      })
      const results = await Promise.all(workers.map(async (w) => (await once(w, 'message'))[0] as number))
      expect(results).toEqual(workers.map(() => 0))
      expect(Array.from(y)).toEqual(Array.from(x, (value) => value + rounds))
    })
  }

  it('lets an aborted run go', () => {
    const { run, control } = prepare()
    control[ABORT] = 1
    expect(run(0, 2)).toBe(1)
  })

  it('does not wait where there is one rank', () => {
    const { run, control, x, y } = prepare()
    control[ABORT] = 1
    expect(run(0, 1)).toBe(0)
    expect(y[0]).toBe(x[0]! + rounds)
  })
})
