/**
 * searchsorted: where values belong in a sorted axis.
 * May not: be fast on long axes: every value is compared with every element, in one fused reduction without memory.
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { sum } from '../primitives/broadcast.ts'
import { cast } from '../primitives/cast.ts'
import { less, lessEqual, logicalOr, notEqual } from '../primitives/comparison.ts'
import { isFloat } from '../shape.ts'
import { expandDims } from './arranging.ts'

/**
 * How many elements of `sorted` `[..., n]` (or `[n]`) come before each of `values` `[..., m]`, as i32. Equal ones do not, unless `right`. A NaN comes after
 * every number. Source: NumPy searchsorted.
 */
export function searchsorted(sorted: Node, values: Node, options: { readonly right?: boolean } = {}): Node {
  if (asNode(sorted, 'searchsorted').shape.length === 0)
    throw operandError('searchsorted: needs a sorted axis', [sorted, values])
  const row = sorted.shape.length === 1 ? sorted : expandDims(sorted, -2)
  const value = expandDims(asNode(values, 'searchsorted'), -1)
  const before = (options.right ? lessEqual : less)(row, value)
  const missing = isFloat(values.dtype) ? logicalOr(before, notEqual(value, value)) : before
  return sum(cast(missing, 'i32'), { axes: -1 })
}
