/** PyTorch's reductions, norms and normalisations as our ops. */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import {
  alongDim,
  arg,
  axesOf,
  type Builder,
  type Call,
  dimOf,
  flag,
  NotCovered,
  node,
  number,
  numbers,
  optionalNode,
  sizesOf,
} from './call.ts'

interface Over {
  readonly x: Node
  readonly axes: readonly number[]
  readonly keepDims: boolean
}
const over = (c: Call): Over => ({
  x: node(c, 0),
  axes: axesOf(node(c, 0), numbers(c, 1, 'dim')),
  keepDims: flag(c, 2, 'keepdim'),
})
const reduced =
  (f: (x: Node, o: { axes: readonly number[]; keepDims: boolean }) => Node): Builder =>
  (c) => {
    const { x, ...o } = over(c)
    return f(x, o)
  }
const least = (x: Node, o: { axes: readonly number[]; keepDims: boolean }): Node => op.neg(op.max(op.neg(x), o))

/** Largest or smallest: of two tensors, of all elements, or along a dimension with positions. */
const extreme =
  (both: (a: Node, b: Node) => Node, all: typeof least, sign: (x: Node) => Node): Builder =>
  (c) => {
    const other = c.args[1] ?? c.kw['dim']
    if (typeof other === 'object' && other !== null) return both(node(c, 0), node(c, 1))
    if (other === undefined) return all(node(c, 0), { axes: axesOf(node(c, 0), undefined), keepDims: false })
    return [reduced(all)(c) as Node, position(sign)(c) as Node]
  }
/** argmax of sign(x), over all elements or along a dimension. */
const position =
  (sign: (x: Node) => Node): Builder =>
  (c) => {
    const dim = arg(c, 1, 'dim') as number | undefined
    const x = sign(node(c, 0))
    const flat = op.reshape(x, [sizesOf(x).reduce((n, d) => n * d, 1)])
    if (dim === undefined || x.shape.length === 0) return op.argmax(flat, 0)
    const at = op.argmax(x, dimOf(x, dim))
    if (!flag(c, 2, 'keepdim')) return at
    return op.reshape(
      at,
      x.shape.map((d, i) => (i === dimOf(x, dim) ? 1 : d)),
    )
  }

const truths = (x: Node): Node => op.cast(x.dtype === 'bool' ? x : op.notEqual(x, 0), 'i32')
const counted: Builder = reduced((x, o) => op.sum(truths(x), o))

function spread(c: Call): Node {
  const x = node(c, 0)
  const [second, third] = [arg(c, 1, 'dim'), arg(c, 2, 'unbiased')]
  const axes = axesOf(x, typeof second === 'boolean' ? undefined : numbers(c, 1, 'dim'))
  const unbiased = typeof second === 'boolean' ? second : (third ?? c.kw['unbiased'])
  const correction = Number(c.kw['correction'] ?? (unbiased === false ? 0 : 1))
  const o = { axes, keepDims: flag(c, 3, 'keepdim') }
  const n = axes.reduce((k, a) => k * sizesOf(x)[a]!, 1)
  const centred = op.sub(x, op.mean(x, { axes, keepDims: true }))
  return op.div(op.sum(op.square(centred), o), n - correction)
}

/** √ of a sum of squares, with the derivative 0 at 0. */
const root = (s: Node): Node => op.where(op.greater(s, 0), op.sqrt(s), 0)

function normOf(x: Node, p: number, o: { axes: readonly number[]; keepDims: boolean }): Node {
  const size = op.abs(x)
  if (p === 2) return root(op.sum(op.square(x), o))
  if (p === 1) return op.sum(size, o)
  if (p === 0) return op.sum(op.cast(op.notEqual(x, 0), x.dtype as 'f64'), o)
  if (p === Number.POSITIVE_INFINITY) return op.max(size, o)
  if (p === Number.NEGATIVE_INFINITY) return least(size, o)
  const s = op.sum(op.pow(size, p), o)
  return op.where(op.greater(s, 0), op.pow(s, 1 / p), 0)
}
/** `matrix`: a word or two dimensions mean a norm of matrices, for all orders but the Frobenius one. */
const norm =
  (matrix: boolean): Builder =>
  (c) => {
    const x = node(c, 0)
    const ord = c.args[1] ?? c.kw['ord'] ?? c.kw['p'] ?? null
    const dim = numbers(c, 2, 'dim')
    const o = { axes: axesOf(x, dim), keepDims: flag(c, 3, 'keepdim') }
    const isMatrix = matrix && ord !== null && (dim ? dim.length : x.shape.length) === 2
    if (ord === 'nuc' || (isMatrix && ord !== 'fro')) throw new NotCovered('no singular values or operator norms')
    const p = ord === null || ord === 'fro' ? 2 : number({ ...c, args: [x, ord] }, 1, 'ord')
    return normOf(x, p, o)
  }

function logsumexp(x: Node, o: { axes: readonly number[]; keepDims: boolean }): Node {
  const m = op.stopGradient(op.max(x, { axes: o.axes, keepDims: true }))
  const s = op.log(op.sum(op.exp(op.sub(x, m)), o))
  return op.add(s, op.reshape(m, s.shape))
}

/** (x − mean) / √(variance + eps) over `axes`. */
export function normalized(x: Node, axes: readonly number[], eps: number): Node {
  const centred = op.sub(x, op.mean(x, { axes, keepDims: true }))
  return op.div(centred, op.sqrt(op.add(op.mean(op.square(centred), { axes, keepDims: true }), eps)))
}
/** A value per channel (dimension 1) shaped to broadcast against x. */
const perChannel = (x: Node, v: Node): Node => op.reshape(v, [...v.shape, ...x.shape.slice(2).map(() => 1)])
function scaleAndShift(y: Node, weight: Node | undefined, bias: Node | undefined): Node {
  const scaled = weight ? op.mul(y, weight) : y
  return bias ? op.add(scaled, bias) : scaled
}
function channelAffine(c: Call, y: Node, at: number): Node {
  const [w, b] = [optionalNode(c, at, 'weight'), optionalNode(c, at + 1, 'bias')]
  return scaleAndShift(y, w && perChannel(y, w), b && perChannel(y, b))
}

const layerNorm: Builder = (c) => {
  const x = node(c, 0)
  const axes = (numbers(c, 1, 'normalized_shape') ?? []).map((_, i, s) => x.shape.length - s.length + i)
  const y = normalized(x, axes, number(c, 4, 'eps', 1e-5))
  return scaleAndShift(y, optionalNode(c, 2, 'weight'), optionalNode(c, 3, 'bias'))
}
const batchNorm: Builder = (c) => {
  const x = node(c, 0)
  const eps = number(c, 7, 'eps', 1e-5)
  if (flag(c, 5, 'training')) {
    const axes = x.shape.flatMap((_, i) => (i === 1 ? [] : [i]))
    return channelAffine(c, normalized(x, axes, eps), 3)
  }
  const [mean, variance] = [perChannel(x, node(c, 1, 'running_mean')), perChannel(x, node(c, 2, 'running_var'))]
  return channelAffine(c, op.div(op.sub(x, mean), op.sqrt(op.add(variance, eps))), 3)
}
const instanceNorm: Builder = (c) => {
  const x = node(c, 0)
  if (c.kw['use_input_stats'] === false) throw new NotCovered('instance_norm by running statistics')
  const axes = x.shape.flatMap((_, i) => (i < 2 ? [] : [i]))
  return channelAffine(c, normalized(x, axes, number(c, 7, 'eps', 1e-5)), 3)
}
const groupNorm: Builder = (c) => {
  const x = node(c, 0)
  const groups = number(c, 1, 'num_groups')
  const [n, ch, ...rest] = sizesOf(x) as [number, number, ...number[]]
  const apart = op.reshape(x, [n, groups, ch / groups, ...rest])
  const axes = apart.shape.flatMap((_, i) => (i < 2 ? [] : [i]))
  return channelAffine(c, op.reshape(normalized(apart, axes, number(c, 4, 'eps', 1e-5)), x.shape), 2)
}

const along =
  (f: (x: Node, axis: number) => Node): Builder =>
  (c) =>
    alongDim(node(c, 0), (x) => f(x, dimOf(x, number(c, 1, 'dim', -1))))

export const reduce: { readonly [name: string]: Builder } = {
  sum: reduced(op.sum),
  mean: reduced(op.mean),
  amax: reduced(op.max),
  amin: reduced(least),
  max: extreme(op.maximum, op.max, (x) => x),
  min: extreme(op.minimum, least, op.neg),
  argmax: position((x) => x),
  argmin: position(op.neg),
  any: (c) => op.greater(counted(c) as Node, 0),
  all: reduced((x, o) => op.equal(op.sum(op.sub(1, truths(x)), o), 0)),
  count_nonzero: counted,
  var: spread,
  std: (c) => op.sqrt(spread(c)),
  logsumexp: reduced(logsumexp),
  norm: norm(false),
  'linalg.norm': norm(true),
  'linalg.vector_norm': norm(false),
  dist: (c) => {
    const d = op.sub(node(c, 0), node(c, 1))
    return normOf(d, number(c, 2, 'p', 2), { axes: axesOf(d, undefined), keepDims: false })
  },
  softmax: along(op.softmax),
  log_softmax: along(op.logSoftmax),
  'nn.functional.softmin': along((x, axis) => op.softmax(op.neg(x), axis)),
  'nn.functional.normalize': (c) => {
    const x = node(c, 0)
    const n = normOf(x, number(c, 1, 'p', 2), { axes: [dimOf(x, number(c, 2, 'dim', 1))], keepDims: true })
    return op.div(x, op.maximum(n, number(c, 3, 'eps', 1e-12)))
  },
  'nn.functional.layer_norm': layerNorm,
  'nn.functional.batch_norm': batchNorm,
  'nn.functional.instance_norm': instanceNorm,
  'nn.functional.group_norm': groupNorm,
}
