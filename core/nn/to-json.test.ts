/** Round trips: program → document → JSON text → program is the same program. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluate } from '../evaluate.ts'
import * as op from '../ops.ts'
import { print } from '../print.ts'
import { type AnyProgram, f32, f64, i32, program, programFromGraph } from '../program.ts'
import { randomProgram } from '../random-graph.fixture.ts'
import { grad, hessian, hvp, jacobian, vmap } from '../requests.ts'
import { verify } from '../verify.ts'
import { glorotUniform, orthogonal } from './initializers.ts'
import { fromJSON } from './json.ts'
import { layerSamples } from './layers/samples.fixture.ts'
import { adamw } from './optimizers.ts'
import { warmUp } from './schedules.ts'
import { toJSON } from './to-json.ts'
import { train } from './train.ts'

function returned(p: AnyProgram): AnyProgram {
  const text = JSON.stringify(toJSON(p))
  const read = fromJSON(JSON.parse(text))
  expect(print(read.graph)).toBe(print(p.graph))
  expect(read.name).toBe(p.name)
  expect(JSON.stringify(read.inputs)).toBe(JSON.stringify(p.inputs))
  expect(JSON.stringify(read.state)).toBe(JSON.stringify(p.state))
  expect(read.outputs).toEqual(p.outputs)
  expect(verify(read.graph)).toEqual([])
  expect(JSON.stringify(toJSON(read))).toBe(text)
  return read
}

describe('program → document → program is the same program', () => {
  it.each([
    ['any op', { sampled: true }, 400],
    ['control flow', { control: 'loops', steps: 8 }, 150],
  ] as const)('for random graphs with %s, which evaluate to the same', (_, options, numRuns) => {
    fc.assert(
      fc.property(randomProgram(fc, options), ({ graph, inputs }) => {
        const read = returned(programFromGraph(graph))
        expect(evaluate(read.graph, inputs)).toEqual(evaluate(graph, inputs))
      }),
      { numRuns, seed: 11 },
    )
  })

  const mlp = program({
    name: 'an mlp, with (any) name',
    inputs: { x: f32('B', 4), y: i32('B') },
    state: { w1: f32(4, 8).init(glorotUniform()), 'deep.w2': f32(8, 3).init(orthogonal()), n0: i32() },
    body: ({ x, y, w1, 'deep.w2': w2, n0 }) => {
      const logits = op.matmul(op.tanh(op.matmul(x, w1)), w2)
      return { outputs: { logits, loss: op.crossEntropy(logits, y) }, next: { n0: op.add(n0, 1) } }
    },
  })
  const field = program({
    inputs: { x: f64(3), w: f64(3) },
    outputs: ({ x, w }) => {
      const { carry, out } = op.scan({
        carry: { a: x },
        length: 4,
        body: ({ a }) => ({ carry: { a: op.sin(op.mul(a, w)) }, out: { a } }),
      })
      const big = op.cond({
        if: op.greater(op.sum(x), 0),
        with: { a: carry.a },
        whenTrue: ({ a }) => ({ y: op.mul(a, w) }),
        whenFalse: ({ a }) => ({ y: op.neg(a) }),
      })
      return { y: op.add(big.y, op.sum(out['a']!, { axes: 0 })), e: op.sum(op.exp(carry.a)) }
    },
  })
  const hard = program({
    inputs: { x: f32(4) },
    outputs: ({ x }) => ({
      data: op.constant([Number.NaN, -0, Number.NEGATIVE_INFINITY, 1e-45], 'f32'),
      mask: op.where(op.constant([1, 0, 1, 0], 'bool'), x, op.constant(-0, 'f32')),
      capped: op.minimum(x, Number.POSITIVE_INFINITY),
      padded: op.pad(x, [[1, 1]], Number.NEGATIVE_INFINITY),
      same: x,
    }),
  })
  const programs: { readonly [name: string]: AnyProgram } = {
    mlp,
    gradients: grad(mlp, { of: 'loss', wrt: 'state' }),
    training: train(mlp, { minimize: 'loss', with: adamw({ rate: warmUp(5, 0.1), clip: { norm: 1, value: 2 } }) }),
    loops: field,
    jacobian: jacobian(field, { of: 'y', wrt: ['x', 'w'] }),
    hessian: hessian(field, { of: 'e', wrt: 'x' }),
    sparse: jacobian(field, { of: 'y', wrt: ['x', 'w'], format: 'csr' }),
    sparseHessian: hessian(field, { of: 'e', wrt: 'x', format: 'coo', mode: 'colour' }),
    hvp: hvp(field, { of: 'e', wrt: 'w' }),
    'many at once': vmap(field, { over: 'x', size: 'N' }),
    'hard numbers': hard,
  } as { readonly [name: string]: AnyProgram }
  it.each(Object.entries(programs))('for %s', (_, p) => void returned(p))
  it.each(layerSamples.map((s) => [s.layer.kind, s] as const))('for a model of a layer: %s', (_, s) => {
    const spec = { inputs: { x: `${s.dtype ?? 'f32'}[B,${s.shape}]` }, layers: [s.layer] }
    for (const use of ['train', 'infer'] as const) returned(fromJSON(spec, { use }))
  })
  it('for chains of 20,000 nodes', () => {
    const chain = program({
      inputs: { x: f64(2) },
      outputs: ({ x }) => ({ y: Array.from({ length: 20_000 }).reduce<typeof x>((y) => op.sin(y), x) }),
    })
    const read = fromJSON(toJSON(chain))
    expect(print(read.graph)).toBe(print(chain.graph))
  })
})
