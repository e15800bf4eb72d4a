/**
 * Losses as functions of ops.
 * Invariant: each is the mean over all its examples.
 */
import type { X } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { mul, neg, sub } from '../primitives/arithmetic.ts'
import { sum } from '../primitives/broadcast.ts'
import { oneHot } from '../primitives/indexing.ts'
import { mean } from '../primitives/reduce.ts'
import { sizes } from '../shape.ts'
import { logSoftmax, square } from './activation.ts'

/** −log softmax(logits)[label], averaged. `logits`: [..., classes]; `labels`: i32 of the same shape without classes. */
export function crossEntropy(logits: Node, labels: Node): Node {
  if (labels.shape.length !== logits.shape.length - 1)
    throw operandError(
      `crossEntropy: labels of rank ${labels.shape.length} do not fit logits of rank ${logits.shape.length}`,
      [logits, labels],
      'logits [..., classes], labels [...]',
    )
  const classes = sizes(logits.shape.slice(-1), 'crossEntropy')[0]!
  return mean(neg(sum(mul(logSoftmax(logits), oneHot(labels, classes, logits.dtype)), { axes: -1 })))
}

/** Mean of (prediction − target)². */
export const mse = (prediction: Node, target: X): Node => mean(square(sub(prediction, target)))
