/**
 * Convolutions and pools. Layouts are [examples, channels, spatial…].
 * Invariant: options mean what they mean in `op.conv2d`, `op.maxPool2d` and their like; weights are PyTorch's.
 */
import {
  conv1d as convolve1d,
  conv2d as convolve2d,
  convTranspose2d as transposed2d,
} from '../../composites/convolution.ts'
import {
  avgPool1d as average1d,
  avgPool2d as average2d,
  maxPool1d as maximum1d,
  maxPool2d as maximum2d,
} from '../../composites/pooling.ts'
import { type PerAxis, perAxis } from '../../composites/spatial.ts'
import type { Node } from '../../ir.ts'
import { operandError } from '../../node.ts'
import { max, mean } from '../../primitives/reduce.ts'
import { count, sizes } from '../../shape.ts'
import { glorotUniform, type InitializerSpec, withFans } from '../initializers.ts'
import { floats, type LayerBase, type Rule, type Scope } from './layer.ts'
import { valueOf } from './value.ts'

interface ConvFields extends LayerBase {
  /** Channels of the result. */
  readonly filters: number
  /** Of the kernel: one number, or one an axis. */
  readonly size: PerAxis
  readonly stride?: PerAxis
  readonly dilation?: PerAxis
  readonly groups?: number
  /** Default true. */
  readonly bias?: boolean
  /** Of the weights. Default glorotUniform. */
  readonly init?: InitializerSpec
}
export interface Conv1d extends ConvFields {
  readonly kind: 'conv1d'
  /** Zeros on both sides. Default 'valid', none. */
  readonly padding?: PerAxis | 'same' | 'valid'
}
export interface Conv2d extends Omit<Conv1d, 'kind'> {
  readonly kind: 'conv2d'
}
export interface ConvTranspose2d extends Omit<ConvFields, 'groups' | 'dilation'> {
  readonly kind: 'convTranspose2d'
  readonly padding?: PerAxis
  readonly outputPadding?: PerAxis
}
/** [N, C, W] → [N, filters, W′]. */
export const conv1d = (
  filters: number,
  size: PerAxis,
  options: Omit<Conv1d, 'kind' | 'filters' | 'size'> = {},
): Conv1d => ({ kind: 'conv1d', filters, size, ...options })
/** [N, C, H, W] → [N, filters, H′, W′]. */
export const conv2d = (
  filters: number,
  size: PerAxis,
  options: Omit<Conv2d, 'kind' | 'filters' | 'size'> = {},
): Conv2d => ({ kind: 'conv2d', filters, size, ...options })
/** [N, C, H, W] → [N, filters, H′, W′], larger by the stride. */
export const convTranspose2d = (
  filters: number,
  size: PerAxis,
  options: Omit<ConvTranspose2d, 'kind' | 'filters' | 'size'> = {},
): ConvTranspose2d => ({ kind: 'convTranspose2d', filters, size, ...options })

/** Channels: axis 1 of [N, C, spatial…]. */
export function channelsOf(name: string, x: Node, spatial?: number): number {
  if (x.shape.length < 2 || (spatial !== undefined && x.shape.length !== spatial + 2))
    throw operandError(
      `${name}: rank ${x.shape.length} is not that of [examples, channels${', …'.repeat(spatial ?? 1)}]`,
      [x],
      'put a reshape layer before it',
    )
  return sizes(x.shape.slice(1, 2), name)[0]!
}

const biasOf = (o: ConvFields, scope: Scope<unknown>) =>
  o.bias === false ? {} : { bias: scope.state('bias', valueOf(scope.dtype, [o.filters])) }

function conv(n: 1 | 2, o: Conv1d | Conv2d, given: Node, scope: Scope<unknown>): Node {
  const x = floats(given, scope)
  const { filters, size, groups = 1, init = glorotUniform() } = o
  const channels = channelsOf(o.kind, x, n)
  if (channels % groups !== 0 || filters % groups !== 0)
    throw operandError(`${o.kind}: ${groups} groups do not divide ${channels} channels and ${filters} filters`, [x])
  const kernel = perAxis(o.kind, 'size', x, n, size, 1)
  const area = count(kernel)
  const shape = [filters, channels / groups, ...kernel]
  const start = withFans(init, (channels / groups) * area, (filters / groups) * area)
  const weight = scope.state('weight', valueOf(scope.dtype, shape).init(start))
  const { stride, padding, dilation } = o
  return (n === 1 ? convolve1d : convolve2d)(x, weight, {
    ...biasOf(o, scope),
    ...(stride !== undefined && { stride }),
    ...(padding !== undefined && { padding }),
    ...(dilation !== undefined && { dilation }),
    groups,
  })
}
export const conv1dRule: Rule<Conv1d> = (o, x, scope) => conv(1, o, x, scope)
export const conv2dRule: Rule<Conv2d> = (o, x, scope) => conv(2, o, x, scope)

export const convTranspose2dRule: Rule<ConvTranspose2d> = (o, given, scope) => {
  const x = floats(given, scope)
  const { filters, size, init = glorotUniform(), stride, padding, outputPadding } = o
  const channels = channelsOf(o.kind, x, 2)
  const kernel = perAxis(o.kind, 'size', x, 2, size, 1)
  const start = withFans(init, channels * count(kernel), filters * count(kernel))
  const weight = scope.state('weight', valueOf(scope.dtype, [channels, filters, ...kernel]).init(start))
  return transposed2d(x, weight, {
    ...biasOf(o, scope),
    ...(stride !== undefined && { stride }),
    ...(padding !== undefined && { padding }),
    ...(outputPadding !== undefined && { outputPadding }),
  })
}

export interface Pool<K extends string> extends LayerBase {
  readonly kind: K
  readonly size: PerAxis
  /** Default: `size`. */
  readonly stride?: PerAxis
  readonly padding?: PerAxis
}
type PoolOptions = Omit<Pool<string>, 'kind' | 'size'>
/** Maxima of windows of [N, C, W]. */
export const maxPool1d = (size: PerAxis, o: PoolOptions = {}): Pool<'maxPool1d'> => ({ kind: 'maxPool1d', size, ...o })
/** Maxima of windows of [N, C, H, W]. */
export const maxPool2d = (size: PerAxis, o: PoolOptions = {}): Pool<'maxPool2d'> => ({ kind: 'maxPool2d', size, ...o })
/** Averages of windows of [N, C, W]. */
export const avgPool1d = (size: PerAxis, o: PoolOptions = {}): Pool<'avgPool1d'> => ({ kind: 'avgPool1d', size, ...o })
/** Averages of windows of [N, C, H, W]. */
export const avgPool2d = (size: PerAxis, o: PoolOptions = {}): Pool<'avgPool2d'> => ({ kind: 'avgPool2d', size, ...o })

export type PoolKind = 'maxPool1d' | 'maxPool2d' | 'avgPool1d' | 'avgPool2d'
const pools: Readonly<Record<PoolKind, (x: Node, o: PoolOptions & { readonly size: PerAxis }) => Node>> = {
  maxPool1d: maximum1d,
  maxPool2d: maximum2d,
  avgPool1d: average1d,
  avgPool2d: average2d,
}
export const poolRule: Rule<Pool<PoolKind>> = ({ kind, size, stride, padding }, given, scope) => {
  const x = floats(given, scope)
  channelsOf(kind, x, kind.endsWith('1d') ? 1 : 2)
  return pools[kind](x, { size, ...(stride !== undefined && { stride }), ...(padding !== undefined && { padding }) })
}

export interface GlobalPool extends LayerBase {
  readonly kind: 'globalAvgPool' | 'globalMaxPool'
}
/** [N, C, spatial…] → [N, C]: the mean of each channel. */
export const globalAvgPool = (o: LayerBase = {}): GlobalPool => ({ kind: 'globalAvgPool', ...o })
/** [N, C, spatial…] → [N, C]: the maximum of each channel. */
export const globalMaxPool = (o: LayerBase = {}): GlobalPool => ({ kind: 'globalMaxPool', ...o })
export const globalPoolRule: Rule<GlobalPool> = ({ kind }, given, scope) => {
  const x = floats(given, scope)
  channelsOf(kind, x)
  const axes = x.shape.map((_, i) => i).slice(2)
  return (kind === 'globalAvgPool' ? mean : max)(x, { axes })
}
