/** What a structure claims of a matrix that its entries do not keep. May not: be used outside tests, or share code with what derives structures. */
import { count, eachIndex } from '../shape.ts'
import type { Structure } from './structure.ts'

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b))

/** The first claim of `s` that `matrix` (rows × columns, row-major) breaks. */
export function brokenClaim(s: Structure, matrix: ArrayLike<number>): string | undefined {
  const columns = count(s.columns)
  const perRow = new Int32Array(count(s.rows))
  const perColumn = new Int32Array(columns)
  const groups = new Map<string, number>()
  let broken: string | undefined
  const same = (key: string, value: number, claim: string): void => {
    const known = groups.get(key)
    if (known === undefined) groups.set(key, value)
    else if (!near(known, value)) broken ??= claim
  }
  eachIndex(s.rows, (r, i) => {
    eachIndex(s.columns, (c, j) => {
      const value = matrix[r * columns + c]!
      const rest = (a: number, e: number) => `${i.with(a, -1)}|${j.with(e, -1)}`
      for (const a of s.repeated) {
        const [, e] = s.pairs.find(([first]) => first === a)!
        if (i[a] === j[e]) same(`repeated ${a} ${rest(a, e)}`, value, `repeated along ${a}`)
      }
      for (const { row, column, stride } of s.shifts)
        same(
          `shift ${row} ${column} ${j[column]! - stride * i[row]!} ${rest(row, column)}`,
          value,
          `shift ${row}, ${column}`,
        )
      if (Math.abs(value) < 1e-12) return
      perRow[r]!++
      perColumn[c]!++
      for (const [a, e] of s.pairs) if (i[a] !== j[e]) broken ??= `pair ${a}, ${e}`
      if (typeof s.values === 'number' && !near(value, s.values)) broken ??= `values ${s.values}, not ${value}`
    })
  })
  if (s.rowwise && perRow.some((n) => n > 1)) broken ??= 'rowwise'
  if (s.columnwise && perColumn.some((n) => n > 1)) broken ??= 'columnwise'
  if (rankOf(matrix, columns) > s.rank) broken ??= `rank ${s.rank}`
  return broken
}

/** By Gaussian elimination with full pivoting. */
function rankOf(matrix: ArrayLike<number>, columns: number): number {
  const rows = Array.from({ length: columns ? matrix.length / columns : 0 }, (_, r) =>
    Array.from({ length: columns }, (_, c) => matrix[r * columns + c]!),
  )
  const scale = Math.max(0, ...rows.flat().map(Math.abs))
  let rank = 0
  for (; rank < rows.length; rank++) {
    let best = { r: rank, c: 0, size: 0 }
    for (let r = rank; r < rows.length; r++)
      rows[r]!.forEach((v, c) => {
        if (Math.abs(v) > best.size) best = { r, c, size: Math.abs(v) }
      })
    if (best.size <= 1e-10 * scale) break
    ;[rows[rank], rows[best.r]] = [rows[best.r]!, rows[rank]!]
    const pivot = rows[rank]!
    for (let r = rank + 1; r < rows.length; r++) {
      const by = rows[r]![best.c]! / pivot[best.c]!
      if (by !== 0) rows[r] = rows[r]!.map((v, c) => v - by * pivot[c]!)
    }
  }
  return rank
}

export const transposedMatrix = (matrix: ArrayLike<number>, rows: number, columns: number): number[] =>
  Array.from({ length: rows * columns }, (_, k) => matrix[(k % rows) * columns + Math.floor(k / rows)]!)
