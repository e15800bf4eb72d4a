/**
 * Patterns by rule, and what a colouring must keep, by its definition. Shares no code with what colours or reads entries back.
 * May not: be used outside tests.
 */

import type { ColourOrder } from '../../core/order.ts'
import type { Pattern } from '../../core/pattern.ts'

/** The columns of each row. */
export function patternOfRows(lists: readonly (readonly number[])[], shapes: Pattern['shapes']): Pattern {
  const indptr = new Int32Array(lists.length + 1)
  lists.forEach((list, i) => {
    indptr[i + 1] = indptr[i]! + list.length
  })
  const columns = shapes.columns.reduce((n, d) => n * d, 1)
  const indices = Int32Array.from(lists.flatMap((list) => [...list].sort((a, b) => a - b)))
  return { rows: lists.length, columns, shapes, indptr, indices }
}

export const rowLists = ({ rows, indptr, indices }: Pattern): number[][] =>
  Array.from({ length: rows }, (_, i) => [...indices.subarray(indptr[i], indptr[i + 1])])

/** Square, with `below` diagonals under the main one and `above` over it. */
export const banded = (n: number, below: number, above: number): Pattern =>
  patternOfRows(
    Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => j).filter((j) => j >= i - below && j <= i + above),
    ),
    { rows: [n], columns: [n] },
  )

/** Square, over a grid: each point and its neighbours at these offsets, round the edges if `periodic`. */
export function stencil(grid: readonly number[], offsets: readonly (readonly number[])[], periodic = false): Pattern {
  const points: number[][] = grid.reduce<number[][]>(
    (all, d) => all.flatMap((p) => Array.from({ length: d }, (_, i) => [...p, i])),
    [[]],
  )
  const flat = (p: readonly number[]): number => p.reduce((at, i, d) => at * grid[d]! + i, 0)
  const lists = points.map((p) => {
    const near = offsets.map((o) => p.map((i, d) => (periodic ? (i + o[d]! + grid[d]!) % grid[d]! : i + o[d]!)))
    return [...new Set(near.filter((q) => q.every((i, d) => i >= 0 && i < grid[d]!)).map(flat))]
  })
  return patternOfRows(lists, { rows: grid, columns: grid })
}
/** A point and its nearest neighbours along each axis. */
export const cross = (rank: number): number[][] => [
  new Array<number>(rank).fill(0),
  ...Array.from({ length: 2 * rank }, (_, k) => new Array<number>(rank).fill(0).with(k >> 1, k % 2 === 0 ? 1 : -1)),
]

/** A full row, a full column and the diagonal. */
export const arrowhead = (n: number): Pattern =>
  patternOfRows(
    Array.from({ length: n }, (_, i) => (i === 0 ? Array.from({ length: n }, (_, j) => j) : [0, i])),
    { rows: [n], columns: [n] },
  )

/**
 * The first entry that no seed shows alone, by the definition: (i, j) is read from its column's seed if no other column of row i has that
 * colour, from its row's seed if no other row of column j has, or, of a symmetric matrix, from where (j, i) stands alone.
 */
export function unreadable(p: Pattern, { columns, rows }: ColourOrder, symmetric = false): string | undefined {
  const lists = rowLists(p)
  const byColumn: number[][] = Array.from({ length: p.columns }, () => [])
  for (const [i, list] of lists.entries()) for (const j of list) byColumn[j]!.push(i)
  const pushed = (i: number, j: number): boolean =>
    !!columns && columns[j]! >= 0 && lists[i]!.every((k) => k === j || columns[k] !== columns[j])
  const pulled = (i: number, j: number): boolean =>
    !!rows && rows[i]! >= 0 && byColumn[j]!.every((k) => k === i || rows[k] !== rows[i])
  for (const [i, list] of lists.entries())
    for (const j of list) if (!pushed(i, j) && !pulled(i, j) && !(symmetric && pushed(j, i))) return `${i} ${j}`
  return undefined
}
