/**
 * Normalisation layers. Channels are axis 1: [examples, channels, ...].
 * Invariant: variances are those of the values at hand (divided by n, not n − 1), plus eps under the root.
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { add, div, maximum, mul, sqrt, sub } from '../primitives/arithmetic.ts'
import { reshape } from '../primitives/broadcast.ts'
import { pow } from '../primitives/exponential.ts'
import { pad } from '../primitives/layout.ts'
import { mean } from '../primitives/reduce.ts'
import { square } from './activation.ts'
import { along, ownAxis, sizeOf } from './arranging.ts'
import { norm } from './statistics.ts'

export interface NormOptions {
  readonly weight?: Node
  readonly bias?: Node
  /** Default 1e-5. */
  readonly eps?: number
}

/** (x − mean) / √(variance + eps) over `axes`. */
export function standardize(x: Node, axes: readonly number[], eps = 1e-5): Node {
  const centred = sub(x, mean(x, { axes, keepDims: true }))
  return div(centred, sqrt(add(mean(square(centred), { axes, keepDims: true }), eps)))
}

/** A value per channel, shaped to broadcast against `x`. */
const perChannel = (x: Node, v: Node): Node => reshape(v, [...v.shape, ...x.shape.slice(2).map(() => 1)])
function affine(y: Node, { weight, bias }: NormOptions, shaped: (v: Node) => Node = (v) => v): Node {
  const scaled = weight ? mul(y, shaped(weight)) : y
  return bias ? add(scaled, shaped(bias)) : scaled
}
const byChannel = (y: Node, o: NormOptions): Node => affine(y, o, (v) => perChannel(y, v))

/** Over the last `rank` axes (default 1); weight and bias have their shape. */
export function layerNorm(x: Node, options: NormOptions & { readonly rank?: number } = {}): Node {
  const first = asNode(x, 'layerNorm').shape.length - (options.rank ?? 1)
  return affine(standardize(x, x.shape.map((_, i) => i).slice(first), options.eps), options)
}

export interface BatchNormOptions extends NormOptions {
  /** Of earlier batches, a value a channel. With both, nothing is computed from `x`. */
  readonly mean?: Node
  readonly variance?: Node
}

/** Over all axes but the channels. */
export function batchNorm(x: Node, options: BatchNormOptions = {}): Node {
  const { mean: running, variance, eps = 1e-5 } = options
  ownAxis('batchNorm', x, 1)
  const others = x.shape.map((_, i) => i).filter((i) => i !== 1)
  if (!running || !variance) return byChannel(standardize(x, others, eps), options)
  const y = div(sub(x, perChannel(x, running)), sqrt(add(perChannel(x, variance), eps)))
  return byChannel(y, options)
}

/** Over all axes but examples and channels; with running statistics, as `batchNorm`. */
export function instanceNorm(x: Node, options: BatchNormOptions = {}): Node {
  if (options.mean && options.variance) return batchNorm(x, options)
  ownAxis('instanceNorm', x, 2)
  return byChannel(standardize(x, x.shape.map((_, i) => i).slice(2), options.eps), options)
}

/** Over `groups` of channels and all axes after them. */
export function groupNorm(x: Node, groups: number, options: NormOptions = {}): Node {
  const channels = sizeOf('groupNorm', x, ownAxis('groupNorm', x, 1))
  if (channels % groups !== 0)
    throw operandError(`groupNorm: ${channels} channels are no multiple of ${groups} groups`, [x])
  const apart = reshape(x, [x.shape[0]!, groups, channels / groups, ...x.shape.slice(2)])
  const axes = apart.shape.map((_, i) => i).slice(2)
  return byChannel(reshape(standardize(apart, axes, options.eps), x.shape), options)
}

/** x / √(mean of squares + eps) over the last axis. */
export function rmsNorm(x: Node, options: NormOptions = {}): Node {
  const y = div(x, sqrt(add(mean(square(x), { axes: -1, keepDims: true }), options.eps ?? 1e-5)))
  return affine(y, options)
}

/** x / max(‖x‖ₚ, eps) along `axis` (default 1). */
export function normalize(
  x: Node,
  { p = 2, axis = 1, eps = 1e-12 }: { readonly p?: number; readonly axis?: number; readonly eps?: number } = {},
): Node {
  return div(x, maximum(norm(x, p, { axes: axis, keepDims: true }), eps))
}

/** x / (k + alpha · mean of squares over `size` neighbouring channels)^beta; channels beyond the ends count as 0. */
export function localResponseNorm(
  x: Node,
  size: number,
  { alpha = 1e-4, beta = 0.75, k = 1 }: { readonly alpha?: number; readonly beta?: number; readonly k?: number } = {},
): Node {
  const channels = sizeOf('localResponseNorm', x, ownAxis('localResponseNorm', x, 1))
  const wide = pad(square(x), [
    [0, 0],
    [Math.floor(size / 2), Math.floor((size - 1) / 2)],
  ])
  const parts = Array.from({ length: size }, (_, i) => along(wide, 1, [i, i + channels]))
  const total = parts.reduce((s, part) => add(s, part))
  return div(x, pow(add(mul(total, alpha / size), k), beta))
}
