/** stack and unstack: joining and parting along a new axis. */
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { reshape } from '../primitives/broadcast.ts'
import { concat } from '../primitives/concat.ts'
import { slice } from '../primitives/layout.ts'
import { axisOf, sizes } from '../shape.ts'

/** Nodes of one shape along a new axis (default: the first). */
export function stack(parts: readonly Node[], axis = 0): Node {
  const at = axisOf(axis, (parts[0]?.shape.length ?? 0) + 1)
  if (at === undefined) throw operandError(`stack: axis ${axis} is outside the result's rank`, parts)
  return concat(
    parts.map((x) => reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])),
    at,
  )
}

/** The parts along `axis` (default: the first), without it. */
export function unstack(x: Node, axis = 0): Node[] {
  const at = axisOf(axis, x.shape.length)
  if (at === undefined) throw operandError(`unstack: axis ${axis} is outside rank ${x.shape.length}`, [x])
  const rest = x.shape.filter((_, i) => i !== at)
  return Array.from({ length: sizes([x.shape[at]!], 'unstack')[0]! }, (_, k) =>
    reshape(slice(x, ...x.shape.map((d, i): [number, number] => (i === at ? [k, k + 1] : [0, d as number]))), rest),
  )
}
