/** Convolutions and products of slices, from programs to modules: packed, and the bits of the interpreter. */
import { describe, expect, it } from 'vitest'
import { resolve } from '../../core/differentiate/resolve.ts'
import { evaluate } from '../../core/evaluate.ts'
import { distance } from '../../core/laws.fixture.ts'
import * as op from '../../core/ops.ts'
import { type AnyProgram, f32, f64, program } from '../../core/program.ts'
import { grad } from '../../core/requests.ts'
import { tensor } from '../../core/shape.ts'
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

const grid = [1, 2].flatMap((n) =>
  [1, 2].flatMap((stride) =>
    [1, 2].flatMap((dilation) =>
      [0, 2].flatMap((padding) => [1, 2, 8].map((groups) => ({ n: n as 1 | 2, stride, dilation, padding, groups }))),
    ),
  ),
)
/** 8 channels, kernels of 5. */
const gradients = ({ n, groups, ...o }: (typeof grid)[number], size: number): AnyProgram =>
  squared(
    n,
    'f64',
    [2, 8, ...[size, size - 1].slice(-n)],
    [8, 8 / groups, ...[5, 5].slice(-n)],
    groups > 1 ? { groups, ...o } : o,
  )

describe('convolutions with their gradients', () => {
  it.each(grid)('have the values of the oracle: %o', (o) => {
    const p = gradients(o, 11)
    const made = plan(p)
    const inputs = Object.fromEntries(made.inputs.map((port) => [port.name, sampleInput(port)]))
    const got = runModule(made, inputs, 1).outputs
    const values = Object.fromEntries(made.inputs.map((q) => [q.name, tensor(q.dtype, q.shape, inputs[q.name]!)]))
    for (const [name, t] of Object.entries(evaluate(resolve(p.graph), values)))
      expect(distance(got[name]!, t.data), name).toBeLessThan(1e-12)
  })
  it.each(grid)('hold no windows in memory: %o', (o) => {
    const size = o.n === 1 ? 400 : 80
    const { buffers, inputs } = plan(gradients(o, size))
    const bytes = buffers[inputs.find((port) => port.name === 'x')!.buffer]!.bytes
    // Copies with a border, or with sizes rounded up to the stride, are a little larger. Windows would be 2.5 (1-d, strided) to 25 times as large.
    for (const b of buffers) if (b.role === 'temporary') expect(b.bytes, b.name).toBeLessThan(1.4 * bytes)
    const scratch = buffers.filter((b) => b.role === 'scratch').map((b) => b.bytes)
    expect(Math.max(0, ...scratch)).toBeLessThan(2 ** 21)
  })
})

it('the gradient of a pool whose windows overlap holds no windows in memory', () => {
  const p = program({
    inputs: { x: f32(4, 8, 40, 40) },
    outputs: ({ x }) => ({ y: op.sum(op.square(op.maxPool2d(x, { size: 3, stride: 2 }))) }),
  })
  const { buffers, inputs } = plan(grad(p, { of: 'y', wrt: 'x' }))
  const bytes = buffers[inputs[0]!.buffer]!.bytes
  // A value for every element of every window would be 2.25 times as large.
  for (const b of buffers) if (b.role === 'temporary') expect(b.bytes, b.name).toBeLessThan(bytes / 3)
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
