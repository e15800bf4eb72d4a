/** PyTorch's reductions, norms and normalisations as ours. */
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
} from './call.ts'
import { ranked } from './operators-shape.ts'

type Axes = { readonly axes: readonly number[]; readonly keepDims: boolean }
const over = (c: Call, at = 1): Axes => ({
  axes: axesOf(node(c, 0), numbers(c, at, 'dim')),
  keepDims: flag(c, at + 1, 'keepdim'),
})
const reduced =
  (f: (x: Node, o: Axes) => Node): Builder =>
  (c) =>
    f(node(c, 0), over(c))

/** Along one dimension, with positions; a scalar has dimension 0. */
export function chosenAlong(c: Call, at: number, f: (x: Node, axis: number, keepDims: boolean) => op.Chosen): Node[] {
  const x = node(c, 0)
  const keep = flag(c, at + 1, 'keepdim')
  if (x.shape.length > 0) return pair(f(x, dimOf(x, number(c, at, 'dim', -1)), keep))
  return pair(f(op.reshape(x, [1]), 0, false))
}
export const pair = ({ values, indices }: op.Chosen): Node[] => [values, indices]

/** Largest or smallest: of two tensors, of all elements, or along a dimension with positions. */
const extreme =
  (both: (a: Node, b: Node) => Node, all: typeof op.max, best: typeof op.maxAlong): Builder =>
  (c) => {
    const other = c.args[1] ?? c.kw['dim'] ?? c.kw['other']
    if (typeof other === 'object' && other !== null) return both(node(c, 0), node(c, 1, 'other'))
    if (other === undefined) return all(node(c, 0))
    return chosenAlong(c, 1, (x, axis, keepDims) => best(x, { axis, keepDims }))
  }
/** argmax or argmin, over all elements or along a dimension. */
const position =
  (best: (x: Node, axis: number) => Node): Builder =>
  (c) => {
    const dim = arg(c, 1, 'dim') as number | undefined
    const x = node(c, 0)
    const keep = flag(c, 2, 'keepdim')
    if (dim === undefined || x.shape.length === 0) {
      const at = best(op.reshape(x, [-1]), 0)
      return keep
        ? op.reshape(
            at,
            x.shape.map(() => 1),
          )
        : at
    }
    const at = best(x, dimOf(x, dim))
    return keep ? op.expandDims(at, dimOf(x, dim)) : at
  }

function spread(c: Call): { axes: readonly number[]; keepDims: boolean; correction: number } {
  const x = node(c, 0)
  const [second, third] = [arg(c, 1, 'dim'), arg(c, 2, 'unbiased')]
  const axes = axesOf(x, typeof second === 'boolean' ? undefined : numbers(c, 1, 'dim'))
  const unbiased = typeof second === 'boolean' ? second : (third ?? c.kw['unbiased'])
  const correction = Number(c.kw['correction'] ?? (unbiased === false ? 0 : 1))
  return { axes, keepDims: flag(c, 3, 'keepdim'), correction }
}
const spreadAndMean =
  (f: typeof op.std): Builder =>
  (c) => {
    const { axes, keepDims, correction } = spread(c)
    return [f(node(c, 0), { axes, keepDims, correction }), op.mean(node(c, 0), { axes, keepDims })]
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
    if (ord === 'nuc') return op.nuclearNorm(x, { axes: o.axes as [number, number], keepDims: o.keepDims })
    const p = ord === null || ord === 'fro' ? 2 : number({ ...c, args: [x, ord] }, 1, 'ord')
    if (!isMatrix || ord === 'fro') return op.norm(x, p, o)
    return op.matrixNorm(x, p, { axes: o.axes as [number, number], keepDims: o.keepDims })
  }

const affine = (c: Call, at: number): op.NormOptions => {
  const [weight, bias] = [optionalNode(c, at, 'weight'), optionalNode(c, at + 1, 'bias')]
  return { ...(weight && { weight }), ...(bias && { bias }) }
}
const layerNorm: Builder = (c) =>
  op.layerNorm(node(c, 0), {
    ...affine(c, 2),
    rank: (numbers(c, 1, 'normalized_shape') ?? []).length,
    eps: number(c, 4, 'eps', 1e-5),
  })
/** batch_norm and instance_norm: `batch` says whether statistics are those at hand. */
const channelNorm =
  (f: typeof op.batchNorm, name: string, byDefault: boolean): Builder =>
  (c) => {
    // Of nothing, PyTorch accepts any rank.
    if (node(c, 0).shape.includes(0)) return node(c, 0)
    const [mean, variance] = [optionalNode(c, 1, 'running_mean'), optionalNode(c, 2, 'running_var')]
    const running = !flag(c, 5, name, byDefault) && mean && variance ? { mean, variance } : {}
    return f(node(c, 0), { ...affine(c, 3), ...running, eps: number(c, 7, 'eps', 1e-5) })
  }

const along =
  (f: (x: Node, axis: number) => Node): Builder =>
  (c) =>
    alongDim(node(c, 0), (x) => f(x, dimOf(x, number(c, 1, 'dim', -1))))

const normalize: Builder = (c) =>
  alongDim(node(c, 0), (x) => {
    const axis = dimOf(x, number(c, 2, 'dim', 1))
    return op.normalize(x, { p: number(c, 1, 'p', 2), axis, eps: number(c, 3, 'eps', 1e-12) })
  })

export const reduce: { readonly [name: string]: Builder } = {
  sum: reduced(op.sum),
  nansum: reduced(op.nansum),
  nanmean: reduced(op.nanmean),
  mean: reduced(op.mean),
  prod: reduced(op.prod),
  amax: reduced(op.max),
  amin: reduced(op.min),
  aminmax: (c) => {
    // Along a dimension that it keeps, a scalar is a vector of one.
    const x = flag(c, 2, 'keepdim') && c.kw['dim'] !== undefined ? ranked(node(c, 0)) : node(c, 0)
    const o = c.kw['dim'] === undefined ? {} : over({ ...c, args: [x] })
    return [op.min(x, o), op.max(x, o)]
  },
  max: extreme(op.maximum, op.max, op.maxAlong),
  min: extreme(op.minimum, op.min, op.minAlong),
  argmax: position(op.argmax),
  argmin: position(op.argmin),
  any: reduced(op.any),
  all: reduced(op.all),
  count_nonzero: reduced(op.countNonzero),
  var: (c) => op.variance(node(c, 0), spread(c)),
  std: (c) => op.std(node(c, 0), spread(c)),
  var_mean: spreadAndMean(op.variance),
  std_mean: spreadAndMean(op.std),
  logsumexp: reduced(op.logsumexp),
  norm: norm(false),
  'linalg.norm': norm(true),
  'linalg.vector_norm': norm(false),
  'linalg.matrix_norm': (c) => {
    const ord = c.args[1] ?? c.kw['ord'] ?? 'fro'
    const axes = numbers(c, 2, 'dim') ?? [-2, -1]
    return norm(true)({ ...c, args: [node(c, 0), ord, axes, flag(c, 3, 'keepdim')] })
  },
  dist: (c) => op.distance(node(c, 0), node(c, 1), number(c, 2, 'p', 2)),
  softmax: along(op.softmax),
  log_softmax: along(op.logSoftmax),
  'nn.functional.softmin': along((x, axis) => op.softmax(op.neg(x), axis)),
  'nn.functional.normalize': normalize,
  'nn.functional.layer_norm': layerNorm,
  'nn.functional.batch_norm': channelNorm(op.batchNorm, 'training', false),
  'nn.functional.instance_norm': channelNorm(op.instanceNorm, 'use_input_stats', true),
  'nn.functional.group_norm': (c) =>
    op.groupNorm(node(c, 0), number(c, 1, 'num_groups'), { ...affine(c, 2), eps: number(c, 4, 'eps', 1e-5) }),
  'nn.functional.local_response_norm': (c) =>
    op.localResponseNorm(node(c, 0), number(c, 1, 'size'), {
      alpha: number(c, 2, 'alpha', 1e-4),
      beta: number(c, 3, 'beta', 0.75),
      k: number(c, 4, 'k', 1),
    }),
  'nn.functional.embedding': (c) => {
    const padding = arg(c, 2, 'padding_idx')
    if (arg(c, 3, 'max_norm') !== undefined) throw new NotCovered('max_norm changes the weights')
    const [a, b] = [node(c, 0, 'input'), node(c, 1, 'weight')]
    const [table, index] = a.dtype === 'i32' ? [b, a] : [a, b]
    return op.embedding(table, index, typeof padding === 'number' ? { paddingIndex: padding } : {})
  },
  'nn.functional.scaled_dot_product_attention': (c) => {
    const mask = optionalNode(c, 3, 'attn_mask')
    return op.scaledDotProductAttention(node(c, 0), node(c, 1), node(c, 2), {
      ...(mask && { mask }),
      causal: flag(c, 5, 'is_causal'),
    })
  },
}
