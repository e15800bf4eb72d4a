/**
 * Layers of layers, and layers that only change the shape.
 * Invariant: the first axis counts examples and is never touched.
 */

import type { Dim, Node } from '../../ir.ts'
import { operandError } from '../../node.ts'
import { add } from '../../primitives/arithmetic.ts'
import { reshape as reshaped } from '../../primitives/broadcast.ts'
import { broadcastShapes, count, showType, sizes } from '../../shape.ts'
import type { LayerBase, Rule } from './layer.ts'

export interface Flatten extends LayerBase {
  readonly kind: 'flatten'
}
/** [N, …] → [N, all the rest]. */
export const flatten = (o: LayerBase = {}): Flatten => ({ kind: 'flatten', ...o })
export const flattenRule: Rule<Flatten> = (_, x) => {
  if (x.shape.length === 0) throw operandError('flatten: a scalar has no examples', [x])
  return reshaped(x, [x.shape[0]!, count(sizes(x.shape.slice(1), 'flatten'))])
}

export interface Reshape extends LayerBase {
  readonly kind: 'reshape'
  /** Of one example; one size may be −1. */
  readonly shape: readonly Dim[]
}
/** [N, …] → [N, ...shape]. */
export const reshape = (shape: readonly Dim[], o: LayerBase = {}): Reshape => ({ kind: 'reshape', shape, ...o })
export const reshapeRule: Rule<Reshape> = ({ shape }, x) => {
  if (x.shape.length === 0) throw operandError('reshape: a scalar has no examples', [x])
  return reshaped(x, [x.shape[0]!, ...shape])
}

export interface Sequential<L = unknown> extends LayerBase {
  readonly kind: 'sequential'
  readonly layers: readonly L[]
}
export const sequentialRule: Rule<Sequential> = ({ layers }, x, scope) => scope.apply(layers, x)

export interface Residual<L = unknown> extends LayerBase {
  readonly kind: 'residual'
  readonly layers: readonly L[]
  /** What `x` goes through before it is added, where shapes differ: a projection. Default: nothing. */
  readonly shortcut?: readonly L[]
}
export const residualRule: Rule<Residual> = ({ layers, shortcut }, x, scope) => {
  const y = scope.apply(layers, x)
  const kept: Node = shortcut ? scope.apply(shortcut, x, 'shortcut') : x
  const together = broadcastShapes(y.shape, kept.shape)
  if (y.dtype !== kept.dtype || together?.join() !== y.shape.join())
    throw operandError(
      `residual: the layers give ${showType(y.type)}, to which ${showType(kept.type)} cannot be added`,
      [y, kept],
      'give a shortcut that projects, such as [conv2d(filters, 1)] or [dense(units)]',
    )
  return add(y, kept)
}
