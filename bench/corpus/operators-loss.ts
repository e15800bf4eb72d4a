/** PyTorch's losses as our ops. */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import {
  arg,
  type Builder,
  type Call,
  dimOf,
  flag,
  NotCovered,
  node,
  number,
  optionalNode,
  sizesOf,
  text,
} from './call.ts'
import { clamp, xlogy } from './operators-elementwise.ts'

/** The recorded reduction of elementwise losses. */
function total(c: Call, losses: Node): Node {
  const how = text(c, 99, 'reduction', 'mean')
  if (how === 'none') return losses
  if (how === 'sum') return op.sum(losses)
  return how === 'batchmean' ? op.div(op.sum(losses), sizesOf(losses)[0]!) : op.mean(losses)
}
const loss =
  (f: (x: Node, target: Node, c: Call) => Node): Builder =>
  (c) =>
    total(c, f(node(c, 0, 'input'), node(c, 1, 'target'), c))

function huber(x: Node, target: Node, c: Call): Node {
  const delta = number(c, 99, 'delta', 1)
  const d = op.abs(op.sub(x, target))
  return op.where(op.lessEqual(d, delta), op.mul(op.square(d), 0.5), op.mul(op.sub(d, 0.5 * delta), delta))
}
function smoothL1(x: Node, target: Node, c: Call): Node {
  const beta = number(c, 99, 'beta', 1)
  const d = op.abs(op.sub(x, target))
  if (beta === 0) return d
  return op.where(op.less(d, beta), op.div(op.square(d), 2 * beta), op.sub(d, 0.5 * beta))
}

/** Σ over classes (dimension 1) of weight · probability · −log-probability; the mean divides by the weights used. */
function classified(c: Call, logs: Node, target: Node): Node {
  const axis = logs.shape.length === 1 ? 0 : 1
  const classes = sizesOf(logs)[axis]!
  if (number(c, 99, 'label_smoothing', 0) !== 0) throw new NotCovered('label smoothing')
  const indices = target.dtype === 'i32'
  const weight = optionalNode(c, 2, 'weight')
  const wide = weight ? op.reshape(weight, [classes, ...logs.shape.slice(axis + 1).map(() => 1)]) : undefined
  const chosen = indices ? hot(logs, target, classes, axis, number(c, 99, 'ignore_index', -100)) : target
  const weighted = wide ? op.mul(chosen, wide) : chosen
  const losses = op.neg(op.sum(op.mul(weighted, logs), { axes: axis }))
  const how = text(c, 99, 'reduction', 'mean')
  if (how !== 'mean') return how === 'sum' ? op.sum(losses) : losses
  if (!indices)
    return op.div(
      op.sum(losses),
      sizesOf(losses).reduce((n, d) => n * d, 1),
    )
  return op.div(op.sum(losses), op.sum(weighted))
}
function hot(logs: Node, target: Node, classes: number, axis: number, ignored: number): Node {
  const kept = op.notEqual(target, ignored)
  const last = op.oneHot(op.where(kept, target, 0), classes, logs.dtype)
  const rank = logs.shape.length
  const order = Array.from({ length: rank }, (_, i) => (i === axis ? rank - 1 : i < axis ? i : i - 1))
  const shape = logs.shape.map((d, i) => (i === axis ? 1 : d))
  return op.where(op.reshape(kept, shape), op.transpose(last, order), 0)
}

function crossEntropyByBits(x: Node, target: Node, c: Call): Node {
  const low = (y: Node) => clamp(op.log(y), -100, undefined)
  const losses = op.neg(op.add(op.mul(target, low(x)), op.mul(op.sub(1, target), low(op.sub(1, x)))))
  const weight = optionalNode(c, 99, 'weight')
  return weight ? op.mul(losses, weight) : losses
}
function divergence(x: Node, target: Node, c: Call): Node {
  if (flag(c, 99, 'log_target')) return op.mul(op.exp(target), op.sub(target, x))
  return op.sub(xlogy(target, target), op.mul(target, x))
}
function poisson(x: Node, target: Node, c: Call): Node {
  const rate = flag(c, 99, 'log_input', true)
    ? op.sub(op.exp(x), op.mul(target, x))
    : op.sub(x, op.mul(target, op.log(op.add(x, number(c, 99, 'eps', 1e-8)))))
  if (!flag(c, 99, 'full')) return rate
  const half = op.mul(op.log(op.mul(target, 2 * Math.PI)), 0.5)
  const stirling = op.add(op.sub(op.mul(target, op.log(target)), target), half)
  return op.add(rate, op.where(op.greater(target, 1), stirling, 0))
}
const gaussian: Builder = (c) => {
  const [x, target, given] = [node(c, 0), node(c, 1), node(c, 2)]
  const short = given.shape.length === x.shape.length - 1 && given.shape.length > 0
  const shaped = short ? op.reshape(given, [...given.shape, 1]) : given
  const eps = number(c, 99, 'eps', 1e-6)
  // The floor on the variance moves its value only: its derivative passes, as in PyTorch.
  const variance = op.add(shaped, op.stopGradient(op.sub(op.maximum(shaped, eps), shaped)))
  const losses = op.mul(op.add(op.log(variance), op.div(op.square(op.sub(x, target)), variance)), 0.5)
  return total(c, flag(c, 99, 'full') ? op.add(losses, 0.5 * Math.log(2 * Math.PI)) : losses)
}
const ranking: Builder = (c) => {
  const gap = op.sub(node(c, 0), node(c, 1))
  return total(c, op.relu(op.add(op.neg(op.mul(node(c, 2), gap)), number(c, 99, 'margin', 0))))
}
const cosine: Builder = (c) => {
  const [a, b] = broadcastBoth(node(c, 0), node(c, 1))
  const dim = arg(c, 2, 'dim') === undefined ? 1 : number(c, 2, 'dim')
  const axes = a.shape.length > 0 ? [dimOf(a, dim)] : []
  const eps = number(c, 3, 'eps', 1e-8)
  const length = (x: Node) => op.sqrt(op.maximum(op.sum(op.square(x), { axes }), eps * eps))
  return op.div(op.sum(op.mul(a, b), { axes }), op.mul(length(a), length(b)))
}
function broadcastBoth(a: Node, b: Node): [Node, Node] {
  const shape = op.add(a, b).shape
  return [op.broadcastTo(a, shape), op.broadcastTo(b, shape)]
}

export const losses: { readonly [name: string]: Builder } = {
  'nn.functional.mse_loss': loss((x, t) => op.square(op.sub(x, t))),
  'nn.functional.l1_loss': loss((x, t) => op.abs(op.sub(x, t))),
  'nn.functional.smooth_l1_loss': loss(smoothL1),
  'nn.functional.huber_loss': loss(huber),
  'nn.functional.cross_entropy': (c) => {
    const x = node(c, 0)
    return classified(c, op.logSoftmax(x, x.shape.length === 1 ? 0 : 1), node(c, 1))
  },
  'nn.functional.nll_loss': (c) => classified(c, node(c, 0), node(c, 1)),
  'nn.functional.binary_cross_entropy': loss(crossEntropyByBits),
  'nn.functional.kl_div': loss(divergence),
  'nn.functional.poisson_nll_loss': loss(poisson),
  'nn.functional.gaussian_nll_loss': gaussian,
  'nn.functional.margin_ranking_loss': ranking,
  'nn.functional.cosine_similarity': cosine,
}
