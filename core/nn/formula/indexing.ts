/** x[2], x[0:3], x[:, 1]: slices as in Python, by numbers. */
import type { Node } from '../../ir.ts'
import { operandError } from '../../node.ts'
import { reshape } from '../../primitives/broadcast.ts'
import { type Range, slice } from '../../primitives/layout.ts'
import { sizes } from '../../shape.ts'

/** One position (its axis goes), or a range. */
export type Place = number | Range

export function indexed(x: Node, places: readonly Place[]): Node {
  if (places.length > x.shape.length)
    throw operandError(`index: ${places.length} places for rank ${x.shape.length}`, [x])
  const ranges = places.map((p, axis): Range => {
    if (typeof p !== 'number') {
      if (p[2] === 0) throw operandError('index: a step of 0', [x])
      return p
    }
    const size = sizes([x.shape[axis]!], 'index')[0]!
    const at = p < 0 ? p + size : p
    if (at < 0 || at >= size) throw operandError(`index: ${p} is outside 0 … ${size - 1}`, [x])
    return [at, at + 1]
  })
  const part = slice(x, ...ranges)
  return reshape(
    part,
    part.shape.filter((_, axis) => typeof places[axis] !== 'number'),
  )
}
