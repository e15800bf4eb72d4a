/**
 * Convolutions and their transposes as windows and contractions: no rules of their own.
 * Invariant: layouts are PyTorch's: x [N, C, spatial…], weights [O, C / groups, kernel…] (transposed: [C, O / groups, kernel…]). What PyTorch calls
 * a convolution is a correlation: the kernel is not flipped. Padding is a copy made first, so the contraction reads windows plainly.
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { add } from '../primitives/arithmetic.ts'
import { reshape } from '../primitives/broadcast.ts'
import { contract } from '../primitives/contract.ts'
import { dilate } from '../primitives/layout.ts'
import { overlapAdd, windows } from '../primitives/windows.ts'
import { batched, type PerAxis, padSpatial, perAxis, spatialNames, spatialOf } from './spatial.ts'

export interface ConvOptions {
  /** [O], added to every channel. */
  readonly bias?: Node
  /** Default 1. */
  readonly stride?: PerAxis
  /** Zeros on both sides, 'valid' (none, the default), or 'same' (the result has the size of `x`; stride 1; the odd zero comes last). */
  readonly padding?: PerAxis | 'same' | 'valid'
  readonly dilation?: PerAxis
  /** Channels are parted into so many groups, convolved apart. */
  readonly groups?: number
}
export interface ConvTransposeOptions extends Omit<ConvOptions, 'padding'> {
  /** Cut off on both sides: the transpose of padding. */
  readonly padding?: PerAxis
  /** Added to the size of the result at the end, because strided convolutions of several sizes have one result size. */
  readonly outputPadding?: PerAxis
}

const OUT = 'xyz'
const KERNEL = 'ijk'

/** x [N, C, W] or [C, W], weights [O, C / groups, K] → [N, O, ⌊(W + padding − dilation · (K − 1) − 1) / stride⌋ + 1]. */
export const conv1d = (x: Node, weights: Node, options: ConvOptions = {}): Node => conv(1, x, weights, options)
/** x [N, C, H, W] or [C, H, W], weights [O, C / groups, KH, KW]. */
export const conv2d = (x: Node, weights: Node, options: ConvOptions = {}): Node => conv(2, x, weights, options)
/** x [N, C, D, H, W] or [C, D, H, W], weights [O, C / groups, KD, KH, KW]. */
export const conv3d = (x: Node, weights: Node, options: ConvOptions = {}): Node => conv(3, x, weights, options)

/** x [N, C, W] or [C, W], weights [C, O / groups, K] → [N, O, (W − 1) · stride − 2 · padding + dilation · (K − 1) + outputPadding + 1]. */
export const convTranspose1d = (x: Node, weights: Node, options: ConvTransposeOptions = {}): Node =>
  convTranspose(1, x, weights, options)
/** x [N, C, H, W] or [C, H, W], weights [C, O / groups, KH, KW]. */
export const convTranspose2d = (x: Node, weights: Node, options: ConvTransposeOptions = {}): Node =>
  convTranspose(2, x, weights, options)
/** x [N, C, D, H, W] or [C, D, H, W], weights [C, O / groups, KD, KH, KW]. */
export const convTranspose3d = (x: Node, weights: Node, options: ConvTransposeOptions = {}): Node =>
  convTranspose(3, x, weights, options)

function conv(n: number, x: Node, weights: Node, o: ConvOptions): Node {
  const name = `conv${n}d`
  const groups = checkWeights(name, n, x, weights, o.groups ?? 1, 'O, C / groups')
  const [stride, dilation] = [o.stride ?? 1, o.dilation ?? 1].map((v, i) =>
    perAxis(name, ['stride', 'dilation'][i]!, x, n, v, 1),
  )
  const size = spatialOf(name, weights, n)
  const widths = paddingOf(name, n, x, o.padding ?? 0, size, stride!, dilation!)
  const kernel = [size, stride!, dilation!]
  return batched(name, x, n, (all) => {
    const padded = padSpatial(all, widths)
    const spatial = spatialOf(name, padded, n)
    if (spatial.some((d, i) => d < dilation![i]! * (size[i]! - 1) + 1))
      throw operandError(`${name}: the kernel [${size}], dilated by [${dilation}], is larger than [${spatial}]`, [
        x,
        weights,
      ])
    const parts = windows(grouped(padded, 1, groups), { size: kernel[0]!, stride: kernel[1]!, dilation: kernel[2]! })
    const [at, k, g] = [OUT.slice(0, n), KERNEL.slice(0, n), groups > 1 ? 'g' : '']
    const y = contract(`n${g}c${at}${k},${g}oc${k}->n${g}o${at}`, parts, grouped(weights, 0, groups))
    return biased(name, n, ungrouped(y, 1, groups), o.bias)
  })
}

/** [before, after] of each spatial axis. */
function paddingOf(
  name: string,
  n: number,
  x: Node,
  padding: PerAxis | 'same' | 'valid',
  size: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): (readonly [number, number])[] {
  if (padding !== 'same')
    return perAxis(name, 'padding', x, n, padding === 'valid' ? 0 : padding, 0).map((p) => [p, p] as const)
  if (stride.some((s) => s !== 1))
    throw operandError(`${name}: padding 'same' needs stride 1, got [${stride}]`, [x], 'give the padding as numbers')
  return size.map((k, i) => {
    const total = dilation[i]! * (k - 1)
    return [Math.floor(total / 2), Math.ceil(total / 2)] as const
  })
}

function convTranspose(n: number, x: Node, weights: Node, o: ConvTransposeOptions): Node {
  const name = `convTranspose${n}d`
  const groups = checkWeights(name, n, x, weights, o.groups ?? 1, 'C, O / groups')
  const [stride, dilation] = [o.stride ?? 1, o.dilation ?? 1].map((v, i) =>
    perAxis(name, ['stride', 'dilation'][i]!, x, n, v, 1),
  )
  const [padding, extra] = [o.padding ?? 0, o.outputPadding ?? 0].map((v, i) =>
    perAxis(name, ['padding', 'outputPadding'][i]!, x, n, v, 0),
  )
  if (extra!.some((e, i) => e >= Math.max(stride![i]!, dilation![i]!)))
    throw operandError(
      `${name}: outputPadding [${extra}] is not smaller than stride [${stride}] or dilation [${dilation}]`,
      [x],
    )
  // Strided windows add up without a copy where their elements are neighbours, so it is the kernel that is spread.
  const spread = stride!.map((s, i) => (s > 1 ? dilation![i]! : 1))
  const step = dilation!.map((d, i) => d / spread[i]!)
  const kernel = dilate(weights, [1, 1, ...spread])
  const size = spatialOf(name, kernel, n)
  return batched(name, x, n, (all) => {
    const whole = spatialOf(name, all, n).map(
      (d, i) => Math.max(0, d - 1) * stride![i]! + step[i]! * (size[i]! - 1) + 1 + extra![i]!,
    )
    if (whole.some((d, i) => d < 2 * padding![i]!))
      throw operandError(`${name}: padding [${padding}] cuts off more than [${whole}]`, [x, weights])
    const [at, k, g] = [OUT.slice(0, n), KERNEL.slice(0, n), groups > 1 ? 'g' : '']
    const parts = contract(
      `n${g}c${at},${g}co${k}->n${g}o${at}${k}`,
      grouped(all, 1, groups),
      grouped(kernel, 0, groups),
    )
    const y = padSpatial(
      overlapAdd(parts, whole, { size, stride: stride!, dilation: step }),
      padding!.map((p) => [-p, -p] as const),
    )
    return biased(name, n, ungrouped(y, 1, groups), o.bias)
  })
}

/** The number of groups, if `weights` fit `x`. */
function checkWeights(name: string, n: number, x: Node, weights: Node, groups: number, layout: string): number {
  const channels = asNode(x, name).shape.at(-n - 1)
  const transposed = layout.startsWith('C')
  const [first, second] = asNode(weights, name).shape
  const fail = (why: string): never => {
    throw operandError(
      `${name}: ${why}`,
      [x, weights],
      `x [N, C, ${spatialNames(n)}], weights [${layout}, ${n} kernel sizes]`,
    )
  }
  if (!Number.isInteger(groups) || groups < 1) fail(`${groups} is not a number of groups`)
  if (weights.shape.length !== n + 2) fail(`weights of rank ${weights.shape.length}, not ${n + 2}`)
  if (typeof channels !== 'number' || typeof first !== 'number' || typeof second !== 'number')
    return fail('channels must be numbers, not names')
  if (channels % groups !== 0 || first % groups !== 0) fail(`${groups} groups do not part the channels`)
  const expected = transposed ? channels : channels / groups
  if ((transposed ? first : second) !== expected)
    fail(`${channels} channels in ${groups} groups need ${expected} in the weights`)
  return groups
}

/** Axis `axis` parted into [groups, rest]. */
const grouped = (x: Node, axis: number, groups: number): Node =>
  groups === 1
    ? x
    : reshape(x, [...x.shape.slice(0, axis), groups, (x.shape[axis] as number) / groups, ...x.shape.slice(axis + 1)])

const ungrouped = (x: Node, axis: number, groups: number): Node =>
  groups === 1
    ? x
    : reshape(x, [...x.shape.slice(0, axis), groups * (x.shape[axis + 1] as number), ...x.shape.slice(axis + 2)])

function biased(name: string, n: number, y: Node, bias: Node | undefined): Node {
  if (!bias) return y
  if (bias.shape.length !== 1 || bias.shape[0] !== y.shape[1])
    throw operandError(`${name}: the bias does not have one number for each of ${y.shape[1]} channels`, [y, bias])
  return add(y, reshape(bias, [...bias.shape, ...Array.from({ length: n }, () => 1)]))
}
