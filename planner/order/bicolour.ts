/**
 * Colouring both ways: the fullest rows by cotangents, what is left by tangents. One full row and one full column make all columns, and all rows,
 * meet; without that row the columns do not. (Coleman & Verma, "The efficient computation of sparse Jacobian matrices using automatic
 * differentiation", 1998.)
 * Invariant: every entry lies in a row that is pulled, or is told apart from the others of its row by the colours of columns.
 * May not: look for the best split: it tries the fullest 1, 2, 4 … rows.
 */

import type { ColourOrder } from '../../core/order.ts'
import { type Pattern, transposed } from '../../core/pattern.ts'
import type { Colouring } from './intersection.ts'

/** Full rows, at most. */
const MOST = 64

/** With fewer seeds than `below`. `turned`: the pattern transposed. */
export function bicolouring(
  pattern: Pattern,
  turned: Pattern,
  below: number,
  colour: (pattern: Pattern) => Colouring | undefined,
): ColourOrder | undefined {
  const worthwhile = [pattern, turned].filter((p) => fullRows(p, below - 1) <= MOST)
  let best: { readonly order: ColourOrder; readonly seeds: number } | undefined
  for (let t = 1; t <= MOST && t < (best?.seeds ?? below); t *= 2)
    for (const p of worthwhile) {
      const least = best?.seeds ?? below
      const made = split(p, t, least, colour)
      if (!made || made.seeds >= least) continue
      const [columns, rows] = p === pattern ? [made.columns, made.rows] : [made.rows, made.columns]
      best = { order: { kind: 'colour', columns, rows }, seeds: made.seeds }
    }
  return best?.order
}

function split(p: Pattern, t: number, below: number, colour: (pattern: Pattern) => Colouring | undefined) {
  const degree = (i: number): number => p.indptr[i + 1]! - p.indptr[i]!
  const fullest = [...Array(p.rows).keys()].sort((a, b) => degree(b) - degree(a) || a - b)
  // The fullest row that is left takes a colour for each of its entries, and those pulled one at least.
  if (t >= p.rows || degree(fullest[t]!) + 1 >= below) return undefined
  const full = new Set(fullest.slice(0, t))
  const left = colour(kept(p, (i) => !full.has(i)))
  const pulled = colour(transposed(kept(p, (i) => full.has(i))))
  if (!left || !pulled) return undefined
  return { columns: [...left.colours], rows: [...pulled.colours], seeds: left.count + pulled.count }
}

/** Rows with so many entries, or more: each of them takes as many colours, or is pulled. */
function fullRows({ rows, indptr }: Pattern, entries: number): number {
  let n = 0
  for (let i = 0; i < rows; i++) if (indptr[i + 1]! - indptr[i]! >= entries) n++
  return n
}

/** The same matrix with only some rows' entries. */
function kept(p: Pattern, keep: (row: number) => boolean): Pattern {
  const indptr = new Int32Array(p.rows + 1)
  const indices: number[] = []
  for (let i = 0; i < p.rows; i++) {
    if (keep(i)) for (let e = p.indptr[i]!; e < p.indptr[i + 1]!; e++) indices.push(p.indices[e]!)
    indptr[i + 1] = indices.length
  }
  return { ...p, indptr, indices: Int32Array.from(indices) }
}
