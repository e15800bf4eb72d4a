/**
 * What is known of a Jacobian matrix without its values: which entries can differ from zero, and which are equal. A descriptor is data; it is derived
 * when asked (structure-of.ts), never stored. Rows are the result's elements, columns the operand's; axes are of their shapes.
 * Invariant: closed under composition, addition and transposition; every rule may forget, none may claim what does not hold.
 * May not: look at an op or a value.
 */

export interface Structure {
  /** An entry is 0 unless the row's index along axis `a` equals the column's along axis `e`, for every pair [a, e]. */
  readonly pairs: readonly (readonly [number, number])[]
  /** At most one entry in each row, or in each column, differs from 0. */
  readonly rowwise: boolean
  readonly columnwise: boolean
  /** All entries that differ from 0 are this number; or none depends on an input; or nothing is known. */
  readonly values: number | 'constant' | 'varies'
  /** First axes of pairs along which all blocks are equal: I ⊗ W. */
  readonly repeated: readonly number[]
  /** Entries depend, along row axis `a` and column axis `e`, on e − stride · a alone. */
  readonly shifts: readonly { readonly row: number; readonly column: number; readonly stride: number }[]
  /** No more linearly independent rows than this. */
  readonly rank: number
  /** Shapes of rows and columns. */
  readonly rows: readonly number[]
  readonly columns: readonly number[]
}

const size = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1)

/** With what follows from pairs: a row whose index determines the column has at most one entry, and the other way round. */
export function structure(s: Omit<Structure, 'rank'> & { readonly rank?: number }): Structure {
  const covered = (shape: readonly number[], side: 0 | 1): boolean =>
    shape.every((d, i) => d === 1 || s.pairs.some((p) => p[side] === i))
  return {
    ...s,
    rowwise: s.rowwise || covered(s.columns, 1),
    columnwise: s.columnwise || covered(s.rows, 0),
    repeated: s.repeated.filter((a) => s.pairs.some(([first]) => first === a)),
    rank: Math.min(s.rank ?? Number.POSITIVE_INFINITY, size(s.rows), size(s.columns)),
  }
}
const plain = { pairs: [], rowwise: false, columnwise: false, repeated: [], shifts: [] } as const

export const zeroOf = (rows: readonly number[], columns: readonly number[]): Structure =>
  structure({ ...plain, rowwise: true, columnwise: true, values: 0, rank: 0, rows, columns })
export const denseOf = (rows: readonly number[], columns: readonly number[]): Structure =>
  structure({ ...plain, values: 'varies', rows, columns })
/** A diagonal: of one number, or of values that are equal along the axes `repeated`. */
export function diagonalOf(
  shape: readonly number[],
  values: Structure['values'],
  repeated: readonly number[] = [],
): Structure {
  const axes = shape.map((_, a) => a)
  return structure({
    ...plain,
    ...{ pairs: axes.map((a) => [a, a] as const), values, rows: shape, columns: shape },
    repeated: typeof values === 'number' ? axes : repeated,
  })
}

/** `f` after `g`. */
export function composed(f: Structure, g: Structure): Structure {
  const [rows, columns] = [f.rows, g.columns]
  if (f.values === 0 || g.values === 0) return zeroOf(rows, columns)
  return structure({
    pairs: f.pairs.flatMap(([a, m]) => g.pairs.flatMap(([n, e]) => (m === n ? [[a, e] as const] : []))),
    rowwise: f.rowwise && g.rowwise,
    columnwise: f.columnwise && g.columnwise,
    values: valuesOfProduct(f, g),
    repeated: f.repeated.filter((a) => {
      const m = f.pairs.find(([first]) => first === a)?.[1]
      return m !== undefined && g.repeated.includes(m)
    }),
    shifts: shiftsOfProduct(f, g),
    rank: Math.min(f.rank, g.rank),
    rows,
    columns,
  })
}
/** An entry is one product, not a sum, where rows of `f` or columns of `g` have one entry. */
function valuesOfProduct(f: Structure, g: Structure): Structure['values'] {
  if (typeof f.values === 'number' && typeof g.values === 'number' && (f.rowwise || g.columnwise))
    return f.values * g.values
  return f.values === 'varies' || g.values === 'varies' ? 'varies' : 'constant'
}
/** What is paired and repeated passes a shift on. Two shifts do not: at the edges, their product is cut off. */
function shiftsOfProduct(f: Structure, g: Structure): Structure['shifts'] {
  const alone = (s: Structure, row: number, column: number): boolean =>
    s.pairs.some(([a, e]) => a === row && e === column) && s.repeated.includes(row)
  const before = f.shifts.flatMap((s) =>
    g.pairs.flatMap(([m, e]) => (m === s.column && alone(g, m, e) ? [{ ...s, column: e }] : [])),
  )
  const after = g.shifts.flatMap((s) =>
    f.pairs.flatMap(([a, m]) => (m === s.row && alone(f, a, m) ? [{ ...s, row: a }] : [])),
  )
  return [...before, ...after]
}

/** The sum of two maps between the same values. */
export function added(f: Structure, g: Structure): Structure {
  if (f.values === 0) return g
  if (g.values === 0) return f
  const inBoth = <T>(xs: readonly T[], ys: readonly T[]): T[] => {
    const keys = new Set(ys.map((y) => JSON.stringify(y)))
    return xs.filter((x) => keys.has(JSON.stringify(x)))
  }
  return structure({
    pairs: inBoth(f.pairs, g.pairs),
    ...{ rowwise: false, columnwise: false, rows: f.rows, columns: f.columns, rank: f.rank + g.rank },
    values: f.values === 'varies' || g.values === 'varies' ? 'varies' : 'constant',
    repeated: inBoth(f.repeated, g.repeated),
    shifts: inBoth(f.shifts, g.shifts),
  })
}

export function transposed(f: Structure): Structure {
  const second = (a: number): number => f.pairs.find(([first]) => first === a)![1]
  return {
    ...f,
    pairs: f.pairs.map(([a, e]) => [e, a] as const),
    rowwise: f.columnwise,
    columnwise: f.rowwise,
    repeated: f.repeated.map(second),
    shifts: f.shifts.flatMap((s) => (s.stride === 1 ? [{ ...s, row: s.column, column: s.row }] : [])),
    rows: f.columns,
    columns: f.rows,
  }
}

/** All entries off the diagonal are 0; rows and columns are of one shape. */
export const isDiagonal = (s: Structure): boolean =>
  s.rows.length === s.columns.length &&
  s.rows.every((d, a) => d === s.columns[a] && (d === 1 || s.pairs.some(([i, e]) => i === a && e === a)))

/** One word or two for what a descriptor says. */
export function structureName(s: Structure): string {
  const least = Math.min(size(s.rows), size(s.columns))
  if (s.values === 0) return 'zero'
  if (isDiagonal(s)) {
    if (typeof s.values !== 'number') return s.values === 'constant' ? 'constant diagonal' : 'diagonal'
    return s.rank < least ? 'selection' : s.values === 1 ? 'identity' : `scale ${s.values}`
  }
  const times = s.values === 1 ? '' : ` · ${s.values}`
  if (typeof s.values === 'number') {
    if (s.rowwise && s.columnwise) return (size(s.rows) === size(s.columns) ? 'permutation' : 'selection') + times
    if (s.rowwise) return `broadcast${times}`
    if (s.columnwise) return `reduce${times}`
  }
  if (s.shifts.length > 0) return 'Toeplitz'
  if (s.pairs.length > 0) return s.repeated.length === s.pairs.length ? 'Kronecker I ⊗ W' : 'block-diagonal'
  if (s.rank < least) return `low rank ${s.rank}`
  return s.values === 'constant' ? 'constant' : 'dense'
}
