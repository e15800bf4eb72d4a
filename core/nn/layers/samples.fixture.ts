/** Every kind of layer on an input that fits it. A test asserts that none is missing. */
import type { Layer } from './kinds.ts'

export interface LayerSample {
  readonly layer: Layer
  /** Of x, without examples. */
  readonly shape: readonly number[]
  readonly dtype?: 'i32' | 'u8'
  /** Of the result, without examples. */
  readonly gives: readonly number[]
}
const image = [4, 6, 6]
const sequence = [5, 8]
const line = [4, 7]
const plain = (kind: Layer['kind']): LayerSample => ({ layer: { kind } as Layer, shape: [6], gives: [6] })

export const layerSamples: readonly LayerSample[] = [
  ...(['relu', 'relu6', 'elu', 'selu', 'gelu', 'silu', 'mish', 'tanh', 'sigmoid', 'softplus', 'softsign'] as const).map(
    plain,
  ),
  ...(['hardsigmoid', 'hardswish', 'leakyRelu', 'softmax', 'logSoftmax', 'layerNorm', 'rmsNorm'] as const).map(plain),
  { layer: { kind: 'dropout', rate: 0.5 }, shape: [6], gives: [6] },
  { layer: { kind: 'dense', units: 3 }, shape: [6], gives: [3] },
  { layer: { kind: 'dense', units: 3, bias: false }, shape: sequence, gives: [5, 3] },
  { layer: { kind: 'dense', units: 3 }, shape: [6], dtype: 'u8', gives: [3] },
  { layer: { kind: 'embedding', count: 9, size: 4 }, shape: [5], dtype: 'i32', gives: [5, 4] },
  { layer: { kind: 'positionalEmbedding' }, shape: sequence, gives: sequence },
  { layer: { kind: 'conv1d', filters: 3, size: 3 }, shape: line, gives: [3, 5] },
  { layer: { kind: 'conv2d', filters: 6, size: 3, padding: 'same', groups: 2 }, shape: image, gives: [6, 6, 6] },
  { layer: { kind: 'conv2d', filters: 2, size: [3, 1], stride: 2, padding: 1 }, shape: image, gives: [2, 3, 4] },
  { layer: { kind: 'convTranspose2d', filters: 3, size: 2, stride: 2 }, shape: image, gives: [3, 12, 12] },
  { layer: { kind: 'maxPool1d', size: 2 }, shape: line, gives: [4, 3] },
  { layer: { kind: 'avgPool1d', size: 3, stride: 1, padding: 1 }, shape: line, gives: line },
  { layer: { kind: 'maxPool2d', size: 2 }, shape: image, gives: [4, 3, 3] },
  { layer: { kind: 'avgPool2d', size: [2, 3] }, shape: image, gives: [4, 3, 2] },
  { layer: { kind: 'globalAvgPool' }, shape: image, gives: [4] },
  { layer: { kind: 'globalMaxPool' }, shape: line, gives: [4] },
  { layer: { kind: 'flatten' }, shape: image, gives: [144] },
  { layer: { kind: 'reshape', shape: [2, -1] }, shape: image, gives: [2, 72] },
  { layer: { kind: 'batchNorm' }, shape: image, gives: image },
  { layer: { kind: 'batchNorm', affine: false, momentum: 0.5 }, shape: [6], gives: [6] },
  { layer: { kind: 'groupNorm', groups: 2 }, shape: image, gives: image },
  { layer: { kind: 'formula', formula: 'x^2 / (1 + x^2)' }, shape: [6], gives: [6] },
  { layer: { kind: 'sequential', layers: [{ kind: 'dense', units: 3 }, { kind: 'relu' }] }, shape: [6], gives: [3] },
  { layer: { kind: 'residual', layers: [{ kind: 'dense', units: 6 }] }, shape: [6], gives: [6] },
  {
    layer: { kind: 'residual', layers: [{ kind: 'dense', units: 3 }], shortcut: [{ kind: 'dense', units: 3 }] },
    shape: [6],
    gives: [3],
  },
  { layer: { kind: 'attention', heads: 2, causal: true }, shape: sequence, gives: sequence },
  { layer: { kind: 'transformerBlock', heads: 4, hidden: 6, dropout: 0.1 }, shape: sequence, gives: sequence },
  { layer: { kind: 'rnn', units: 3 }, shape: sequence, gives: [3] },
  { layer: { kind: 'gru', units: 3, sequences: true }, shape: sequence, gives: [5, 3] },
  { layer: { kind: 'lstm', units: 3, reverse: true }, shape: sequence, gives: [3] },
]
