/**
 * Distances and similarities of vectors, and the losses made of them.
 * Invariant: a distance of 0 has the derivative 0; a length is at least eps wherever something is divided by it.
 */
import { align } from '../align.ts'
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { add, div, maximum, minimum, mul, neg, sqrt, sub } from '../primitives/arithmetic.ts'
import { sum } from '../primitives/broadcast.ts'
import { equal, notEqual, where } from '../primitives/comparison.ts'
import { square } from './activation.ts'
import { expandDims, ownAxis } from './arranging.ts'
import { type LossOptions, positivePart, reduceLoss } from './loss.ts'
import { norm } from './statistics.ts'

/** a·b / (max(‖a‖, eps) · max(‖b‖, eps)) along `axis` (default 1, as in PyTorch). */
export function cosineSimilarity(
  a: Node,
  b: Node,
  { axis = 1, eps = 1e-8 }: { readonly axis?: number; readonly eps?: number } = {},
): Node {
  const [x, y] = align('cosineSimilarity', [a, b]) as [Node, Node]
  const axes = x.shape.length === 0 ? [] : [ownAxis('cosineSimilarity', x, axis)]
  const length = (z: Node) => sqrt(maximum(sum(square(z), { axes }), eps * eps))
  return div(sum(mul(x, y), { axes }), mul(length(x), length(y)))
}

export interface DistanceOptions {
  /** Of the norm. Default 2. */
  readonly p?: number
  /** Added to every difference. Default 1e-6. */
  readonly eps?: number
  readonly keepDims?: boolean
}

/** ‖a − b + eps‖ₚ along the last axis. */
export const pairwiseDistance = (a: Node, b: Node, o: DistanceOptions = {}): Node =>
  norm(add(sub(a, b), o.eps ?? 1e-6), o.p ?? 2, { axes: -1, keepDims: o.keepDims ?? false })

/** Distances of all rows of `a` `[..., m, k]` to all rows of `b` `[..., n, k]`, as `[..., m, n]`; leading axes broadcast. */
export function cdist(a: Node, b: Node, p = 2): Node {
  for (const x of [a, b])
    if (asNode(x, 'cdist').shape.length < 2) throw operandError('cdist: needs rows of vectors', [a, b], 'expandDims')
  return norm(sub(expandDims(a, -2), expandDims(b, -3)), p, { axes: -1 })
}

/** x where the target is 1, max(0, margin − x) where it is −1. Margin: 1. */
export function hingeEmbeddingLoss(
  x: Node,
  target: Node,
  options: LossOptions & { readonly margin?: number } = {},
): Node {
  const apart = positivePart(sub(options.margin ?? 1, x))
  return reduceLoss(add(where(notEqual(target, 1), apart, 0), where(notEqual(target, -1), x, 0)), options)
}

/** 1 − cos(a, b) where the target is 1, max(0, cos(a, b) − margin) where it is −1; along the last axis. Margin: 0. */
export function cosineEmbeddingLoss(
  a: Node,
  b: Node,
  target: Node,
  options: LossOptions & { readonly margin?: number } = {},
): Node {
  const squares = (x: Node) => add(sum(square(x), { axes: -1 }), 1e-12)
  const cosine = div(sum(mul(a, b), { axes: -1 }), sqrt(mul(squares(a), squares(b))))
  const apart = positivePart(sub(cosine, options.margin ?? 0))
  return reduceLoss(add(where(equal(target, 1), sub(1, cosine), 0), where(equal(target, -1), apart, 0)), options)
}

/** max(0, margin − target·(a − b)): a should be the greater where the target is 1. Margin: 0. */
export const marginRankingLoss = (
  a: Node,
  b: Node,
  target: Node,
  options: LossOptions & { readonly margin?: number } = {},
): Node => reduceLoss(positivePart(add(neg(mul(target, sub(a, b))), options.margin ?? 0)), options)

export interface TripletOptions extends LossOptions, DistanceOptions {
  /** Default 1. */
  readonly margin?: number
  /** Take the negative's distance from the positive where that is smaller. */
  readonly swap?: boolean
}

/** max(0, d(anchor, positive) − d(anchor, negative) + margin), by `pairwiseDistance`. */
export function tripletMarginLoss(anchor: Node, positive: Node, negative: Node, options: TripletOptions = {}): Node {
  const far = pairwiseDistance(anchor, negative, options)
  const least = options.swap ? minimum(far, pairwiseDistance(positive, negative, options)) : far
  const near = pairwiseDistance(anchor, positive, options)
  return reduceLoss(positivePart(add(sub(near, least), options.margin ?? 1)), options)
}
