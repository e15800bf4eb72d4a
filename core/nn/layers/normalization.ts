/**
 * Normalisations and dropout: layers that differ between training and inference, and their like.
 * Invariant: running statistics are state with a next value, so they are never trained; without 'train' nothing is drawn and nothing moves.
 */

import { square } from '../../composites/activation.ts'
import {
  groupNorm as grouped,
  layerNorm as layered,
  batchNorm as normalized,
  rmsNorm as rooted,
} from '../../composites/normalization.ts'
import type { Node } from '../../ir.ts'
import { add, mul, sub } from '../../primitives/arithmetic.ts'
import { reshape } from '../../primitives/broadcast.ts'
import { stopGradient } from '../../primitives/cast.ts'
import { mean } from '../../primitives/reduce.ts'
import { dropout as dropped } from '../../random/draws.ts'
import { ones } from '../initializers.ts'
import { channelsOf } from './convolution.ts'
import { featuresOf } from './dense.ts'
import { floats, type LayerBase, type Rule, type Scope } from './layer.ts'
import { valueOf } from './value.ts'

interface Norm extends LayerBase {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number
  /** Learn a factor and an offset. Default true. */
  readonly affine?: boolean
}
export interface BatchNorm extends Norm {
  readonly kind: 'batchNorm'
  /** How much of the running mean and variance is kept at each step. Default 0.9. */
  readonly momentum?: number
}
export interface LayerNorm extends Norm {
  readonly kind: 'layerNorm'
}
export interface RmsNorm extends Norm {
  readonly kind: 'rmsNorm'
}
export interface GroupNorm extends Norm {
  readonly kind: 'groupNorm'
  readonly groups: number
}
/** Of `[N, C, …]`: each channel with the mean and variance of the batch ('train') or of all batches so far ('infer'). */
export const batchNorm = (o: Omit<BatchNorm, 'kind'> = {}): BatchNorm => ({ kind: 'batchNorm', ...o })
/** Over the last axis. */
export const layerNorm = (o: Omit<LayerNorm, 'kind'> = {}): LayerNorm => ({ kind: 'layerNorm', ...o })
/** Over the last axis, by the root of the mean of squares; no offset. */
export const rmsNorm = (o: Omit<RmsNorm, 'kind'> = {}): RmsNorm => ({ kind: 'rmsNorm', ...o })
/** Of `[N, C, …]`: over groups of channels. */
export const groupNorm = (groups: number, o: Omit<GroupNorm, 'kind' | 'groups'> = {}): GroupNorm => ({
  kind: 'groupNorm',
  groups,
  ...o,
})

function learnt(o: Norm, size: number, scope: Scope<unknown>, offset = true) {
  if (o.affine === false) return {}
  const weight = scope.state('weight', valueOf(scope.dtype, [size]).init(ones()))
  return offset ? { weight, bias: scope.state('bias', valueOf(scope.dtype, [size])) } : { weight }
}
const epsOf = (o: Norm) => (o.eps === undefined ? {} : { eps: o.eps })

export const batchNormRule: Rule<BatchNorm> = (o, given, scope) => {
  const x = floats(given, scope)
  const channels = channelsOf('batchNorm', x)
  const affine = learnt(o, channels, scope)
  const running = {
    mean: scope.state('mean', valueOf(scope.dtype, [channels])),
    variance: scope.state('variance', valueOf(scope.dtype, [channels]).init(ones())),
  }
  if (scope.use === 'infer') return normalized(x, { ...affine, ...running, ...epsOf(o) })
  const batch = statistics(x)
  const { momentum = 0.9 } = o
  const moved = (old: Node, now: Node) => add(mul(old, momentum), mul(stopGradient(now), 1 - momentum))
  scope.next('mean', moved(running.mean, batch.mean))
  scope.next('variance', moved(running.variance, batch.variance))
  return normalized(x, { ...affine, ...batch, ...epsOf(o) })
}
/** Mean and variance of each channel, [C]: those of the values at hand (divided by n). */
function statistics(x: Node): { readonly mean: Node; readonly variance: Node } {
  const axes = x.shape.map((_, i) => i).filter((i) => i !== 1)
  const center = mean(x, { axes, keepDims: true })
  return { mean: reshape(center, [x.shape[1]!]), variance: mean(square(sub(x, center)), { axes }) }
}

export const layerNormRule: Rule<LayerNorm> = (o, given, scope) => {
  const x = floats(given, scope)
  return layered(x, { ...learnt(o, featuresOf('layerNorm', x), scope), ...epsOf(o) })
}
export const rmsNormRule: Rule<RmsNorm> = (o, given, scope) => {
  const x = floats(given, scope)
  return rooted(x, { ...learnt(o, featuresOf('rmsNorm', x), scope, false), ...epsOf(o) })
}
export const groupNormRule: Rule<GroupNorm> = (o, given, scope) => {
  const x = floats(given, scope)
  return grouped(x, o.groups, { ...learnt(o, channelsOf('groupNorm', x), scope), ...epsOf(o) })
}

export interface Dropout extends LayerBase {
  readonly kind: 'dropout'
  /** How likely an element is left out. */
  readonly rate: number
}
/** While training, each element 0 with probability `rate`, the others divided by 1 − rate. */
export const dropout = (rate: number, o: LayerBase = {}): Dropout => ({ kind: 'dropout', rate, ...o })
export const dropoutRule: Rule<Dropout> = ({ rate }, given, scope) => {
  const x = floats(given, scope)
  const key = scope.key()
  return scope.use === 'train' ? dropped(x, rate, key) : x
}
