/** Joining and parting along new axes: stack, unstack, meshgrid, blockDiag. */
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { broadcast, reshape } from '../primitives/broadcast.ts'
import { concat } from '../primitives/concat.ts'
import { pad, slice } from '../primitives/layout.ts'
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

/** Vectors as axes of a common grid, one tensor a vector: [n₀, n₁ …], or 'xy' with the first two exchanged. Source: Array API. */
export function meshgrid(vectors: readonly Node[], indexing: 'xy' | 'ij' = 'xy'): Node[] {
  const order = vectors.map((_, i) => (indexing === 'xy' && vectors.length > 1 && i < 2 ? 1 - i : i))
  const shape = order.map((i) => vectors[i]!.shape[0] ?? 1)
  return vectors.map((x, i) => broadcast(reshape(x, [-1]), shape, [order.indexOf(i)]))
}

/** Matrices along a diagonal, 0 beside them; a vector is a row. Source: torch.block_diag. */
export function blockDiag(blocks: readonly Node[]): Node {
  const all = blocks.map((x) => (x.shape.length === 2 ? x : reshape(x, [1, -1])))
  const sides = all.map((x) => sizes(x.shape, 'blockDiag') as readonly [number, number])
  const columns = sides.reduce((n, [, w]) => n + w, 0)
  let before = 0
  const rows = all.map((x, i) => {
    const left = before
    before += sides[i]![1]
    return pad(x, [
      [0, 0],
      [left, columns - before],
    ])
  })
  return concat(rows, 0)
}
