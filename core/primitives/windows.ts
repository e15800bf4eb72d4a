/**
 * windows and overlaps, each the other's transpose: sliding windows over trailing axes as a view, and the sum of what overlaps.
 * Invariant: both read through affine indices. The Loop IR divides by nothing, so `overlaps` writes a position p as (⌊p/stride⌋, p mod stride),
 * two axes: of stride s, window o covers quotient q with its elements r, r + s, r + 2s … for o = q, q − 1, q − 2 … (polyphase form; Vaidyanathan
 * 1993, §4.3), which touches only windows that are there: no zeros between, no scatter.
 * May not: pad. Whoever needs padding pads first, so that windows read memory plainly.
 */
import { asNode, type Callable, op } from '../define.ts'
import type { ElementWriter, Index, Lowering, Node, Tensor, TensorType } from '../ir.ts'
import { operator, partials } from '../linear-map.ts'
import { makeNode, operandError } from '../node.ts'
import { ramp } from '../samples.ts'
import type { Scalar } from '../scalar.ts'
import { eachIndex, showType, sizes, tensor, tensorType } from '../shape.ts'
import { requireNumbers, reshape } from './broadcast.ts'
import { part } from './layout.ts'
import {
  addresses,
  axesOf,
  covering,
  coverOf,
  list,
  position,
  reachOf,
  requireWindows,
  strict,
  type WindowAxis,
  type Windowing,
} from './window-axis.ts'
import { asContraction, spread } from './window-product.ts'

/** [..., H, W] → [..., OH, OW, KH, KW]: element (o, k) is x at o · stride + k · dilation along each windowed axis. */
export const windows: Callable<(x: Node, options: Windowing) => Node> = op(
  {
    name: 'windows',
    facts: { view: true },
    type: (p, [x]) => {
      requireWindows('windows', x!, p, 1)
      const axes = axesOf(p)
      const lead = x!.shape.slice(0, x!.shape.length - axes.length)
      const own = sizes(x!.shape.slice(lead.length), 'windows')
      if (axes.some((a, i) => a.count > 0 && (a.count - 1) * a.stride + reachOf(a) >= own[i]!))
        throw operandError(`windows: [${list(p, 'count')}] windows do not lie in ${showType(x!.type)}`, [x!])
      return tensorType(x!.dtype, [...lead, ...axes.map((a) => a.count), ...axes.map((a) => a.size)])
    },
    linear: (node) => {
      const [x] = node.operands as [Node]
      const own = sizes(x.shape.slice(x.shape.length - axesOf(node.params).length), 'windows')
      return partials(
        operator(
          'selection',
          (t) => makeNode(windows, [t], node.params),
          (ct) => overlapAdd(ct, own, node.params as unknown as Windowing),
        ),
      )
    },
    batch: (p, [x]) => makeNode(windows, [x!], p),
    evaluate: (p, [x], type) => {
      const axes = axesOf(p)
      const out = tensor(x!.dtype, (type as TensorType).shape as number[], [])
      const [map, offset] = addresses(axes, x!.shape)
      eachIndex(out.shape, (to, i) => {
        out.data[to] = x!.data[i.reduce((s, k, d) => s + k * map[d]!, offset)]!
      })
      return out
    },
    lower: (node) => {
      const axes = axesOf(node.params)
      const lead = node.shape.length - 2 * axes.length
      return {
        kind: 'pointwise',
        value: (at, w) =>
          w.read(0, [
            ...at.slice(0, lead),
            ...axes.map((a, i) => position(a, at[lead + i]!, at[lead + axes.length + i]!)),
          ]),
      }
    },
    samples: (dtype) => [
      { operands: [ramp(dtype, [2, 7])], params: { size: [3], stride: [2], dilation: [1], count: [3] } },
      {
        operands: [ramp(dtype, [2, 5, 6])],
        params: { size: [2, 3], stride: [1, 2], dilation: [2, -1], count: [3, 2] },
      },
      { operands: [ramp(dtype, [9])], params: { size: [2], stride: [3], dilation: [2], count: [2] } },
      { operands: [ramp(dtype, [4])], params: { size: [2], stride: [1], dilation: [1], count: [0] } },
    ],
  },
  (x, options) => {
    const p = strict(options)
    const n = options.size.length
    const own = sizes(asNode(x, 'windows').shape.slice(Math.max(0, x.shape.length - n)), 'windows')
    const room = (a: WindowAxis, extent: number) => Math.max(0, Math.floor((extent - reachOf(a) - 1) / a.stride) + 1)
    const count = options.count ?? axesOf({ ...p, count: options.size }).map((a, i) => room(a, own[i] ?? 0))
    return makeNode(windows, [x], { ...p, count: Object.freeze([...count]) })
  },
)

/**
 * [..., OH, OW, KH, KW] → [..., QH, SH, QW, SW], S the stride: the sum of all window elements that lie at position q · S + r along each axis.
 * `quotients`: QH, QW. An axis has stride 1 or dilation ±1 (`overlapAdd` takes any).
 */
export const overlaps: Callable<(x: Node, quotients: readonly number[], options: Windowing) => Node> = op(
  {
    name: 'overlaps',
    facts: {},
    type: (p, [x]) => {
      requireWindows('overlaps', x!, p, 2)
      requireNumbers('overlaps', [x!])
      const axes = axesOf(p)
      const quotients = list(p, 'quotients')
      const lead = x!.shape.slice(0, x!.shape.length - 2 * axes.length)
      const own = sizes(x!.shape.slice(lead.length), 'overlaps')
      const fits = axes.every(
        (a, i) =>
          Number.isInteger(quotients[i]) &&
          own[i] === a.count &&
          own[axes.length + i] === a.size &&
          (a.stride === 1 || a.step === 1) &&
          (a.count === 0 || (a.count - 1) * a.stride + reachOf(a) < quotients[i]! * a.stride),
      )
      if (!fits || quotients.length !== axes.length)
        throw operandError(
          `overlaps: ${showType(x!.type)} does not fit [${quotients}] times stride [${list(p, 'stride')}]`,
          [x!],
        )
      return tensorType(x!.dtype, [...lead, ...axes.flatMap((a, i) => [quotients[i]!, a.stride])])
    },
    linear: (node) => {
      const { quotients, ...windowing } = node.params
      const axes = axesOf(node.params)
      const lead = node.shape.slice(0, node.shape.length - 2 * axes.length)
      const whole = [...lead, ...axes.map((a, i) => (quotients as number[])[i]! * a.stride)]
      return partials(
        operator(
          'reduce',
          (t) => makeNode(overlaps, [t], node.params),
          (ct) => makeNode(windows, [reshape(ct, whole)], windowing),
        ),
      )
    },
    batch: (p, [x]) => makeNode(overlaps, [x!], p),
    rewrite: (node) => asContraction(node, axesOf(node.params), list(node.params, 'quotients'), windows),
    evaluate: (p, [x], type) => evaluateOverlaps(axesOf(p), x!, (type as TensorType).shape as number[]),
    lower: (node) => lowerOverlaps(node),
    samples: (dtype) => [
      {
        operands: [ramp(dtype, [2, 3, 3])],
        params: { quotients: [4], size: [3], stride: [2], dilation: [1], count: [3] },
      },
      {
        operands: [ramp(dtype, [3, 2, 2, 3])],
        params: { quotients: [5, 3], size: [2, 3], stride: [1, 2], dilation: [2, -1], count: [3, 2] },
      },
      {
        operands: [ramp(dtype, [2, 2])],
        params: { quotients: [2], size: [2], stride: [3], dilation: [1], count: [2] },
      },
      {
        operands: [ramp(dtype, [0, 2])],
        params: { quotients: [4], size: [2], stride: [1], dilation: [1], count: [0] },
      },
    ],
  },
  (x, quotients, options) =>
    makeNode(overlaps, [asNode(x, 'overlaps')], { ...strict(options), quotients: Object.freeze([...quotients]) }),
)

function evaluateOverlaps(axes: readonly WindowAxis[], x: Tensor, shape: readonly number[]): Tensor {
  const lead = shape.slice(0, shape.length - 2 * axes.length)
  const whole = [...lead, ...axes.map((_, i) => shape[lead.length + 2 * i]! * shape[lead.length + 2 * i + 1]!)]
  const [map, offset] = addresses(axes, whole)
  const exact = new Float64Array(whole.reduce((n, d) => n * d, 1))
  eachIndex(x.shape, (from, i) => {
    exact[i.reduce((s, k, d) => s + k * map[d]!, offset)]! += x.data[from]!
  })
  return tensor(x.dtype, shape, x.dtype === 'i32' ? exact.map((v) => v | 0) : exact)
}

function lowerOverlaps(node: Node): Lowering {
  const axes = axesOf(node.params)
  const n = axes.length
  const lead = node.shape.length - 2 * n
  const value = (at: readonly Index[], over: readonly Index[], w: ElementWriter): Scalar => {
    const found = axes.map((a, i) =>
      covering(a, list(node.params, 'quotients')[i]!, at[lead + 2 * i]!, at[lead + 2 * i + 1]!, over[i]!),
    )
    const guards = found.flatMap((f) => f.guards)
    return w.read(0, [...at.slice(0, lead), ...found.map((f) => f.window), ...found.map((f) => f.element)], guards)
  }
  const over = axes.map(coverOf)
  if (over.every((j) => j === 1))
    return {
      kind: 'pointwise',
      value: (at, w) =>
        value(
          at,
          over.map(() => ({ offset: 0, terms: [] })),
          w,
        ),
    }
  return { kind: 'reduce', monoid: 'sum', over, value }
}

/** The transpose of `windows` on trailing axes of `shape`: [..., OH, OW, KH, KW] → [..., H, W], where overlapping windows add up. */
export function overlapAdd(x: Node, shape: readonly number[], options: Windowing): Node {
  const n = shape.length
  const lead = asNode(x, 'overlapAdd').shape.slice(0, Math.max(0, x.shape.length - 2 * n))
  const p = strict({ ...options, count: sizes(x.shape.slice(lead.length, lead.length + n), 'overlapAdd') })
  requireWindows('overlapAdd', x, p, 2)
  const axes = axesOf(p)
  if (axes.some((a, i) => a.count > 0 && (a.count - 1) * a.stride + reachOf(a) >= shape[i]!))
    throw operandError(`overlapAdd: the windows of ${showType(x.type)} do not lie in [${shape}]`, [x])
  // Where windows are strided and dilated, zeros stand between their elements, which then lie one step apart.
  const apart = axes.map((a) => (a.stride > 1 ? a.step : 1))
  const spaced = spread(x, apart)
  const step = (a: WindowAxis) => (a.stride > 1 ? 1 : a.step) * (a.backwards ? -1 : 1)
  const quotients = axes.map((a, i) => Math.ceil(shape[i]! / a.stride))
  const summed = overlaps(spaced, quotients, {
    size: sizes(spaced.shape.slice(lead.length + n), 'overlapAdd'),
    stride: axes.map((a) => a.stride),
    dilation: axes.map(step),
    count: axes.map((a) => a.count),
  })
  const whole = reshape(summed, [...lead, ...axes.map((a, i) => quotients[i]! * a.stride)])
  return part(
    whole,
    whole.shape.map(() => 0),
    [...lead, ...shape],
  )
}
