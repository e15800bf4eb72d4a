/** Convolutions and products of slices, from programs to modules: packed, and the bits of the interpreter. */
import { describe, expect, it } from 'vitest'
import * as op from '../../core/ops.ts'
import { type AnyProgram, f32, f64, program } from '../../core/program.ts'
import { grad } from '../../core/requests.ts'
import { panelsOf } from '../../planner/panels.ts'
import { plan } from '../../planner/plan.ts'
import { sampleInput } from '../fixtures/sample.ts'
import { firstDifference, runInterpreter, runModule } from './run.fixture.ts'

type Options = Parameters<typeof op.conv2d>[2]
const small = { f32, f64 }

/** Σ (convolution)² and its gradients by input and weights: the three contractions of a convolution. */
function squared(n: 1 | 2, dtype: 'f32' | 'f64', x: number[], w: number[], options: Options): AnyProgram {
  const conv = n === 1 ? op.conv1d : op.conv2d
  const p = program({
    name: `conv${n}d ${dtype} [${x}] by [${w}] ${JSON.stringify(options)}`,
    inputs: { x: small[dtype](...x), w: small[dtype](...w) },
    outputs: ({ x, w }) => ({ y: op.sum(op.square(conv(x, w, options))) }),
  })
  return grad(p, { of: 'y', wrt: ['x', 'w'] })
}

const cases: readonly AnyProgram[] = [
  squared(2, 'f32', [3, 4, 9, 8], [5, 4, 3, 3], { padding: 1 }),
  squared(2, 'f32', [2, 3, 11, 12], [6, 3, 3, 2], { stride: 2, padding: 1 }),
  squared(2, 'f64', [2, 4, 9, 9], [4, 4, 3, 3], { dilation: 2 }),
  squared(2, 'f32', [2, 8, 7, 7], [8, 4, 3, 3], { groups: 2, padding: 'same' }),
  squared(1, 'f32', [3, 6, 40], [7, 6, 5], { stride: 3 }),
  squared(1, 'f64', [2, 5, 30], [4, 5, 4], { padding: 2, dilation: 3 }),
]

function agree(p: AnyProgram, packed: number): void {
  const made = plan(p, { threads: 3 })
  expect(made.kernels.filter((k) => k.scratch && panelsOf(k)).length).toBeGreaterThanOrEqual(packed)
  const inputs = Object.fromEntries(made.inputs.map((port) => [port.name, sampleInput(port)]))
  const want = runInterpreter(made, inputs)
  for (const ranks of made.loops.length > 0 ? [1] : [1, 3])
    expect(firstDifference(runModule(made, inputs, ranks), want), `${ranks} ranks`).toBeUndefined()
}

describe('forward, by input and by weights a convolution is a packed product', () => {
  for (const p of cases) it(p.name, () => agree(p, 3))
})

it('products of slices, which move with a loop, are packed', () => {
  const p = program({
    inputs: { x: f32(3, 20, 16), w: f32(16, 16), h: f32(20, 16) },
    outputs: ({ x, w, h }) =>
      op.scan({
        carry: { h },
        over: { x },
        body: (b, s) => ({
          carry: { h: op.tanh(op.add(op.matmul(s.x, w), b.h)) },
          out: { y: op.matmul(op.transpose(s.x), b.h) },
        }),
      }).out,
  })
  agree(p, 2)
})
