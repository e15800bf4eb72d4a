/**
 * Covariance and correlation of variables (rows) over observations (columns).
 * Invariant: a vector is one variable, and its result a scalar.
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { div, maximum, mul, sqrt, sub } from '../primitives/arithmetic.ts'
import { broadcast, reshape, sum } from '../primitives/broadcast.ts'
import { matmul } from '../primitives/contract.ts'
import { constant } from '../primitives/leaf.ts'
import { expandDims, swapaxes } from './arranging.ts'
import { diagonal } from './diagonals.ts'
import { clamp } from './elementwise.ts'

export interface CovarianceOptions {
  /** Subtracted from the number of observations. Default 1, the unbiased estimate. */
  readonly correction?: number
  /** How often each observation counts: whole numbers. */
  readonly frequencies?: Node
  /** How much each observation counts. */
  readonly weights?: Node
}

/** [variables, observations] → [variables, variables]. Source: NumPy cov. */
export function covariance(x: Node, options: CovarianceOptions = {}): Node {
  const rank = asNode(x, 'covariance').shape.length
  if (rank > 2) throw operandError(`covariance: rank ${rank}`, [x], '[variables, observations], or one variable')
  const rows = rank === 2 ? x : reshape(x, [1, -1])
  const { correction = 1, frequencies, weights } = options
  const one = broadcast(constant(1, x.dtype), [rows.shape[1]!], [])
  const counts = frequencies ?? one
  const own = weights ? mul(counts, weights) : counts
  const total = sum(own)
  const centred = sub(rows, div(sum(mul(rows, own), { axes: 1, keepDims: true }), total))
  // With weights, what is subtracted is weighted too.
  const lost = weights ? div(mul(sum(mul(own, weights)), correction), total) : correction
  const c = div(matmul(mul(centred, own), swapaxes(centred, 0, 1)), maximum(sub(total, lost), 0))
  return rank === 2 ? c : reshape(c, [])
}

/** Covariances divided by both standard deviations, within −1 … 1. Source: NumPy corrcoef. */
export function correlation(x: Node): Node {
  const c = covariance(x)
  if (c.shape.length === 0) return div(c, c)
  const deviation = sqrt(diagonal(c))
  return clamp(div(div(c, expandDims(deviation, 1)), deviation), -1, 1)
}
