/**
 * Metrics by name: what people read beside the loss.
 * Invariant: a float scalar, the mean over examples, so that means over batches of one size are means over all.
 */
import { l1Loss, mse } from '../composites/loss.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { sqrt } from '../primitives/arithmetic.ts'
import { broadcast, sum } from '../primitives/broadcast.ts'
import { cast } from '../primitives/cast.ts'
import { equal, greater, indicator, less, where } from '../primitives/comparison.ts'
import { oneHot } from '../primitives/indexing.ts'
import { argmax, mean } from '../primitives/reduce.ts'
import { sizes } from '../shape.ts'
import { type LossOptions, labelsOf, paired } from './losses.ts'

export type MetricKind = 'accuracy' | 'binaryAccuracy' | 'topKAccuracy' | 'mse' | 'rmse' | 'mae'
/** `name`: of the output; default the kind. `k` is of topKAccuracy, default 5. */
export type MetricSpec =
  | MetricKind
  | (LossOptions & { readonly kind: MetricKind; readonly name?: string; readonly k?: number })
  | { readonly name: string; readonly formula: string }
type Options = Exclude<MetricSpec, string | { readonly formula: string }>

const share = (hits: Node, like: Node): Node => mean(cast(hits, like.dtype))

/** Labels that fewer than `k` classes beat. */
function topK(x: Node, y: Node, k: number): Node {
  const labels = labelsOf(y)
  const classes = sizes(x.shape.slice(-1), 'topKAccuracy')[0]!
  const own = sum(where(cast(oneHot(labels, classes, 'i32'), 'bool'), x, 0), { axes: -1 })
  const axes = own.shape.map((_, i) => i)
  const beaten = indicator(greater(x, broadcast(own, x.shape, axes)), x)
  return share(less(sum(beaten, { axes: -1 }), k), x)
}

export const metrics: Readonly<Record<MetricKind, (x: Node, y: Node, o: Options) => Node>> = {
  accuracy: (x, y) => {
    const labels = labelsOf(y)
    if (labels.dtype !== 'i32' || labels.shape.length !== x.shape.length - 1)
      throw operandError('accuracy: needs scores [..., classes] and labels [...] of i32', [x, y])
    return share(equal(argmax(x, -1), labels), x)
  },
  binaryAccuracy: (x, y) => {
    const [score, target] = paired('binaryAccuracy', x, y)
    return share(equal(indicator(greater(score, 0), score), indicator(greater(target, 0.5), score)), score)
  },
  topKAccuracy: (x, y, { k = 5 }) => topK(x, y, k),
  mse: (x, y) => mse(...paired('mse', x, y)),
  rmse: (x, y) => sqrt(mse(...paired('rmse', x, y))),
  mae: (x, y) => l1Loss(...paired('mae', x, y)),
}
