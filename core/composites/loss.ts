/**
 * Losses between numbers and their targets.
 * Invariant: computed element by element, then reduced as asked; a target is a node or a number and may be differentiated by.
 */
import { align } from '../align.ts'
import { asNode, type X } from '../define.ts'
import type { Node } from '../ir.ts'
import { abs, add, div, maximum, mul, sub } from '../primitives/arithmetic.ts'
import { reshape, sum } from '../primitives/broadcast.ts'
import { stopGradient } from '../primitives/cast.ts'
import { greater, greaterEqual, less, lessEqual, where } from '../primitives/comparison.ts'
import { exp, log } from '../primitives/exponential.ts'
import { xlogy } from '../primitives/log-space.ts'
import { mean } from '../primitives/reduce.ts'
import { sizes } from '../shape.ts'
import { square } from './activation.ts'

/** What becomes of the losses of all elements. Default: their mean. */
export type Reduction = 'mean' | 'sum' | 'none'
export interface LossOptions {
  readonly reduction?: Reduction
}

export function reduceLoss(losses: Node, { reduction = 'mean' }: LossOptions = {}): Node {
  return reduction === 'none' ? losses : reduction === 'sum' ? sum(losses) : mean(losses)
}
/** max(x, 0), whose derivative is 1 at 0. */
export const positivePart = (x: Node): Node => where(greaterEqual(x, 0), x, 0)

/** (prediction − target)². */
export const mse = (prediction: Node, target: X, options?: LossOptions): Node =>
  reduceLoss(square(sub(prediction, target)), options)

/** |prediction − target|. */
export const l1Loss = (prediction: Node, target: X, options?: LossOptions): Node =>
  reduceLoss(abs(sub(prediction, target)), options)

/** d² / 2β up to a distance d of `beta` (default 1), then d − β/2. */
export function smoothL1Loss(
  prediction: Node,
  target: X,
  options: LossOptions & { readonly beta?: number } = {},
): Node {
  const { beta = 1 } = options
  const d = abs(sub(prediction, target))
  const losses = beta === 0 ? d : where(less(d, beta), div(square(d), 2 * beta), sub(d, 0.5 * beta))
  return reduceLoss(losses, options)
}

/** d² / 2 up to a distance d of `delta` (default 1), then δ·(d − δ/2). */
export function huberLoss(prediction: Node, target: X, options: LossOptions & { readonly delta?: number } = {}): Node {
  const { delta = 1 } = options
  const d = abs(sub(prediction, target))
  return reduceLoss(where(lessEqual(d, delta), mul(square(d), 0.5), mul(sub(d, 0.5 * delta), delta)), options)
}

/** target·(log target − x): `x` holds log-probabilities, and so does `target` where `logTarget`. 0·log 0 = 0. 'batchmean' divides by the first size. */
export function klDivergence(
  x: Node,
  target: Node,
  o: { readonly reduction?: Reduction | 'batchmean'; readonly logTarget?: boolean } = {},
): Node {
  const entropy = xlogy(target, target)
  const losses = o.logTarget ? mul(exp(target), sub(target, x)) : sub(entropy, mul(target, x))
  if (o.reduction !== 'batchmean') return reduceLoss(losses, o as LossOptions)
  return div(sum(losses), sizes(losses.shape, 'klDivergence')[0] ?? 1)
}

export interface PoissonOptions extends LossOptions {
  /** `x` is the logarithm of the rate. Default true. */
  readonly logInput?: boolean
  /** Add Stirling's approximation of log target! */
  readonly full?: boolean
  /** Keeps log x finite. Default 1e-8. */
  readonly eps?: number
}

/** −log of the Poisson probability of `target`. */
export function poissonNllLoss(x: Node, target: Node, options: PoissonOptions = {}): Node {
  const { logInput = true, full = false, eps = 1e-8 } = options
  const rate = logInput ? sub(exp(x), mul(target, x)) : sub(x, mul(target, log(add(x, eps))))
  if (!full) return reduceLoss(rate, options)
  const stirling = add(sub(mul(target, log(target)), target), mul(log(mul(target, 2 * Math.PI)), 0.5))
  return reduceLoss(add(rate, where(greater(target, 1), stirling, 0)), options)
}

export interface GaussianOptions extends LossOptions {
  /** Add log √2π. */
  readonly full?: boolean
  /** Least variance: moves its value only, its derivative passes. Default 1e-6. */
  readonly eps?: number
}

/** −log of the normal density of `target`, of mean `x` and a variance an element, or one for each of all but the last axis. */
export function gaussianNllLoss(x: Node, target: Node, variance: Node, options: GaussianOptions = {}): Node {
  const { full = false, eps = 1e-6 } = options
  const short = asNode(variance, 'gaussianNllLoss').shape.length === x.shape.length - 1 && variance.shape.length > 0
  const rows = short && variance.shape.every((d, i) => d === x.shape[i])
  const shaped = rows ? reshape(variance, [...variance.shape, 1]) : variance
  const v = add(shaped, stopGradient(sub(maximum(shaped, eps), shaped)))
  const [distance, wide] = align('gaussianNllLoss', [div(square(sub(x, target)), v), v]) as [Node, Node]
  const losses = mul(add(log(wide), distance), 0.5)
  return reduceLoss(full ? add(losses, 0.5 * Math.log(2 * Math.PI)) : losses, options)
}
