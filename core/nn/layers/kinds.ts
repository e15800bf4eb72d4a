/**
 * Every kind of layer with its rule. To add one: a file with its record and its rule, a line here, and a line in `spec.ts`.
 * Invariant: the table is data that is passed in; nothing registers itself.
 */
import {
  type Activation,
  activationRule,
  type LeakyRelu,
  leakyReluRule,
  type PlainKind,
  plainKinds,
  type Softmax,
  softmaxRule,
} from './activation.ts'
import { type Attention, attentionRule, type TransformerBlock, transformerRule } from './attention.ts'
import {
  type Flatten,
  flattenRule,
  type Reshape,
  type Residual,
  reshapeRule,
  residualRule,
  type Sequential,
  sequentialRule,
} from './composition.ts'
import {
  type Conv1d,
  type Conv2d,
  type ConvTranspose2d,
  conv1dRule,
  conv2dRule,
  convTranspose2dRule,
  type GlobalPool,
  globalPoolRule,
  type Pool,
  type PoolKind,
  poolRule,
} from './convolution.ts'
import {
  type Dense,
  denseRule,
  type Embedding,
  embeddingRule,
  type PositionalEmbedding,
  positionalEmbeddingRule,
} from './dense.ts'
import { type FormulaLayer, formulaRule } from './formula.ts'
import type { Rule } from './layer.ts'
import {
  type BatchNorm,
  batchNormRule,
  type Dropout,
  dropoutRule,
  type GroupNorm,
  groupNormRule,
  type LayerNorm,
  layerNormRule,
  type RmsNorm,
  rmsNormRule,
} from './normalization.ts'
import { type Recurrent, recurrentRule } from './recurrent.ts'

/** A layer, in code or in a document. */
export type Layer =
  | Activation
  | Attention
  | BatchNorm
  | Conv1d
  | Conv2d
  | ConvTranspose2d
  | Dense
  | Dropout
  | Embedding
  | Flatten
  | FormulaLayer
  | GlobalPool
  | GroupNorm
  | LayerNorm
  | LeakyRelu
  | Pool<PoolKind>
  | PositionalEmbedding
  | Recurrent
  | Reshape
  | Residual<Layer>
  | RmsNorm
  | Sequential<Layer>
  | Softmax
  | TransformerBlock

/** Layers one after the other, as one. */
export const sequential = (layers: readonly Layer[], o: { readonly name?: string } = {}): Sequential<Layer> => ({
  kind: 'sequential',
  layers,
  ...o,
})
/** x + layers(x). `shortcut`: what x goes through first, where shapes differ. */
export const residual = (
  layers: readonly Layer[],
  o: { readonly name?: string; readonly shortcut?: readonly Layer[] } = {},
): Residual<Layer> => ({ kind: 'residual', layers, ...o })

type RuleOf<K extends Layer['kind']> = Rule<Extract<Layer, { kind: K }>, Layer>
export type LayerRules = { readonly [K in Layer['kind']]: RuleOf<K> }

const activations = Object.fromEntries(plainKinds.map((kind) => [kind, activationRule])) as unknown as {
  readonly [K in PlainKind]: RuleOf<K>
}

export const layerRules: LayerRules = {
  ...activations,
  attention: attentionRule,
  avgPool1d: poolRule,
  avgPool2d: poolRule,
  batchNorm: batchNormRule,
  conv1d: conv1dRule,
  conv2d: conv2dRule,
  convTranspose2d: convTranspose2dRule,
  dense: denseRule,
  dropout: dropoutRule,
  embedding: embeddingRule,
  flatten: flattenRule,
  formula: formulaRule,
  globalAvgPool: globalPoolRule,
  globalMaxPool: globalPoolRule,
  groupNorm: groupNormRule,
  gru: recurrentRule,
  layerNorm: layerNormRule,
  leakyRelu: leakyReluRule,
  logSoftmax: softmaxRule,
  lstm: recurrentRule,
  maxPool1d: poolRule,
  maxPool2d: poolRule,
  positionalEmbedding: positionalEmbeddingRule,
  reshape: reshapeRule,
  residual: residualRule,
  rmsNorm: rmsNormRule,
  rnn: recurrentRule,
  sequential: sequentialRule,
  softmax: softmaxRule,
  transformerBlock: transformerRule,
}
