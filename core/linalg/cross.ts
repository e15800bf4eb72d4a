/**
 * cross: the product of two vectors of three.
 * May not: have a rule of its own.
 */
import { align } from '../align.ts'
import { roll } from '../composites/arranging.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { mul, sub } from '../primitives/arithmetic.ts'
import { axisOf } from '../shape.ts'

/** a × b along `axis`, which has size 3; the other axes broadcast. Source: Array API. */
export function cross(a: Node, b: Node, axis = -1): Node {
  const [x, y] = align('cross', [a, b]) as [Node, Node]
  const own = axisOf(axis, x.shape.length)
  if (own === undefined || x.shape[own] !== 3)
    throw operandError(`cross: axis ${axis} is not of size 3`, [a, b], 'pad vectors of the plane with 0')
  const turned = (v: Node, by: number) => roll(v, -by, own)
  return sub(mul(turned(x, 1), turned(y, 2)), mul(turned(x, 2), turned(y, 1)))
}
