/** PyTorch's prefix reductions and everything by order, as ours. A scalar has dimension 0. */
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
  isNode,
  node,
  number,
  numbers,
  text,
} from './call.ts'
import { chosenAlong, pair } from './operators-reduce.ts'
import { ranked } from './operators-shape.ts'

const prefix =
  (f: (x: Node, o: { axis: number }) => Node): Builder =>
  (c) =>
    alongDim(node(c, 0), (x) => f(x, { axis: dimOf(x, number(c, 1, 'dim')) }))

/** Values and indices in the shape of a scalar where the input was one. */
const like = (x: Node, o: op.Chosen): Node[] => pair(o).map((y) => (x.shape.length === 0 ? op.reshape(y, []) : y))
const running =
  (f: typeof op.cummax): Builder =>
  (c) =>
    like(node(c, 0), f(ranked(node(c, 0)), { axis: dimOf(node(c, 0), number(c, 1, 'dim')) }))

const sortOptions = (c: Call): { axis: number; descending: boolean } => ({
  axis: dimOf(node(c, 0), number(c, 1, 'dim', -1)),
  descending: flag(c, 2, 'descending'),
})
const sort: Builder = (c) => {
  const [x, o] = [ranked(node(c, 0)), sortOptions(c)]
  const indices = op.argsort(x, o)
  return like(node(c, 0), { values: op.takeAlongAxis(x, indices, o.axis), indices })
}
const topk: Builder = (c) =>
  like(
    node(c, 0),
    op.topk(ranked(node(c, 0)), number(c, 1, 'k'), {
      axis: dimOf(node(c, 0), number(c, 2, 'dim', -1)),
      largest: flag(c, 3, 'largest', true),
    }),
  )
const median =
  (ignoreNaN: boolean): Builder =>
  (c) => {
    if (arg(c, 1, 'dim') !== undefined)
      return chosenAlong(c, 1, (x, axis, keepDims) => op.medianAlong(x, { axis, keepDims, ignoreNaN }))
    const flat = op.reshape(node(c, 0), [-1])
    return ignoreNaN ? op.medianAlong(flat, { ignoreNaN }).values : op.median(flat)
  }
const quantile =
  (ignoreNaN: boolean): Builder =>
  (c) => {
    const given = arg(c, 1, 'q')
    const q = isNode(given) ? (given.shape.length > 0 ? op.unstack(given) : given) : number(c, 1, 'q')
    const dim = numbers(c, 2, 'dim')
    const own = node(c, 0)
    const x = dim ? ranked(own) : op.reshape(own, [-1])
    const keepDims = flag(c, 3, 'keepdim')
    const interpolation = text(c, 9, 'interpolation', 'linear') as op.Interpolation
    const y = op.quantile(x, q, { axis: dim ? axesOf(x, dim)[0]! : 0, keepDims, interpolation, ignoreNaN })
    const lead = Array.isArray(q) ? [q.length] : []
    const ones = own.shape.map(() => 1)
    return dim && own.shape.length > 0 ? y : op.reshape(y, [...lead, ...(keepDims ? ones : [])])
  }

const isRight = (c: Call): boolean => flag(c, 9, 'right') || c.kw['side'] === 'right'

export const order: { readonly [name: string]: Builder } = {
  cumsum: prefix(op.cumsum),
  cumprod: prefix(op.cumprod),
  logcumsumexp: prefix(op.logcumsumexp),
  cummax: running(op.cummax),
  cummin: running(op.cummin),
  sort,
  argsort: (c) => alongDim(node(c, 0), (x) => op.argsort(x, sortOptions(c))),
  msort: (c) => alongDim(node(c, 0), (x) => op.sort(x, { axis: 0 })),
  topk,
  kthvalue: (c) => chosenAlong(c, 2, (x, axis, keepDims) => op.kthValue(x, number(c, 1, 'k'), { axis, keepDims })),
  median: median(false),
  nanmedian: median(true),
  quantile: quantile(false),
  nanquantile: quantile(true),
  searchsorted: (c) => op.searchsorted(node(c, 0), node(c, 1), { right: isRight(c) }),
  bucketize: (c) => op.searchsorted(node(c, 1), node(c, 0), { right: isRight(c) }),
}
