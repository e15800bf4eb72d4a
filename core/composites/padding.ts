/**
 * Padding with elements of the operand itself.
 * Invariant: axis by axis, each from what the axes before made; views and copies only.
 */

import { broadcastTo } from '../align.ts'
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { concat } from '../primitives/concat.ts'
import { pad, part, type Widths } from '../primitives/layout.ts'
import { sizes } from '../shape.ts'

/** `reflect`: mirrored without repeating the edge. `replicate`: the edge, repeated. `circular`: from the other end. */
export type PadMode = 'reflect' | 'replicate' | 'circular'

/** One [before, after] an axis, negative: cut off. Source: PyTorch's pad; NumPy calls the modes reflect, edge and wrap. */
export function padBy(x: Node, widths: readonly (readonly [number, number])[], mode: PadMode): Node {
  const cut = pad(
    asNode(x, 'padBy'),
    widths.map(([a, b]): Widths => [Math.min(0, a), Math.min(0, b)]),
  )
  return widths.reduce((y, [a, b], axis) => padAxis(y, axis, Math.max(0, a), Math.max(0, b), mode), cut)
}

function padAxis(x: Node, axis: number, before: number, after: number, mode: PadMode): Node {
  if (before === 0 && after === 0) return x
  const size = sizes([x.shape[axis]!], 'padBy')[0]!
  const most = { reflect: size - 1, replicate: size > 0 ? Number.POSITIVE_INFINITY : 0, circular: size }[mode]
  if (before > most || after > most)
    throw operandError(`padBy: axis ${axis} of size ${size} has no [${before}, ${after}] elements to ${mode}`, [x])
  const at = (start: number, length: number, step: number) => along(x, axis, start, length, step)
  const repeated = (edge: Node, length: number) =>
    broadcastTo(
      edge,
      x.shape.map((d, i) => (i === axis ? length : d)),
    )
  const [left, right] = {
    reflect: () => [at(before, before, -1), at(size - 2, after, -1)],
    replicate: () => [repeated(at(0, 1, 1), before), repeated(at(size - 1, 1, 1), after)],
    circular: () => [at(size - before, before, 1), at(0, after, 1)],
  }[mode]() as [Node, Node]
  return concat([...(before > 0 ? [left] : []), x, ...(after > 0 ? [right] : [])], axis)
}

/** `length` elements of axis `axis` from `start` on, by `step`. */
const along = (x: Node, axis: number, start: number, length: number, step: number): Node =>
  part(
    x,
    x.shape.map((_, i) => (i === axis && length > 0 ? start : 0)),
    x.shape.map((d, i) => (i === axis ? length : d)),
    x.shape.map((_, i) => (i === axis ? step : 1)),
  )
