import { describe, expect, it } from 'vitest'
import * as op from '../../core/ops.ts'
import { f32, program } from '../../core/program.ts'
import { costOf } from '../../planner/cost.ts'
import { plan } from '../../planner/plan.ts'
import { wasmTarget } from '../../planner/target.ts'
import { fixtures } from '../plans.fixture.ts'
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

const bytes = (x: ArrayBufferView): Uint8Array => new Uint8Array(x.buffer, x.byteOffset, x.byteLength)
