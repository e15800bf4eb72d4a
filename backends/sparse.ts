/**
 * Sparse matrices as runs hand them back.
 * Invariant: where the entries stand is the same arrays in every run of a plan; the values are the run's.
 * May not: compute.
 */
import type { TypedArray } from '../core/ir.ts'
import { integersOf } from '../planner/base64.ts'
import type { SparsePort } from '../planner/types.ts'

/** Compressed rows: row i has values[e] in column indices[e], for e from indptr[i] to before indptr[i + 1]. */
export interface Csr {
  readonly format: 'csr'
  readonly shape: readonly [number, number]
  readonly indptr: Int32Array
  readonly indices: Int32Array
  readonly values: Float64Array | Float32Array
}
/** values[e] stands in row rows[e] and column columns[e], sorted by rows, then columns. */
export interface Coo {
  readonly format: 'coo'
  readonly shape: readonly [number, number]
  readonly rows: Int32Array
  readonly columns: Int32Array
  readonly values: Float64Array | Float32Array
}
/** Equal blocks along the diagonal and nothing else: how many, and rows and columns of each; values [...size], row-major. */
export interface Blocks {
  readonly format: 'blocks'
  readonly shape: readonly [number, number]
  readonly size: readonly [number, number, number]
  readonly values: Float64Array | Float32Array
}
export type SparseMatrix = Csr | Coo | Blocks

/** What puts the values of a run into the matrix. */
export function matrixOf({ format, rows, columns, ...pattern }: SparsePort): (values: TypedArray) => SparseMatrix {
  const shape = Object.freeze([rows, columns] as const)
  const [indptr, indices] = [integersOf(pattern.indptr), integersOf(pattern.indices)]
  if (format === 'csr') return (values) => ({ format, shape, indptr, indices, values: values as Float64Array })
  if (format === 'blocks') {
    const across = indptr[1] ?? columns
    const many = across === 0 ? 1 : columns / across
    const size = Object.freeze([many, rows / many, across] as const)
    return (values) => ({ format, shape, size, values: values as Float64Array })
  }
  const own = new Int32Array(indices.length)
  for (let i = 0; i < rows; i++) own.fill(i, indptr[i]!, indptr[i + 1]!)
  return (values) => ({ format, shape, rows: own, columns: indices, values: values as Float64Array })
}

/** The numbers of any output. */
export const numbersOf = (output: TypedArray | number | SparseMatrix): ArrayLike<number> =>
  typeof output === 'number' ? [output] : 'format' in output ? output.values : output
