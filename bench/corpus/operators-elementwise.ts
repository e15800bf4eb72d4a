/** PyTorch's elementwise operators, comparisons and activations as our ops. */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { type Builder, type Call, NotCovered, node, number, optionalNode, sizesOf } from './call.ts'

const one =
  (f: (x: Node) => Node): Builder =>
  (c) =>
    f(node(c, 0, 'input'))
const two =
  (f: (a: Node, b: Node) => Node): Builder =>
  (c) =>
    f(node(c, 0, 'input'), node(c, 1, 'other'))
const truth = (x: Node): Node => (x.dtype === 'bool' ? x : op.notEqual(x, 0))
const logic = (f: (a: Node, b: Node) => Node): Builder => two((a, b) => f(truth(a), truth(b)))

/** The derivative passes inside the closed interval, as in ours; bounds may be tensors. */
export function clamp(x: Node, low: Node | number | undefined, high: Node | number | undefined): Node {
  const raised = low === undefined ? x : op.where(op.less(x, low), low, x)
  return high === undefined ? raised : op.where(op.greater(raised, high), high, raised)
}

/** x·log y, 0 where x is. */
export const xlogy = (x: Node, y: Node): Node => op.where(op.equal(x, 0), 0, op.mul(x, op.log(y)))

const division: Builder = (c) => {
  if (c.kw['rounding_mode']) throw new NotCovered('no rounding op')
  return op.div(node(c, 0), node(c, 1))
}

function logaddexp(a: Node, b: Node): Node {
  const m = op.stopGradient(op.maximum(a, b))
  return op.add(m, op.log(op.add(op.exp(op.sub(a, m)), op.exp(op.sub(b, m)))))
}

const nanAware = (best: (a: Node, b: Node) => Node) =>
  two((a, b) => op.where(op.notEqual(b, b), a, op.where(op.notEqual(a, a), b, best(a, b))))

/** Weights of dimension 1 as [c, 1, 1 …]. */
function channels(x: Node, w: Node): Node {
  if (w.shape.length === 0) return w
  return x.shape.length < 2 ? w : op.reshape(w, [...w.shape, ...x.shape.slice(2).map(() => 1)])
}

const glu: Builder = (c) => {
  const x = node(c, 0)
  const dim = number(c, 1, 'dim', -1)
  const axis = dim < 0 ? dim + x.shape.length : dim
  const half = sizesOf(x)[axis]! / 2
  const part = (from: number) =>
    op.slice(x, ...sizesOf(x).map((d, i): [number, number] => (i === axis ? [from, from + half] : [0, d])))
  return op.mul(part(0), op.sigmoid(part(half)))
}

const hardtanh: Builder = (c) => {
  const x = node(c, 0)
  const [low, high] = [number(c, 1, 'min_val', -1), number(c, 2, 'max_val', 1)]
  return clamp(x, low, high)
}

const scaled = (c: Call, x: Node, at: number, name: string): Node => {
  const factor = number(c, at, name, 1)
  return factor === 1 ? x : op.mul(x, factor)
}

export const elementwise: { readonly [name: string]: Builder } = {
  add: (c) => op.add(node(c, 0), scaled(c, node(c, 1), 2, 'alpha')),
  sub: (c) => op.sub(node(c, 0), scaled(c, node(c, 1), 2, 'alpha')),
  mul: two(op.mul),
  div: division,
  true_divide: division,
  neg: one(op.neg),
  exp: one(op.exp),
  log: one(op.log),
  log2: one((x) => op.div(op.log(x), Math.LN2)),
  log10: one((x) => op.div(op.log(x), Math.LN10)),
  rsqrt: one((x) => op.div(1, op.sqrt(x))),
  square: one(op.square),
  pow: (c) => op.pow(node(c, 0), node(c, 1, 'exponent')),
  sin: one(op.sin),
  cos: one(op.cos),
  tanh: one(op.tanh),
  abs: one(op.abs),
  sqrt: one(op.sqrt),
  sigmoid: one(op.sigmoid),
  logit: (c) => {
    const eps = c.args[1] ?? c.kw['eps']
    const x = typeof eps === 'number' ? clamp(node(c, 0), eps, 1 - eps) : node(c, 0)
    return op.log(op.div(x, op.sub(1, x)))
  },
  maximum: two(op.maximum),
  minimum: two(op.minimum),
  fmax: nanAware(op.maximum),
  fmin: nanAware(op.minimum),
  clamp: (c) => clamp(node(c, 0), optionalNode(c, 1, 'min'), optionalNode(c, 2, 'max')),
  where: (c) => op.where(node(c, 1), node(c, 0), node(c, 2)),
  lerp: (c) => op.add(node(c, 0), op.mul(node(c, 2, 'weight'), op.sub(node(c, 1), node(c, 0)))),
  addcmul: (c) => op.add(node(c, 0), scaled(c, op.mul(node(c, 1), node(c, 2)), 3, 'value')),
  addcdiv: (c) => op.add(node(c, 0), scaled(c, op.div(node(c, 1), node(c, 2)), 3, 'value')),
  xlogy: two(xlogy),
  logaddexp: two(logaddexp),
  masked_fill: (c) => op.where(node(c, 1, 'mask'), node(c, 2, 'value'), node(c, 0)),
  eq: two(op.equal),
  ne: two(op.notEqual),
  lt: two(op.less),
  le: two(op.lessEqual),
  gt: two(op.greater),
  ge: two(op.greaterEqual),
  logical_and: logic(op.logicalAnd),
  logical_or: logic(op.logicalOr),
  logical_xor: logic((a, b) => op.logicalAnd(op.logicalOr(a, b), op.logicalNot(op.logicalAnd(a, b)))),
  logical_not: one((x) => op.logicalNot(truth(x))),
  isfinite: one((x) => op.equal(op.sub(x, x), 0)),
  'nn.functional.relu': one(op.relu),
  'nn.functional.relu6': one((x) => clamp(x, 0, 6)),
  'nn.functional.hardtanh': hardtanh,
  'nn.functional.hardsigmoid': one((x) => op.div(clamp(op.add(x, 3), 0, 6), 6)),
  'nn.functional.prelu': (c) => {
    const x = node(c, 0)
    return op.where(op.greater(x, 0), x, op.mul(channels(x, node(c, 1, 'weight')), x))
  },
  'nn.functional.silu': one((x) => op.mul(x, op.sigmoid(x))),
  'nn.functional.softsign': one((x) => op.div(x, op.add(op.abs(x), 1))),
  'nn.functional.glu': glu,
  'nn.functional.threshold': (c) =>
    op.where(op.greater(node(c, 0), number(c, 1, 'threshold')), node(c, 0), number(c, 2, 'value')),
}
