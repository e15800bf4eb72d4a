/** cotangent/nn: layers, initialisers, optimizers, schedules and documents of models. Re-exports, nothing else. */
export type { GraphSpec, ModelSpec, NodeSpec, ParamSpec, StateSpec } from './document.ts'
export * from './initializers.ts'
export { fromJSON, model, optimizerFromJSON } from './json.ts'
export * from './layers/activation.ts'
export { type Attention, attention, type TransformerBlock, transformerBlock } from './layers/attention.ts'
export { type Flatten, flatten, type Reshape, reshape } from './layers/composition.ts'
export {
  avgPool1d,
  avgPool2d,
  conv1d,
  conv2d,
  convTranspose2d,
  globalAvgPool,
  globalMaxPool,
  maxPool1d,
  maxPool2d,
} from './layers/convolution.ts'
export { dense, embedding, positionalEmbedding } from './layers/dense.ts'
export { formula } from './layers/formula.ts'
export { type Layer, residual, sequential } from './layers/kinds.ts'
export type { LayerBase, Use } from './layers/layer.ts'
export { batchNorm, dropout, groupNorm, layerNorm, rmsNorm } from './layers/normalization.ts'
export { gru, lstm, rnn } from './layers/recurrent.ts'
export type { Limits } from './limits.ts'
export type { LossKind, LossSpec } from './losses.ts'
export type { MetricKind, MetricSpec } from './metrics.ts'
export type { ModelOptions } from './model.ts'
export { type OptimizerSpec, optimizerOf } from './optimizer-spec.ts'
export * from './optimizers.ts'
export * from './schedules.ts'
export { modelSchema } from './spec.ts'
export { toJSON } from './to-json.ts'
export { train } from './train.ts'
