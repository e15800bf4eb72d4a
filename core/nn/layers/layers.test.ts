/** Laws of every layer, and the layers with formulas of their own against them, written out. */
import { describe, expect, it } from 'vitest'
import { evaluate } from '../../evaluate.ts'
import type { Tensor } from '../../ir.ts'
import { NEXT } from '../../program.ts'
import { tensor } from '../../shape.ts'
import { uniform } from '../../threefry.ts'
import { verify } from '../../verify.ts'
import { RANDOM_KEY } from '../builder.ts'
import { initialize } from '../initializers.ts'
import { fromJSON } from '../json.ts'
import { type Layer, layerRules } from './kinds.ts'
import type { Use } from './layer.ts'
import { type LayerSample, layerSamples } from './samples.fixture.ts'

const EXAMPLES = 3
const program = ({ layer, shape, dtype = 'f64' as never }: LayerSample, use: Use) =>
  fromJSON({ dtype: 'f64', inputs: { x: `${dtype}[B,${shape}]` }, layers: [layer] }, { use })
const filled = (shape: readonly number[], at = 0) =>
  tensor(
    'f64',
    shape,
    Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, i) => 2 * uniform(1, at, i) - 1),
  )

/** Outputs and next state of a layer on `x`, with its state as it starts. */
function run(layer: Layer, x: Tensor, use: Use, given: { readonly [name: string]: Tensor } = {}) {
  const p = program({ layer, shape: x.shape.slice(1), gives: [] }, use)
  const state = Object.fromEntries(
    Object.entries(p.state).map(([name, v], i): [string, Tensor] => {
      const shape = v.shape as readonly number[]
      return [name, { dtype: v.dtype, shape, data: initialize(v.initial, shape, v.dtype, 5, i) }]
    }),
  )
  const values = { ...state, ...given }
  const bound = fromJSON({ dtype: 'f64', inputs: { x: `f64[${x.shape}]` }, layers: [layer] }, { use })
  return { state: values, out: evaluate(bound.graph, { x, ...values }) }
}

describe('every layer', () => {
  it('has a sample', () =>
    expect([...new Set(layerSamples.map((s) => s.layer.kind))].sort()).toEqual(Object.keys(layerRules).sort()))

  it.each(layerSamples.map((s) => [`${s.layer.kind} on [${s.shape}]`, s] as const))(
    '%s: gives what it should, keeps the batch a name, and has one state for both uses',
    (_, s) => {
      const [train, infer] = [program(s, 'train'), program(s, 'infer')]
      for (const p of [train, infer]) {
        expect(verify(p.graph)).toEqual([])
        expect(p.graph.outputs[0]!.node.shape).toEqual(['B', ...s.gives])
      }
      expect(Object.entries(infer.state)).toMatchObject(
        Object.entries(train.state).map(([name, { dtype, shape, initial }]) => [name, { dtype, shape, initial }]),
      )
      expect(infer.graph.outputs.filter((o) => o.name.startsWith(NEXT))).toEqual([])
    },
  )
})

const sequence = filled([EXAMPLES, 4, 2])
type Row = readonly number[]
const sigmoid = (v: number) => 1 / (1 + Math.exp(-v))
/** Row i of a matrix. */
const row = (t: Tensor, i: number): Row => [...t.data.slice(i * t.shape[1]!, (i + 1) * t.shape[1]!)]
const times = (v: Row, m: Tensor): Row => row(m, 0).map((_, j) => v.reduce((sum, a, i) => sum + a * row(m, i)[j]!, 0))
const step = (x: Row, k: number): Row => [...sequence.data.slice((k * 4 + x[0]!) * 2, (k * 4 + x[0]! + 1) * 2)]

describe('recurrent layers', () => {
  const units = 3
  /** The layer's result, by a rule for one example and step. */
  function byHand(kind: 'rnn' | 'gru' | 'lstm', rule: (x: Row, u: Row, h: Row, c: Row) => [Row, Row]) {
    const bias = (name: string, n: number) => ({ [`${kind}_1.${name}`]: filled([n], name.length) })
    const gates = { rnn: 1, gru: 3, lstm: 4 }[kind]
    const given = { ...bias('bias', gates * units), ...(kind === 'gru' && bias('recurrentBias', gates * units)) }
    const { state, out } = run({ kind, units, sequences: true }, sequence, 'infer', given)
    const at = (name: string) => state[`${kind}_1.${name}`]!
    const want: number[] = []
    for (let k = 0; k < EXAMPLES; k++) {
      let h: Row = [0, 0, 0]
      let c: Row = h
      for (let t = 0; t < 4; t++) {
        const x = times(step([t], k), at('weight')).map((v, i) => v + at('bias').data[i]!)
        const u = times(h, at('recurrent')).map((v, i) => v + (kind === 'gru' ? at('recurrentBias').data[i]! : 0))
        ;[h, c] = rule(x, u, h, c)
        want.push(...h)
      }
    }
    const got = out['output']!
    expect(got.shape).toEqual([EXAMPLES, 4, units])
    want.forEach((v, i) => expect(got.data[i]).toBeCloseTo(v, 12))
  }
  it('rnn', () => byHand('rnn', (x, u, _, c) => [x.map((v, i) => Math.tanh(v + u[i]!)), c]))
  it('gru', () =>
    byHand('gru', (x, u, h, c) => {
      const next = h.map((old, i) => {
        const [r, z] = [0, 1].map((g) => sigmoid(x[g * units + i]! + u[g * units + i]!)) as [number, number]
        const n = Math.tanh(x[2 * units + i]! + r * u[2 * units + i]!)
        return (1 - z) * n + z * old
      })
      return [next, c]
    }))
  it('lstm', () =>
    byHand('lstm', (x, u, _, c) => {
      const gate = (g: number, i: number) => x[g * units + i]! + u[g * units + i]!
      const cell = c.map((old, i) => sigmoid(gate(1, i)) * old + sigmoid(gate(0, i)) * Math.tanh(gate(2, i)))
      return [cell.map((v, i) => sigmoid(gate(3, i)) * Math.tanh(v)), cell]
    }))
  it('give the last step, from either end', () => {
    const all = run({ kind: 'rnn', units, sequences: true, reverse: true }, sequence, 'infer').out['output']!
    const last = run({ kind: 'rnn', units, reverse: true }, sequence, 'infer').out['output']!
    for (let k = 0; k < EXAMPLES; k++)
      expect(row(last, k)).toEqual([...all.data.slice(k * 4 * units, k * 4 * units + units)])
  })
})

describe('layers that training changes', () => {
  const x = filled([8, 2])
  it('batchNorm: by the batch in training, whose averages move; by the averages in inference', () => {
    const layer: Layer = { kind: 'batchNorm', momentum: 0.75, eps: 1e-3 }
    const means = [0, 1].map((c) => [...x.data].filter((_, i) => i % 2 === c).reduce((s, v) => s + v, 0) / 8)
    const variances = [0, 1].map(
      (c) => [...x.data].filter((_, i) => i % 2 === c).reduce((s, v) => s + (v - means[c]!) ** 2, 0) / 8,
    )
    const trained = run(layer, x, 'train').out
    const inferred = run(layer, x, 'infer').out['output']!
    x.data.forEach((v, i) => {
      const want = (v - means[i % 2]!) / Math.sqrt(variances[i % 2]! + 1e-3)
      expect(trained['output']!.data[i]).toBeCloseTo(want, 12)
      expect(inferred.data[i]).toBeCloseTo(v / Math.sqrt(1 + 1e-3), 12)
    })
    means.forEach((mean, c) => {
      expect(trained[`${NEXT}batchNorm_1.mean`]!.data[c]).toBeCloseTo(0.25 * mean, 12)
      expect(trained[`${NEXT}batchNorm_1.variance`]!.data[c]).toBeCloseTo(0.75 + 0.25 * variances[c]!, 12)
    })
  })
  it('dropout: nothing in inference; in training a mask that moves with the key, another for each layer', () => {
    const layer: Layer = { kind: 'sequential', layers: [{ kind: 'dropout', rate: 0.25 }] }
    const wide = tensor('f64', [1, 400], new Array(400).fill(1))
    const { out, state } = run(layer, wide, 'train')
    expect(run(layer, wide, 'infer').out['output']!.data).toEqual(wide.data)
    const kept = out['output']!.data.filter((v) => v !== 0)
    expect(kept.every((v) => Math.abs(v - 4 / 3) < 1e-12)).toBe(true)
    expect(kept.length).toBeGreaterThan(260)
    expect(kept.length).toBeLessThan(340)
    const key = state[RANDOM_KEY]!.data[0]!
    expect(out[NEXT + RANDOM_KEY]!.data[0]).toBe((key + 1) | 0)
    const next = run(layer, wide, 'train', { [RANDOM_KEY]: tensor('i32', [], [key + 1]) }).out['output']!
    expect(next.data).not.toEqual(out['output']!.data)
    const twice: Layer = { kind: 'sequential', layers: [...layer.layers, ...layer.layers] as Layer[] }
    const both = run(twice, wide, 'train').out['output']!
    expect(both.data.filter((v) => v !== 0).length).toBeLessThan(kept.length - 20)
  })
})

it('names of state: kinds counted, or names given, a path for what is inside', () => {
  const names = (layers: readonly Layer[]) =>
    Object.keys(fromJSON({ inputs: { x: 'f32[B,4]' }, layers }, {}).state).filter((n) => !n.endsWith('bias'))
  expect(
    names([
      { kind: 'dense', units: 4 },
      { kind: 'relu' },
      {
        kind: 'residual',
        layers: [
          { kind: 'dense', units: 4 },
          { kind: 'dense', units: 4, name: 'last' },
        ],
      },
      { kind: 'dense', units: 4 },
      { kind: 'residual', layers: [{ kind: 'dense', units: 2 }], shortcut: [{ kind: 'dense', units: 2 }] },
    ]),
  ).toEqual([
    'dense_1.weight',
    'residual_1.dense_1.weight',
    'residual_1.last.weight',
    'dense_2.weight',
    'residual_2.dense_1.weight',
    'residual_2.shortcut.dense_1.weight',
  ])
})
