/** cotangent/nn: layers, initialisers, optimizers, schedules and documents of models. Re-exports, nothing else. */

export type { Dim } from '../dtype.ts'
export type { AnyProgram } from '../program.ts'
export type { GraphSpec, ModelSpec, NodeSpec, ParamSpec, StateSpec, TypeText } from './document.ts'
export * from './initializers.ts'
export { fromJSON, model, optimizerFromJSON } from './json.ts'
export * from './layers/activation.ts'
export { type Attention, attention, type TransformerBlock, transformerBlock } from './layers/attention.ts'
export type { Residual, Sequential } from './layers/composition.ts'
export { type Flatten, flatten, type Reshape, reshape } from './layers/composition.ts'
export type { Conv1d, Conv2d, ConvTranspose2d, GlobalPool, Pool, PoolKind } from './layers/convolution.ts'
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
export type { Dense, Embedding, PositionalEmbedding } from './layers/dense.ts'
export { dense, embedding, positionalEmbedding } from './layers/dense.ts'
export type { FormulaLayer } from './layers/formula.ts'
export { formula } from './layers/formula.ts'
export { type Layer, residual, sequential } from './layers/kinds.ts'
export type { LayerBase, Rule, Scope, Use } from './layers/layer.ts'
export type { BatchNorm, Dropout, GroupNorm, LayerNorm, RmsNorm } from './layers/normalization.ts'
export { batchNorm, dropout, groupNorm, layerNorm, rmsNorm } from './layers/normalization.ts'
export type { Recurrent, RecurrentKind } from './layers/recurrent.ts'
export { gru, lstm, rnn } from './layers/recurrent.ts'
export type { Limits } from './limits.ts'
export type { LossKind, LossOptions, LossSpec } from './losses.ts'
export type { MetricKind, MetricSpec } from './metrics.ts'
export type { ModelOptions } from './model.ts'
export type { OptimizerKind } from './optimizer-spec.ts'
export { type OptimizerSpec, optimizerOf } from './optimizer-spec.ts'
export * from './optimizers.ts'
export * from './schedules.ts'
export { modelSchema } from './spec.ts'
export { toJSON } from './to-json.ts'
export { train } from './train.ts'
