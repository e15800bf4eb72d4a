/** PyTorch's differences, integrals, covariances and reductions under a mask, as ours. */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import {
  arg,
  axesOf,
  type Builder,
  type Call,
  dimOf,
  flag,
  isNode,
  NotCovered,
  node,
  number,
  numbers,
  optionalNode,
} from './call.ts'
import { ranked } from './operators-shape.ts'

const diff: Builder = (c) => {
  const [prepend, append] = [optionalNode(c, 3, 'prepend'), optionalNode(c, 4, 'append')]
  const axis = dimOf(node(c, 0), number(c, 2, 'dim', -1))
  const order = number(c, 1, 'n', 1)
  return op.diff(ranked(node(c, 0)), { order, axis, ...(prepend && { prepend }), ...(append && { append }) })
}
const integral =
  (f: typeof op.trapezoid): Builder =>
  (c) => {
    const [y, given] = [node(c, 0), arg(c, 1, 'x') ?? c.kw['dx']]
    const axis = dimOf(y, number(c, 2, 'dim', -1))
    if (!isNode(given)) return f(y, { axis, x: given === undefined ? 1 : Number(given) })
    // Places are of the dimension, unless they are as many as values.
    const alone = given.shape.length === 1 && y.shape.length > 1
    return f(y, { axis, x: alone ? op.reshape(given, [-1, ...y.shape.slice(axis + 1).map(() => 1)]) : given })
  }
const covariance: Builder = (c) => {
  const [frequencies, weights] = [optionalNode(c, 9, 'fweights'), optionalNode(c, 9, 'aweights')]
  const x = node(c, 0)
  return op.squeeze(
    op.covariance(x, {
      correction: number(c, 9, 'correction', 1),
      ...(frequencies && { frequencies: op.cast(frequencies, x.dtype) }),
      ...(weights && { weights }),
    }),
  )
}
/** Slices along a dimension longer than `most` shortened to it. */
const renorm: Builder = (c) => {
  const x = node(c, 0)
  const [p, axis, most] = [number(c, 1, 'p'), dimOf(x, number(c, 2, 'dim')), number(c, 3, 'maxnorm')]
  const axes = x.shape.map((_, i) => i).filter((i) => i !== axis)
  const length = op.norm(x, p, { axes, keepDims: true })
  return op.mul(x, op.where(op.greater(length, most), op.div(most, op.add(length, 1e-7)), 1))
}

type Axes = { readonly axes: readonly number[]; readonly keepDims: boolean }
/** A reduction of what a mask lets through; elsewhere `neutral`. */
const masked =
  (neutral: number, f: (x: Node, o: Axes, c: Call, kept: Node) => Node): Builder =>
  (c) => {
    const x = node(c, 0)
    const mask = optionalNode(c, 9, 'mask')
    const kept = op.broadcastTo(mask ?? op.constant(1, 'bool'), x.shape)
    const dim = numbers(c, 99, 'dim')
    const o = { axes: axesOf(x, dim), keepDims: flag(c, 99, 'keepdim') }
    return f(mask ? op.where(kept, x, neutral) : x, o, c, kept)
  }
/** Along one dimension, which is an argument; what the mask hides comes out as `hidden`. */
const along =
  (neutral: number, f: (x: Node, axis: number, c: Call) => Node): Builder =>
  (c) => {
    const x = ranked(node(c, 0))
    const mask = optionalNode(c, 9, 'mask')
    const axis = dimOf(x, number({ ...c, args: c.args.filter((v) => typeof v === 'number') }, 0, 'dim', -1))
    const kept = mask && op.broadcastTo(ranked(mask), x.shape)
    return op.reshape(f(kept ? op.where(kept, x, neutral) : x, axis, c), node(c, 0).shape)
  }
const counted = (kept: Node, like: Node, o: Axes): Node => op.sum(op.cast(kept, like.dtype), o)
const spread =
  (root: boolean): Builder =>
  (c) =>
    masked(0, (x, o, _, kept) => {
      const whole = { axes: o.axes, keepDims: true }
      const mean = op.div(op.sum(x, whole), counted(kept, x, whole))
      const far = op.where(kept, op.sub(x, mean), 0)
      const n = op.sub(counted(kept, x, o), flag(c, 99, 'unbiased', true) ? 1 : 0)
      const y = op.div(op.sum(op.square(far), o), op.maximum(n, 0))
      return root ? op.sqrt(y) : y
    })(c)
const best =
  (f: (x: Node, axis: number) => Node, neutral: number): Builder =>
  (c) => {
    if (arg(c, 99, 'dim') === undefined && flag(c, 99, 'keepdim')) throw new NotCovered('a place among all, kept')
    return masked(neutral, (x, o, call) => {
      const all = arg(call, 99, 'dim') === undefined || x.shape.length === 0
      const y = op.cast(all ? f(op.reshape(x, [-1]), 0) : f(x, o.axes[0]!), x.dtype)
      return o.keepDims && !all ? op.expandDims(y, o.axes[0]!) : y
    })(c)
  }
const { POSITIVE_INFINITY: inf, NEGATIVE_INFINITY: low } = Number

export const statistics: { readonly [name: string]: Builder } = {
  diff,
  trapezoid: integral(op.trapezoid),
  trapz: integral(op.trapezoid),
  cumulative_trapezoid: integral(op.cumulativeTrapezoid),
  cov: covariance,
  corrcoef: (c) => op.squeeze(op.correlation(node(c, 0))),
  renorm,
  'masked.sum': masked(0, op.sum),
  'masked.prod': masked(1, op.prod),
  'masked.amax': masked(low, op.max),
  'masked.amin': masked(inf, op.min),
  'masked.mean': masked(0, (x, o, _, kept) => op.div(op.sum(x, o), counted(kept, x, o))),
  'masked.var': spread(false),
  'masked.std': spread(true),
  'masked.logsumexp': masked(low, op.logsumexp),
  'masked.argmax': best(op.argmax, low),
  'masked.argmin': best(op.argmin, inf),
  'masked.cumsum': along(0, (x, axis) => op.cumsum(x, { axis })),
  'masked.cumprod': along(1, (x, axis) => op.cumprod(x, { axis })),
  'masked.softmax': along(low, (x, axis) => op.softmax(x, axis)),
  'masked.log_softmax': along(low, (x, axis) => op.logSoftmax(x, axis)),
  'masked.softmin': along(inf, (x, axis) => op.softmax(op.neg(x), axis)),
}
