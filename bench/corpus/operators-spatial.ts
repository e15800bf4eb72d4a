/** PyTorch's convolutions, pools, windows, padding and resampling. */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { arg, type Builder, type Call, flag, NotCovered, node, number, numbers, optionalNode, text } from './call.ts'

/** A list argument where given: [] and None are not. */
function per(c: Call, at: number, name: string): readonly number[] | undefined {
  const list = numbers(c, at, name)
  return list && list.length > 0 ? list : undefined
}
const given = <T>(name: string, value: T | undefined) => (value === undefined ? {} : { [name]: value })

type Convolve = (x: Node, w: Node, options?: op.ConvOptions) => Node
const convolution =
  (f: Convolve): Builder =>
  (c) => {
    const padding = arg(c, 4, 'padding')
    const options = {
      ...given('bias', optionalNode(c, 2, 'bias')),
      ...given('stride', per(c, 3, 'stride')),
      ...given('padding', typeof padding === 'string' ? padding : per(c, 4, 'padding')),
      ...given('dilation', per(c, 5, 'dilation')),
      groups: number(c, 6, 'groups', 1),
    }
    return f(node(c, 0, 'input'), node(c, 1, 'weight'), options)
  }
type ConvolveBack = (x: Node, w: Node, options?: op.ConvTransposeOptions) => Node
const transposed =
  (f: ConvolveBack): Builder =>
  (c) => {
    const options = {
      ...given('bias', optionalNode(c, 2, 'bias')),
      ...given('stride', per(c, 3, 'stride')),
      ...given('padding', per(c, 4, 'padding')),
      ...given('outputPadding', per(c, 5, 'output_padding')),
      groups: number(c, 6, 'groups', 1),
      ...given('dilation', per(c, 7, 'dilation')),
    }
    return f(node(c, 0, 'input'), node(c, 1, 'weight'), options)
  }

type Pool<O> = (x: Node, options: O) => Node
const maxPool =
  (value: Pool<op.MaxPoolOptions>, index: Pool<op.MaxPoolOptions>): Builder =>
  (c) => {
    const options = {
      size: per(c, 1, 'kernel_size')!,
      ...given('stride', per(c, 2, 'stride')),
      ...given('padding', per(c, 3, 'padding')),
      ...given('dilation', per(c, 4, 'dilation')),
      ceilMode: flag(c, 5, 'ceil_mode'),
    }
    const x = node(c, 0, 'input')
    return flag(c, 6, 'return_indices') ? [value(x, options), index(x, options)] : value(x, options)
  }
const avgPool =
  (f: Pool<op.AvgPoolOptions>): Builder =>
  (c) =>
    f(node(c, 0, 'input'), {
      size: per(c, 1, 'kernel_size')!,
      ...given('stride', per(c, 2, 'stride')),
      ...given('padding', per(c, 3, 'padding')),
      ceilMode: flag(c, 4, 'ceil_mode'),
      countIncludePad: flag(c, 5, 'count_include_pad', true),
      ...given('divisor', arg(c, 6, 'divisor_override') as number | undefined),
    })
const lpPool =
  (f: Pool<op.LpPoolOptions>): Builder =>
  (c) =>
    f(node(c, 0, 'input'), {
      p: number(c, 1, 'norm_type'),
      size: per(c, 2, 'kernel_size')!,
      ...given('stride', per(c, 3, 'stride')),
      ceilMode: flag(c, 4, 'ceil_mode'),
    })
const sizeOf = (c: Call): op.AdaptiveSize => arg(c, 1, 'output_size') as op.AdaptiveSize
const adaptiveAvg =
  (f: (x: Node, size: op.AdaptiveSize) => Node): Builder =>
  (c) =>
    f(node(c, 0, 'input'), sizeOf(c))
const adaptiveMax =
  (n: 1 | 2 | 3, f: (x: Node, size: op.AdaptiveSize) => Node): Builder =>
  (c) => {
    const [x, size] = [node(c, 0, 'input'), sizeOf(c)]
    return flag(c, 2, 'return_indices') ? [f(x, size), op.adaptiveArgmaxPool(n, x, size)] : f(x, size)
  }

/** The size may be left open, or be given with the batch and the channels. */
const unpool =
  (n: number): Builder =>
  (c) => {
    const x = node(c, 0, 'input')
    const each = (list: readonly number[] | undefined, otherwise: readonly number[]) =>
      list ? Array.from({ length: n }, (_, i) => list[i] ?? list[0]!) : otherwise
    const size = each(per(c, 2, 'kernel_size'), [])
    const stride = each(per(c, 3, 'stride'), size)
    const padding = each(
      per(c, 4, 'padding'),
      size.map(() => 0),
    )
    const pooled = x.shape.slice(-n) as readonly number[]
    const smallest = pooled.map((d, i) => (d - 1) * stride[i]! - 2 * padding[i]! + size[i]!)
    const shape = per(c, 5, 'output_size')?.slice(-n) ?? smallest
    return op.maxUnpool(x, node(c, 1, 'indices'), shape, { unique: stride.every((s, i) => s >= size[i]!) })
  }

/** PyTorch names the pads of the last axis first. */
const pad: Builder = (c) => {
  const [x, list, mode] = [node(c, 0, 'input'), numbers(c, 1, 'pad') ?? [], text(c, 2, 'mode', 'constant')]
  const widths = x.shape.map((_, i): readonly [number, number] => {
    const at = 2 * (x.shape.length - 1 - i)
    return [list[at] ?? 0, list[at + 1] ?? 0]
  })
  return mode === 'constant' ? op.pad(x, widths, number(c, 3, 'value', 0)) : op.padBy(x, widths, mode as op.PadMode)
}

const modes: { readonly [name: string]: NonNullable<op.InterpolateOptions['mode']> } = {
  nearest: 'nearest',
  'nearest-exact': 'nearest-exact',
  linear: 'linear',
  bilinear: 'linear',
  trilinear: 'linear',
  bicubic: 'cubic',
  area: 'area',
}
const interpolate =
  (fixed?: { mode: string; alignCorners: boolean }): Builder =>
  (c) => {
    const mode = modes[fixed?.mode ?? text(c, 3, 'mode', 'nearest')]
    if (!mode || flag(c, 6, 'antialias')) throw new NotCovered('interpolate with antialias')
    const scale = per(c, 2, 'scale_factor')
    return op.interpolate(node(c, 0, 'input'), {
      mode,
      ...given('size', per(c, 1, 'size')),
      ...given('scale', scale?.length === 1 ? scale[0] : scale),
      alignCorners: fixed?.alignCorners ?? flag(c, 4, 'align_corners'),
      recomputeScale: flag(c, 5, 'recompute_scale_factor'),
    })
  }

const gridSample: Builder = (c) => {
  const mode = text(c, 2, 'mode', 'bilinear')
  const known = { bilinear: 'linear', nearest: 'nearest', bicubic: 'cubic' }[mode] as op.GridSampleOptions['mode']
  const padding = text(c, 3, 'padding_mode', 'zeros') as NonNullable<op.GridSampleOptions['padding']>
  if (!known) throw new NotCovered(`mode ${mode}`)
  return op.gridSample(node(c, 0), node(c, 1), { mode: known, padding, alignCorners: flag(c, 4, 'align_corners') })
}

const columns = (c: Call, first: number): op.ColumnOptions => ({
  size: per(c, first, 'kernel_size')!,
  dilation: per(c, first + 1, 'dilation') ?? 1,
  padding: per(c, first + 2, 'padding') ?? 0,
  stride: per(c, first + 3, 'stride') ?? 1,
})

export const spatial: { readonly [name: string]: Builder } = {
  'nn.functional.conv1d': convolution(op.conv1d),
  'nn.functional.conv2d': convolution(op.conv2d),
  'nn.functional.conv3d': convolution(op.conv3d),
  'nn.functional.conv_transpose1d': transposed(op.convTranspose1d),
  'nn.functional.conv_transpose2d': transposed(op.convTranspose2d),
  'nn.functional.conv_transpose3d': transposed(op.convTranspose3d),
  'nn.functional.max_pool1d': maxPool(op.maxPool1d, op.argmaxPool1d),
  'nn.functional.max_pool2d': maxPool(op.maxPool2d, op.argmaxPool2d),
  'nn.functional.max_pool3d': maxPool(op.maxPool3d, op.argmaxPool3d),
  'nn.functional.avg_pool1d': avgPool(op.avgPool1d),
  'nn.functional.avg_pool2d': avgPool(op.avgPool2d),
  'nn.functional.avg_pool3d': avgPool(op.avgPool3d),
  'nn.functional.max_unpool1d': unpool(1),
  'nn.functional.max_unpool2d': unpool(2),
  'nn.functional.max_unpool3d': unpool(3),
  'nn.functional.lp_pool1d': lpPool(op.lpPool1d),
  'nn.functional.lp_pool2d': lpPool(op.lpPool2d),
  'nn.functional.adaptive_avg_pool1d': adaptiveAvg(op.adaptiveAvgPool1d),
  'nn.functional.adaptive_avg_pool2d': adaptiveAvg(op.adaptiveAvgPool2d),
  'nn.functional.adaptive_avg_pool3d': adaptiveAvg(op.adaptiveAvgPool3d),
  'nn.functional.adaptive_max_pool1d': adaptiveMax(1, op.adaptiveMaxPool1d),
  'nn.functional.adaptive_max_pool2d': adaptiveMax(2, op.adaptiveMaxPool2d),
  'nn.functional.adaptive_max_pool3d': adaptiveMax(3, op.adaptiveMaxPool3d),
  'nn.functional.interpolate': interpolate(),
  'nn.functional.upsample_bilinear': interpolate({ mode: 'bilinear', alignCorners: true }),
  'nn.functional.upsample_nearest': interpolate({ mode: 'nearest', alignCorners: false }),
  'nn.functional.grid_sample': gridSample,
  'nn.functional.unfold': (c) => op.im2col(node(c, 0, 'input'), columns(c, 1)),
  'nn.functional.fold': (c) => op.col2im(node(c, 0, 'input'), per(c, 1, 'output_size')!, columns(c, 2)),
  'nn.functional.pad': pad,
  constant_pad_nd: (c) =>
    pad({ ...c, args: [c.args[0], c.args[1], 'constant', c.args[2]], kw: { value: c.kw['value'] } }),
}
