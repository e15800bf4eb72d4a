/**
 * Where the entries of a matrix of derivatives may stand, compressed by rows.
 * Invariant: row i has the columns `indices[indptr[i]]` … before `indices[indptr[i + 1]]`, in order, without repeats.
 * May not: hold a value.
 */
export interface Pattern {
  readonly rows: number
  readonly columns: number
  /** Of the result and of the value differentiated by. */
  readonly shapes: { readonly rows: readonly number[]; readonly columns: readonly number[] }
  readonly indptr: Int32Array
  readonly indices: Int32Array
}

export function transposed({ rows, columns, shapes, indptr, indices }: Pattern): Pattern {
  const starts = new Int32Array(columns + 1)
  for (const j of indices) starts[j + 1]!++
  for (let j = 0; j < columns; j++) starts[j + 1]! += starts[j]!
  const next = starts.slice()
  const made = new Int32Array(indices.length)
  for (let i = 0; i < rows; i++)
    for (let e = indptr[i]!; e < indptr[i + 1]!; e++) {
      const j = indices[e]!
      made[next[j]!] = i
      next[j]!++
    }
  const turned = { rows: shapes.columns, columns: shapes.rows }
  return { rows: columns, columns: rows, shapes: turned, indptr: starts, indices: made }
}

/** The entries that both have: what may differ from 0 if the matrix equals its transpose. */
export function intersection(a: Pattern, b: Pattern): Pattern {
  const indptr = new Int32Array(a.rows + 1)
  const kept: number[] = []
  const seen = new Int32Array(a.columns).fill(-1)
  for (let i = 0; i < a.rows; i++) {
    for (let e = b.indptr[i]!; e < b.indptr[i + 1]!; e++) seen[b.indices[e]!] = i
    for (let e = a.indptr[i]!; e < a.indptr[i + 1]!; e++) if (seen[a.indices[e]!] === i) kept.push(a.indices[e]!)
    indptr[i + 1] = kept.length
  }
  return { ...a, indptr, indices: Int32Array.from(kept) }
}

/** As many equal blocks along the diagonal as hold every entry, one at least; all entries of the blocks. */
export function inBlocks(p: Pattern): Pattern {
  const rows = rowsOf(p)
  const holds = (k: number): boolean =>
    p.indices.every((j, e) => Math.floor((rows[e]! * k) / p.rows) === Math.floor((j * k) / p.columns))
  let blocks = Math.max(1, Math.min(p.rows, p.columns))
  while (p.rows % blocks !== 0 || p.columns % blocks !== 0 || !holds(blocks)) blocks--
  const [r, c] = [p.rows / blocks, p.columns / blocks]
  const indptr = new Int32Array(p.rows + 1).map((_, i) => i * c)
  const indices = new Int32Array(p.rows * c).map((_, e) => Math.floor(e / (r * c)) * c + (e % c))
  return { ...p, indptr, indices }
}

/** Entries of the row that has most. */
export function fullest({ rows, indptr }: Pattern): number {
  let most = 0
  for (let i = 0; i < rows; i++) most = Math.max(most, indptr[i + 1]! - indptr[i]!)
  return most
}

/** The row of each entry. */
export function rowsOf({ rows, indptr, indices }: Pattern): Int32Array {
  const made = new Int32Array(indices.length)
  for (let i = 0; i < rows; i++) made.fill(i, indptr[i]!, indptr[i + 1]!)
  return made
}

/** The row-major positions of the entries in the full matrix. */
export function placesOf(pattern: Pattern): Int32Array {
  const rows = rowsOf(pattern)
  return pattern.indices.map((j, e) => rows[e]! * pattern.columns + j)
}
