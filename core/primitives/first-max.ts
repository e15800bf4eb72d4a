/**
 * maxFirst: the maximum over axes whose derivative goes to its first position alone; `max` shares it between ties.
 * Invariant: value as `max`; the position is that of `argmax`, so of several NaN the first.
 * May not: reduce nothing.
 */
import { op } from '../define.ts'
import type { Node, Params, TensorType } from '../ir.ts'
import { operator, partials } from '../linear-map.ts'
import { makeNode } from '../node.ts'
import { reduceSamples } from '../samples.ts'
import { sizes, stridesOf } from '../shape.ts'
import { add, mul } from './arithmetic.ts'
import { broadcast, type Reducer, reducedAxes, reduceOver, requireNumbers, restoreAxes, sum } from './broadcast.ts'
import { equal, where } from './comparison.ts'
import { iota } from './indexing.ts'
import { argmax, max } from './reduce.ts'

const axesOf = (p: Params): readonly number[] => p['axes'] as readonly number[]

/** Largest element over axes; of equal ones the first (row-major) takes the derivative. Max pooling is this over windows. */
export const maxFirst: Reducer = op(
  {
    name: 'maxFirst',
    facts: {},
    type: (p, [x]) => {
      requireNumbers('maxFirst', [x!])
      return max.type(p, [x!])
    },
    linear: (node) => {
      const [x] = node.operands as [Node]
      const axes = axesOf(node.params)
      const kept = x.shape.flatMap((_, i) => (axes.includes(i) ? [] : [i]))
      const back = (y: Node) => broadcast(y, x.shape, kept)
      const here = equal(positionsAlong(x, axes), back(argmax(x, axes)))
      return partials(
        operator(
          'selection',
          (t) => sum(where(here, t, 0), { axes }),
          (ct) => where(here, back(ct), 0),
        ),
      )
    },
    batch: (p, [x]) => maxFirst(x!, { axes: axesOf(p).map((a) => a + 1) }),
    evaluate: (p, operands, type) => max.evaluate(p, operands, type as TensorType),
    lower: (node) => reduceOver(node, 'max'),
    samples: (dtype) => reduceSamples(dtype),
  },
  (x: Node, options) => {
    const axes = reducedAxes('maxFirst', x, options)
    const y = axes.length === 0 ? x : makeNode(maxFirst, [x], { axes: Object.freeze(axes) })
    return options?.keepDims ? restoreAxes(y, x, axes) : y
  },
)

/** The row-major position along `axes` of every element of `x`, as i32. */
export function positionsAlong(x: Node, axes: readonly number[]): Node {
  const strides = stridesOf(
    sizes(
      axes.map((a) => x.shape[a]!),
      'maxFirst',
    ),
  )
  const [first, ...rest] = axes.map((a, i) => mul(iota(x.shape, a), strides[i]!))
  return rest.reduce((sum, term) => add(sum, term), first!)
}
