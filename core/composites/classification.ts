/**
 * Losses of classifiers.
 * Invariant: labels are i32 and are checked; a label's probability is selected, never multiplied by 0 of another, so −∞ is a legal logit.
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { add, div, mul, neg, sub } from '../primitives/arithmetic.ts'
import { broadcast, reshape, sum } from '../primitives/broadcast.ts'
import { cast } from '../primitives/cast.ts'
import { equal, greater, indicator, less, logicalAnd, logicalNot, notEqual, where } from '../primitives/comparison.ts'
import { log } from '../primitives/exponential.ts'
import { gather, iota, oneHot } from '../primitives/indexing.ts'
import { softplus } from '../primitives/log-space.ts'
import { mean } from '../primitives/reduce.ts'
import { sameShape } from '../shape.ts'
import { logSoftmax, relu, square } from './activation.ts'
import { moveaxis, ownAxis, sizeOf } from './arranging.ts'
import { cumsum } from './cumulative.ts'
import { type LossOptions, reduceLoss } from './loss.ts'
import { takeAlongAxis } from './selecting.ts'
import { any } from './statistics.ts'

export interface ClassOptions extends LossOptions {
  /** Of the classes. Default: the last. */
  readonly axis?: number
  /** A factor for each class; the mean divides by the weights of the labels. */
  readonly weight?: Node
  /** Examples with this label count for nothing. */
  readonly ignoreIndex?: number
}

/**
 * −log softmax(logits)[label]. `labels`: i32 of the shape of `logits` without classes, or probabilities of the shape of `logits`.
 * `labelSmoothing` of each label is spread evenly over all classes.
 */
export function crossEntropy(
  logits: Node,
  labels: Node,
  options: ClassOptions & { readonly labelSmoothing?: number } = {},
): Node {
  const axis = ownAxis('crossEntropy', logits, options.axis ?? -1)
  return classLoss('crossEntropy', logSoftmax(logits, axis), labels, { ...options, axis })
}

/** −x[label], for log-probabilities `x`. */
export function nllLoss(x: Node, labels: Node, options: ClassOptions = {}): Node {
  return classLoss('nllLoss', x, labels, options)
}

function classLoss(name: string, x: Node, labels: Node, o: ClassOptions & { readonly labelSmoothing?: number }): Node {
  const logs = moveaxis(x, ownAxis(name, x, o.axis ?? -1), -1)
  const { labelSmoothing: smooth = 0, weight } = o
  const each = smooth / sizeOf(name, logs, logs.shape.length - 1)
  if (asNode(labels, name).dtype !== 'i32') {
    if (!sameShape(labels.shape, x.shape)) throw misfit(name, x, labels)
    const spread = add(mul(moveaxis(labels, o.axis ?? -1, -1), 1 - smooth), each)
    const terms = mul(smooth === 0 ? moveaxis(labels, o.axis ?? -1, -1) : spread, logs)
    return reduceLoss(neg(sum(weight ? mul(terms, weight) : terms, { axes: -1 })), o)
  }
  if (!sameShape(labels.shape, logs.shape.slice(0, -1))) throw misfit(name, x, labels)
  const kept = o.ignoreIndex === undefined ? undefined : notEqual(labels, o.ignoreIndex)
  const hot = hotOf(logs, kept ? where(kept, labels, 0) : labels)
  const weighted = weight ? mul(logs, weight) : logs
  const picked = neg(sum(where(hot, weighted, 0), { axes: -1 }))
  const spread = smooth === 0 ? picked : sub(mul(picked, 1 - smooth), mul(sum(weighted, { axes: -1 }), each))
  const losses = kept ? where(kept, spread, 0) : spread
  if ((o.reduction ?? 'mean') !== 'mean' || (!weight && !kept)) return reduceLoss(losses, o)
  const counted = weight ? gather(weight, kept ? where(kept, labels, 0) : labels) : indicator(kept!, logs)
  return div(sum(losses), sum(kept && weight ? where(kept, counted, 0) : counted))
}
const hotOf = (like: Node, labels: Node): Node =>
  notEqual(oneHot(labels, sizeOf('crossEntropy', like, like.shape.length - 1), 'i32'), 0)

function misfit(name: string, x: Node, labels: Node): Error {
  return operandError(
    `${name}: labels of rank ${labels.shape.length} do not fit ${name === 'nllLoss' ? 'log-probabilities' : 'logits'} of rank ${x.shape.length}`,
    [x, labels],
    'logits [..., classes], labels [...] of i32 (or probabilities [..., classes])',
  )
}

export interface WeightedOptions extends LossOptions {
  /** A factor an element, broadcast. */
  readonly weight?: Node
}
const scaled = (losses: Node, o: WeightedOptions): Node => reduceLoss(o.weight ? mul(losses, o.weight) : losses, o)

/** −(t·log x + (1 − t)·log(1 − x)) for probabilities `x`; logarithms are at least −100. */
export function binaryCrossEntropy(x: Node, target: Node, options: WeightedOptions = {}): Node {
  const low = (y: Node) => where(less(y, -100), -100, y)
  const losses = neg(add(mul(low(log(x)), target), mul(low(log(sub(1, x))), sub(1, target))))
  return scaled(losses, options)
}

/** The same for logits `x`, without overflow. `positiveWeight` multiplies the term of t (one for each of the last axis). */
export function binaryCrossEntropyWithLogits(
  x: Node,
  target: Node,
  options: WeightedOptions & { readonly positiveWeight?: Node } = {},
): Node {
  const { positiveWeight } = options
  const factor = positiveWeight && add(1, mul(sub(positiveWeight, 1), target))
  const below = softplus(neg(x))
  const losses = add(mul(sub(1, target), x), factor ? mul(factor, below) : below)
  return scaled(losses, options)
}

/** log(1 + e^(−t·x)) for targets −1 and 1. */
export const softMarginLoss = (x: Node, target: Node, options?: LossOptions): Node =>
  reduceLoss(softplus(neg(mul(target, x))), options)

/** Binary cross-entropy of logits averaged over the classes (the last axis). */
export function multilabelSoftMarginLoss(x: Node, target: Node, options: WeightedOptions = {}): Node {
  const { weight } = options
  const losses = binaryCrossEntropyWithLogits(x, target, { reduction: 'none', ...(weight && { weight }) })
  return reduceLoss(mean(losses, { axes: -1 }), options)
}

export interface MarginOptions extends LossOptions {
  /** Default 1. */
  readonly margin?: number
  /** Power: 1 (default) or 2. */
  readonly p?: 1 | 2
  /** A factor for each class. */
  readonly weight?: Node
}

/** Σ over other classes i of max(0, margin − x[label] + x[i])^p, over the number of classes. `x`: [..., classes]. */
export function multiMarginLoss(x: Node, labels: Node, options: MarginOptions = {}): Node {
  const { margin = 1, p = 1, weight } = options
  const axis = ownAxis('multiMarginLoss', x, -1)
  const own = takeAlongAxis(x, reshape(labels, [...labels.shape, 1]))
  const gap = relu(add(sub(x, own), margin))
  const others = where(hotOf(x, labels), 0, p === 1 ? gap : square(gap))
  const losses = div(sum(others, { axes: axis }), sizeOf('multiMarginLoss', x, axis))
  return reduceLoss(weight ? mul(losses, gather(weight, labels)) : losses, options)
}

/**
 * Σ over labels j and other classes i of max(0, 1 − x[j] + x[i]), over the number of classes. `x`: [..., classes]; `labels`: i32 of
 * the same shape, the labels of each example up to the first negative entry.
 */
export function multilabelMarginLoss(x: Node, labels: Node, options?: LossOptions): Node {
  const axis = ownAxis('multilabelMarginLoss', x, -1)
  const n = sizeOf('multilabelMarginLoss', x, axis)
  const valid = equal(cumsum(cast(less(labels, 0), 'i32'), { axis }), 0)
  const index = where(valid, labels, 0)
  const pairs = [...x.shape, n]
  const lead = x.shape.slice(0, -1).map((_, i) => i)
  const byLabel = (y: Node) => broadcast(y, pairs, [...lead, axis])
  const byClass = (y: Node) => broadcast(y, pairs, [...lead, axis + 1])
  const named = logicalAnd(byLabel(valid), equal(byLabel(index), iota(pairs, axis + 1)))
  const counts = logicalAnd(byLabel(valid), byClass(logicalNot(any(named, { axes: axis }))))
  const gap = add(sub(byClass(x), byLabel(takeAlongAxis(x, index))), 1)
  const losses = div(sum(where(logicalAnd(counts, greater(gap, 0)), gap, 0), { axes: [axis, axis + 1] }), n)
  return reduceLoss(losses, options)
}
