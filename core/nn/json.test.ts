/** Model documents: what they say, and the place of what is wrong with them. */
import { describe, expect, it } from 'vitest'
import { DeclarationError } from '../errors.ts'
import { NEXT } from '../program.ts'
import { verify } from '../verify.ts'
import { fromJSON, optimizerFromJSON } from './json.ts'
import { train } from './train.ts'

const cnn = {
  $schema: 'cotangent/model-1',
  name: 'cnn',
  inputs: { x: 'u8[B,1,8,8]', y: 'i32[B]' },
  preprocess: { x: 'f32(x)/255 - 0.5' },
  layers: [
    { kind: 'conv2d', filters: 4, size: 3, padding: 'same', init: 'heNormal' },
    { kind: 'batchNorm' },
    { kind: 'relu' },
    { kind: 'maxPool2d', size: 2 },
    { kind: 'flatten' },
    { kind: 'dropout', rate: 0.25 },
    { kind: 'dense', units: 3 },
  ],
  output: 'logits',
  loss: 'crossEntropy',
  metrics: ['accuracy', { name: 'surest', formula: 'max(softmax(logits))' }],
  optimizer: { kind: 'adam', rate: { kind: 'cosine', rate: 0.01, steps: 100, final: 0 }, clip: { norm: 1 } },
}
type Loose = Record<string | number, unknown> & { layers: Loose[] }
const changed = (change: (d: Loose) => void): Loose => {
  const copy = structuredClone(cnn) as unknown as Loose
  change(copy)
  return copy
}

describe('a document', () => {
  it('gives outputs, loss and metrics, and one state for training and inference', () => {
    const [learn, infer] = [fromJSON(cnn, { use: 'train' }), fromJSON(cnn, { use: 'infer' })]
    for (const p of [learn, infer]) {
      expect(verify(p.graph)).toEqual([])
      expect(Object.keys(p.outputs)).toEqual(['logits', 'loss', 'accuracy', 'surest'])
    }
    expect(JSON.stringify(infer.state)).toBe(JSON.stringify(learn.state))
    const moved = learn.graph.outputs.filter((o) => o.name.startsWith(NEXT)).map((o) => o.name.slice(NEXT.length))
    expect(moved).toEqual(['batchNorm_1.mean', 'batchNorm_1.variance', 'random.key'])
    expect(Object.keys(infer.state)).toEqual(expect.arrayContaining(moved))
  })
  it('trains everything but what it moves itself', () => {
    const step = train(fromJSON(cnn), { minimize: 'loss' as never, with: optimizerFromJSON(cnn)! })
    const slots = Object.keys(step.state).filter((n) => n.endsWith('.m'))
    const trained = ['conv2d_1.weight', 'conv2d_1.bias', 'batchNorm_1.weight', 'batchNorm_1.bias']
    expect(slots).toEqual([...trained, 'dense_1.weight', 'dense_1.bias'].map((n) => `adam.${n}.m`))
    expect(step.state['adam.step']).toBeDefined()
    expect(verify(step.graph)).toEqual([])
  })
  it('gives only the outputs asked for, of the inputs that they need', () => {
    const predict = fromJSON(cnn, { use: 'infer', outputs: ['logits'] })
    expect(Object.keys(predict.inputs)).toEqual(['x'])
    expect(Object.keys(predict.outputs)).toEqual(['logits'])
    expect(Object.keys(predict.state)).toEqual(Object.keys(fromJSON(cnn).state))
    expect(() => fromJSON(cnn, { outputs: ['logit'] })).toThrow(
      /outputs: there is no output 'logit'; did you mean 'logits'/,
    )
  })
  it('holds nodes, formulas, functions, state with next values, and layers inside', () => {
    const p = fromJSON({
      inputs: { x: 'f64[B,4]' },
      state: { w: { type: 'f64[4]', init: { kind: 'constant', value: 2 } }, count: 'i32' },
      nodes: [
        { id: 'scaled', formula: 'x*w + 1' },
        { id: 'total', op: 'sum', in: ['scaled'], params: { axes: [1] } },
        { id: 'soft', op: 'softmax', in: ['scaled', 1] },
        { id: 'head', layers: [{ kind: 'dense', units: 2 }], in: ['soft'] },
        { id: 'more', formula: 'count + 1' },
      ],
      outputs: { total: 'total', head: 'head' },
      next: { count: 'more' },
    })
    expect(verify(p.graph)).toEqual([])
    expect(p.graph.outputs.map((o) => `${o.name} ${o.node.shape}`)).toEqual(['total B', 'head B,2', 'next.count '])
    expect(Object.keys(p.state)).toEqual(['w', 'count', 'head.dense_1.weight', 'head.dense_1.bias'])
    expect(p.state['w']!.initial).toEqual({ kind: 'constant', value: 2 })
  })
})

describe('what is wrong with a document is a DeclarationError at its place', () => {
  const cases: readonly (readonly [(d: Loose) => void, RegExp])[] = [
    [(d) => (d.layers[0]!['filter'] = 3), /^layers\[0\]\.filter: there is no such field; did you mean 'filters'\?/],
    [(d) => (d['layer'] = []), /^layer: there is no such field; did you mean 'layers'\?/],
    [
      (d) => (d.layers[0]!['kind'] = 'conv2e'),
      /^layers\[0\]\.kind: there is no kind 'conv2e'; did you mean 'conv2d'\?/,
    ],
    [(d) => (d.layers[0]!['filters'] = '4'), /^layers\[0\]\.filters: is "4"; it must be a number/],
    [
      (d) => (d.layers[0]!['init'] = 'heNormall'),
      /^layers\[0\]\.init: 'heNormall' is not known; did you mean 'heNormal'/,
    ],
    [(d) => (d.layers[0]!['padding'] = 'sam'), /^layers\[0\]\.padding: 'sam' is not known; did you mean 'same'/],
    [(d) => delete d.layers[0]!['size'], /^layers\[0\]\.size: is missing; it must be a number/],
    [(d) => (d.layers[6]!['units'] = -1), /^layers\[6\]\.units: -1 is too small; at least 1/],
    [(d) => (d.layers[6]!['units'] = 2.5), /^layers\[6\]\.units: is 2\.5; it must be a whole number/],
    [(d) => (d.layers[3]!['size'] = 11), /^layers\[3\]: maxPool2d: no window of 11 fits 8/],
    [(d) => (d['inputs'] = { x: 'f32[B', y: 'i32[B]' }), /^inputs\.x: is no type/],
    [(d) => (d['preprocess'] = { x: 'f32(x)/(255' }), /^preprocess\.x\.formula: formula, line 1, column 12/],
    [(d) => (d['preprocess'] = { z: 'x' }), /^preprocess\.z: there is no input 'z'/],
    [(d) => (d['loss'] = 'crossentropy'), /^loss: 'crossentropy' is not known; did you mean 'crossEntropy'/],
    [(d) => (d['loss'] = { kind: 'mse', of: 'logit' }), /^loss: there is no value 'logit'; did you mean 'logits'/],
    [
      (d) => (d['optimizer'] = { kind: 'adam', rate: { kind: 'cosine' } }),
      /^optimizer\.rate\.rate: is missing; it must be a number/,
    ],
    [(d) => (d['output'] = 'x'), /^output: .*the name 'x' is used twice/],
    [
      (d) =>
        (d['nodes'] = [
          { id: 'a', formula: 'b' },
          { id: 'b', formula: 'a' },
        ]),
      /^nodes\[0\]\.formula: .*there is no 'b'/s,
    ],
    [
      (d) => (d['nodes'] = [{ id: 'a', op: 'matmull', in: ['x'] }]),
      /^nodes\[0\]\.op: there is no op 'matmull'; did you mean 'matmul'/,
    ],
    [(d) => (d['nodes'] = [{ id: 'a', op: 'sin', in: ['xx'] }]), /^nodes\[0\]\.in\[0\]: there is no value 'xx'/],
    [(d) => (d['nodes'] = [{ id: 'a' }]), /^nodes\[0\]: needs exactly one of op, formula and layers/],
    [(d) => (d['inputs'] = { x: 'u8[B,1,99999999,99999]', y: 'i32[B]' }), /^inputs\.x: .* elements; the limit is/],
    [
      (d) => Object.defineProperty(d, '__proto__', { value: {}, enumerable: true }),
      /^__proto__: this name is reserved/,
    ],
    [
      (d) => (d.layers[1] = JSON.parse('{"kind":"relu","constructor":1}') as Loose),
      /^layers\[1\]\.constructor: this name is reserved/,
    ],
    [(d) => (d.layers[6]!['units'] = Number.NaN), /^layers\[6\]\.units: NaN is no number of JSON/],
    [(d) => (d['name'] = () => 1), /^name: a function is no value of JSON/],
    [(d) => (d.layers[2] = d), /more than 100 levels/],
  ]
  it.each(cases)('%s → %s', (change, what) => {
    let caught: unknown
    try {
      fromJSON(changed(change))
    } catch (e) {
      caught = e
    }
    expect(caught).toBeInstanceOf(DeclarationError)
    expect((caught as DeclarationError).code).toBe('E_DOCUMENT')
    expect((caught as DeclarationError).message).toMatch(what)
  })
  it('is a document given as text, or not an object at all', () => {
    expect(() => fromJSON(JSON.stringify(cnn))).toThrow(/JSON.parse/)
    for (const wrong of [null, 3, [], undefined]) expect(() => fromJSON(wrong)).toThrow(DeclarationError)
  })
})
