/**
 * Slopes of the graph of elements: numbers, or nodes of one element (or of one lane), and how they multiply and add.
 * Invariant: numbers are computed here, ±1 and 0 cost nothing; a slope that is 0 because a branch was not taken stays 0 beside an infinite one.
 * May not: look at an op.
 */
import type { DType, Node } from '../../ir.ts'
import { add, mul, neg, scaleSafe } from '../../primitives/arithmetic.ts'
import { cast } from '../../primitives/cast.ts'
import { equal, where } from '../../primitives/comparison.ts'
import { constant } from '../../primitives/leaf.ts'

export interface Slope {
  readonly value: number | Node
  /** 0 where a branch is not taken. */
  readonly masks?: true
  /** Below a branch: perhaps infinite where that is not taken. */
  readonly singular?: true
}

/** The slope `left` of what is of `dtype`, after `right`. */
export function times(left: Slope, right: Slope, dtype: DType): Slope {
  const singular = left.singular || right.singular ? ({ singular: true } as const) : {}
  return { value: product(left, right, dtype), ...singular }
}

function product(left: Slope, right: Slope, dtype: DType): number | Node {
  const [a, b] = [left.value, right.value]
  if (typeof a === 'number' && typeof b === 'number') return a * b
  if (typeof a === 'number') return scaled(a, cast(b as Node, dtype))
  if (typeof b === 'number') return scaled(b, a)
  const c = cast(b, dtype)
  if (left.singular && right.singular) return where(equal(c, 0), 0, scaleSafe(a, c))
  if (left.masks || right.singular) return scaleSafe(a, c)
  if (right.masks || left.singular) return scaleSafe(c, a)
  return mul(a, c)
}
const scaled = (by: number, node: Node): Node => (by === 1 ? node : by === -1 ? neg(node) : mul(node, by))

export function plus(a: Slope | undefined, b: Slope): Slope {
  if (!a) return b
  const singular = a.singular || b.singular ? ({ singular: true } as const) : {}
  return { value: total(a.value, b.value), ...singular }
}

function total(a: number | Node, b: number | Node): number | Node {
  if (typeof a === 'number') return typeof b === 'number' ? a + b : a === 0 ? b : add(b, a)
  return typeof b === 'number' && b === 0 ? a : add(a, b)
}

/** As a node of `shape` (of a lane, or of one element). */
export const nodeOf = ({ value }: Slope, dtype: DType): Node =>
  typeof value === 'number' ? constant(value, dtype) : cast(value, dtype)
