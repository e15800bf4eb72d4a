/**
 * TensorFlow.js kernels on images: its layouts (channels last, filters [space…, in, out]) and its paddings, on ours (channels first).
 * Invariant: padding is made outside of our ops, because theirs may differ before and after.
 */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { type Attributes, NotCovered, numbers, type Rules, sizesOf } from './format.ts'

type Pads = readonly (readonly [number, number])[]

const channelsFirst = (x: Node): Node => op.moveaxis(x, -1, 1)
const channelsLast = (x: Node): Node => op.moveaxis(x, 1, -1)
const inOurs = (x: Node, a: Attributes, f: (x: Node) => Node): Node =>
  String(a['dataFormat'] ?? 'NHWC').startsWith('NC') ? f(x) : channelsLast(f(channelsFirst(x)))
const perAxis = (value: unknown, n: number): number[] => {
  const list = [value].flat() as number[]
  return list.length === n ? list : Array.from({ length: n }, () => list[0] ?? 1)
}

/** [before, after] of each spatial axis. */
function padsOf(a: Attributes, sizes: readonly number[], window: readonly number[], stride: readonly number[]): Pads {
  const { pad } = a
  if (Array.isArray(pad)) return pad.slice(1, 1 + sizes.length) as unknown as Pads
  if (pad === 'valid') return sizes.map(() => [0, 0] as const)
  if (typeof pad === 'number') return sizes.map(() => [pad, pad] as const)
  return sizes.map((size, i) => {
    const total = Math.max(0, (Math.ceil(size / stride[i]!) - 1) * stride[i]! + window[i]! - size)
    return [Math.floor(total / 2), Math.ceil(total / 2)] as const
  })
}
const padded = (x: Node, pads: Pads, value = 0): Node =>
  op.pad(x, [...x.shape.slice(pads.length).map(() => [0, 0] as const), ...pads], value)

function convolution(n: number, grouped = false): Rules[string] {
  const conv = n === 3 ? op.conv3d : op.conv2d
  return ({ x, filter, bias, preluActivationWeights }, a) => {
    if (preluActivationWeights || (a['activation'] ?? 'linear') !== 'linear') throw new NotCovered('a fused activation')
    const [stride, dilation] = [perAxis(a['strides'], n), perAxis(a['dilations'], n)]
    const shape = sizesOf(filter!)
    const kernel = shape.slice(0, n)
    const space = kernel.map((_, i) => i)
    const weights = grouped
      ? op.reshape(op.transpose(filter!, [n, n + 1, ...space]), [shape[n]! * shape[n + 1]!, 1, ...kernel])
      : op.transpose(filter!, [n + 1, n, ...space])
    const window = kernel.map((k, i) => (k - 1) * dilation[i]! + 1)
    const groups = grouped ? shape[n]! : 1
    const made = inOurs(x!, a, (ours) => {
      const pads = padsOf(a, sizesOf(ours).slice(2), window, stride)
      return conv(padded(ours, pads), weights, { stride, dilation, groups })
    })
    return bias ? op.add(made, bias) : made
  }
}

/** From the gradient's image back: a transposed convolution, cut to where the image was. */
const convolutionInput: Rules[string] = ({ dy, filter }, a) => {
  const stride = perAxis(a['strides'], 2)
  const kernel = sizesOf(filter!).slice(0, 2)
  const sizes = numbers(a['inputShape']).slice(1, 3)
  const pads = padsOf(a, sizes, kernel, stride)
  return inOurs(dy!, a, (ours) => {
    const whole = op.convTranspose2d(ours, op.transpose(filter!, [3, 2, 0, 1]), { stride })
    const full = sizesOf(whole).slice(2)
    return padded(
      whole,
      pads.map(([before], i) => [-before, sizes[i]! + before - full[i]!] as const),
    )
  })
}

function pooling(n: number, kind: 'max' | 'avg'): Rules[string] {
  const pools = { max: [op.maxPool2d, op.maxPool3d], avg: [op.avgPool2d, op.avgPool3d] }
  const pool = pools[kind][n - 2]!
  return ({ x }, a) => {
    const [size, stride] = [perAxis(a['filterSize'], n), perAxis(a['strides'], n)]
    const whole = x!.shape.length === n + 1 ? op.expandDims(x!, 0) : x!
    const made = inOurs(whole, a, (ours) => {
      const pads = padsOf(a, sizesOf(ours).slice(2), size, stride)
      const none = pads.every(([before, after]) => before === 0 && after === 0)
      if (kind === 'max' || none)
        return pool(padded(ours, pads, kind === 'max' ? Number.NEGATIVE_INFINITY : 0), { size, stride })
      const ones = op.broadcast(op.constant(1, 'f32'), ours.shape, [])
      return op.div(pool(padded(ours, pads), { size, stride }), pool(padded(ones, pads), { size, stride }))
    })
    return whole === x ? made : op.squeeze(made, 0)
  }
}

/** Blocks of the spatial axes go to the batch, and back. */
const spaceToBatch: Rules[string] = ({ x }, a) => {
  const block = numbers(a['blockShape'])
  const wide = op.pad(x!, [
    [0, 0],
    ...(a['paddings'] as Pads),
    ...x!.shape.slice(1 + block.length).map(() => [0, 0] as const),
  ])
  const [batch, ...rest] = sizesOf(wide)
  const tail = rest.slice(block.length)
  const parted = op.reshape(wide, [batch!, ...block.flatMap((b, i) => [rest[i]! / b, b]), ...tail])
  const axes = [
    ...block.map((_, i) => 2 + 2 * i),
    0,
    ...block.map((_, i) => 1 + 2 * i),
    ...tail.map((_, i) => 1 + 2 * block.length + i),
  ]
  const all = block.reduce((p, b) => p * b, batch!)
  return op.reshape(op.transpose(parted, axes), [all, ...block.map((b, i) => rest[i]! / b), ...tail])
}
const batchToSpace: Rules[string] = ({ x }, a) => {
  const block = numbers(a['blockShape'])
  const m = block.length
  const [batch, ...rest] = sizesOf(x!)
  const tail = rest.slice(m)
  const left = batch! / block.reduce((p, b) => p * b, 1)
  const parted = op.reshape(x!, [...block, left, ...rest])
  const axes = [m, ...block.flatMap((_, i) => [m + 1 + i, i]), ...tail.map((_, i) => 2 * m + 1 + i)]
  const whole = op.reshape(op.transpose(parted, axes), [left, ...block.map((b, i) => rest[i]! * b), ...tail])
  const crops = (a['crops'] as Pads).map(([before, after]) => [-before, -after] as const)
  return op.pad(whole, [[0, 0], ...crops, ...tail.map(() => [0, 0] as const)])
}

export const images: Rules = {
  Conv2D: convolution(2),
  FusedConv2D: convolution(2),
  Conv3D: convolution(3),
  DepthwiseConv2dNative: convolution(2, true),
  FusedDepthwiseConv2D: convolution(2, true),
  Conv2DBackpropInput: convolutionInput,
  MaxPool: pooling(2, 'max'),
  AvgPool: pooling(2, 'avg'),
  MaxPool3D: pooling(3, 'max'),
  AvgPool3D: pooling(3, 'avg'),
  SpaceToBatchND: spaceToBatch,
  BatchToSpaceND: batchToSpace,
  /** Statistics are constants here, of the channels or of every element. */
  FusedBatchNorm: ({ x, mean, variance, scale, offset }, a) => {
    const spread = op.rsqrt(op.add(variance!, a['varianceEpsilon'] as number))
    const normal = op.mul(op.sub(x!, mean!), spread)
    return op.add(op.mul(normal, scale ?? 1), offset ?? 0)
  },
  LRN: ({ x }, a) => {
    const size = 2 * (a['depthRadius'] as number) + 1
    const options = { k: a['bias'] as number, alpha: (a['alpha'] as number) * size, beta: a['beta'] as number }
    return channelsLast(op.localResponseNorm(channelsFirst(x!), size, options))
  },
  ResizeBilinear: ({ images: x }, a) => {
    if (!a['alignCorners'] && !a['halfPixelCenters'])
      throw new NotCovered('samples from the corner of a pixel; ours lie at its centre')
    const size = numbers(a['size'])
    return channelsLast(
      op.interpolate(channelsFirst(x!), { size, mode: 'linear', alignCorners: a['alignCorners'] === true }),
    )
  },
}
