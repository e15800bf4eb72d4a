/**
 * Differences of neighbours along an axis, and integrals by trapezoids.
 * Invariant: nothing is looked up; every result is made of slices.
 */
import { asNode, type X } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { add, mul, sub } from '../primitives/arithmetic.ts'
import { sum } from '../primitives/broadcast.ts'
import { concat } from '../primitives/concat.ts'
import { along, ownAxis, sizeOf } from './arranging.ts'
import { cumsum } from './cumulative.ts'

export interface DiffOptions {
  /** Default: the last. */
  readonly axis?: number
  /** How often. Default 1. */
  readonly order?: number
  /** Joined before and after, of the rank of `x`. */
  readonly prepend?: Node
  readonly append?: Node
}

/** Without the first, and without the last; of nothing, nothing. */
function pairs(x: Node, axis: number): readonly [Node, Node] {
  const size = sizeOf('diff', x, axis)
  return [along(x, axis, [Math.min(1, size), size]), along(x, axis, [0, Math.max(0, size - 1)])]
}

/** Each element without the one before it along `axis`: one element less. Source: Array API. */
export function diff(x: Node, options: DiffOptions = {}): Node {
  const own = ownAxis('diff', x, options.axis ?? -1)
  const { order = 1, prepend, append } = options
  if (!Number.isInteger(order) || order < 0) throw operandError(`diff: order ${order}`, [x], '0, 1, 2 …')
  if (order === 0) return x
  const parts = [prepend, x, append].filter((p) => p !== undefined)
  let y = parts.length === 1 ? x : concat(parts, own)
  for (let k = 0; k < order; k++) y = sub(...pairs(y, own))
  return y
}

export interface TrapezoidOptions {
  readonly axis?: number
  /** Where the values lie, of the shape of `y` or broadcast to it; or their distance. Default: a distance of 1. */
  readonly x?: X
}

/** The area under each two neighbouring values. */
function areas(y: Node, axis: number, x: X): Node {
  const [after, before] = pairs(y, axis)
  const height = mul(add(after, before), 0.5)
  if (typeof x === 'number') return x === 1 ? height : mul(height, x)
  return mul(height, diff(x, { axis: axis - y.shape.length }))
}

/** The integral of the values `y` along `axis` by the trapezoidal rule. Source: NumPy trapezoid. */
export function trapezoid(y: Node, options: TrapezoidOptions = {}): Node {
  const own = ownAxis('trapezoid', asNode(y, 'trapezoid'), options.axis ?? -1)
  return sum(areas(y, own, options.x ?? 1), { axes: own - y.shape.length })
}

/** The same up to each value but the first. */
export function cumulativeTrapezoid(y: Node, options: TrapezoidOptions = {}): Node {
  const own = ownAxis('cumulativeTrapezoid', asNode(y, 'cumulativeTrapezoid'), options.axis ?? -1)
  return cumsum(areas(y, own, options.x ?? 1), { axis: own - y.shape.length })
}
