/**
 * What `evaluate` of the ops of this folder computes: the textbook algorithms, in float64, matrix by matrix.
 * Invariant: independent of the loops that run (triangular.ts, cholesky.ts, lu.ts); each column of a right side is solved on its own.
 * May not: be clever. (Golub & Van Loan, Matrix Computations, 4th ed., §3.1, §3.4, §4.2.)
 */
import type { Tensor } from '../ir.ts'
import { tensor } from '../shape.ts'

/** A matrix: rows × columns numbers, row-major. */
export interface Matrix {
  readonly rows: number
  readonly columns: number
  readonly data: Float64Array
}

/** `f` of the k-th matrix of every operand, the results stacked: of shape [batch…, ...one] each. */
export function eachMatrix(
  operands: readonly Tensor[],
  shapes: readonly { readonly dtype: Tensor['dtype']; readonly one: readonly number[] }[],
  f: (matrices: readonly Matrix[]) => readonly ArrayLike<number>[],
): Tensor[] {
  const batch = operands[0]!.shape.slice(0, -2)
  const total = batch.reduce((n, d) => n * d, 1)
  const made = shapes.map((s) => tensor(s.dtype, [...batch, ...s.one], []))
  for (let k = 0; k < total; k++) {
    const matrices = operands.map((x) => {
      const [rows, columns] = x.shape.slice(-2) as [number, number]
      const size = rows * columns
      return { rows, columns, data: Float64Array.from(x.data.subarray(k * size, (k + 1) * size)) }
    })
    f(matrices).forEach((values, i) => made[i]!.data.set(values, k * values.length))
  }
  return made
}

/** x with a·x = b, of one triangle of `a`. */
export function substituted(a: Matrix, b: Matrix, lower: boolean, unit: boolean): Float64Array {
  const n = a.rows
  const x = b.data.slice()
  for (let c = 0; c < b.columns; c++) {
    for (let step = 0; step < n; step++) {
      const i = lower ? step : n - 1 - step
      let sum = x[i * b.columns + c]!
      for (let j = lower ? 0 : i + 1; j < (lower ? i : n); j++) sum -= a.data[i * n + j]! * x[j * b.columns + c]!
      x[i * b.columns + c] = unit ? sum : sum / a.data[i * n + i]!
    }
  }
  return x
}

/** The lower factor l of (a + aᵀ)/2 = l·lᵀ. */
export function factored({ rows: n, data: a }: Matrix): Float64Array {
  const l = new Float64Array(n * n)
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = (a[i * n + j]! + a[j * n + i]!) / 2
      for (let k = 0; k < j; k++) sum -= l[i * n + k]! * l[j * n + k]!
      l[i * n + j] = i === j ? Math.sqrt(sum) : sum / l[j * n + j]!
    }
  }
  return l
}

export interface Lu {
  /** Strictly below the diagonal l (whose diagonal is 1), else u. */
  readonly packed: Float64Array
  /** Row i of l·u is this row of the matrix. */
  readonly permutation: number[]
  /** Of the permutation: 1 or −1. */
  readonly parity: number
}

/** The first largest pivot of each column comes up. A column without a pivot is left as it is. */
export function decomposed({ rows: n, data }: Matrix): Lu {
  const a = data.slice()
  const permutation = Array.from({ length: n }, (_, i) => i)
  let parity = 1
  for (let k = 0; k < n; k++) {
    let p = k
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]!) > Math.abs(a[p * n + k]!)) p = i
    if (p !== k) {
      for (let j = 0; j < n; j++) [a[k * n + j], a[p * n + j]] = [a[p * n + j]!, a[k * n + j]!]
      ;[permutation[k], permutation[p]] = [permutation[p]!, permutation[k]!]
      parity = -parity
    }
    const pivot = a[k * n + k]!
    for (let i = k + 1; i < n; i++) {
      const factor = pivot === 0 ? 0 : a[i * n + k]! / pivot
      a[i * n + k] = factor
      for (let j = k + 1; j < n; j++) a[i * n + j]! -= factor * a[k * n + j]!
    }
  }
  return { packed: a, permutation, parity }
}

/** x with a·x = b, or aᵀ·x = b. */
export function solved(a: Matrix, b: Matrix, transposed: boolean): Float64Array {
  const { rows: n } = a
  const m = b.columns
  const { packed, permutation } = decomposed(transposed ? { ...a, data: flippedData(a) } : a)
  const lu = { rows: n, columns: n, data: packed }
  const moved = new Float64Array(n * m)
  permutation.forEach((from, i) => moved.set(b.data.subarray(from * m, (from + 1) * m), i * m))
  const half = substituted(lu, { ...b, data: moved }, true, true)
  return substituted(lu, { ...b, data: half }, false, false)
}

const flippedData = ({ rows: n, data }: Matrix): Float64Array =>
  Float64Array.from(data, (_, i) => data[(i % n) * n + Math.floor(i / n)]!)

export const unitMatrix = (n: number): Matrix => ({
  rows: n,
  columns: n,
  data: Float64Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0)),
})

/** a·v with orthogonal columns, and v: every pair of columns turned, `sweeps` times over. */
export function orthogonalised(a: Matrix, sweeps: number): { w: Float64Array; v: Float64Array } {
  const { rows: m, columns: n } = a
  const [w, v] = [a.data.slice(), unitMatrix(n).data]
  const turn = (x: Float64Array, rows: number, p: number, q: number, c: number, s: number): void => {
    for (let i = 0; i < rows; i++) {
      const [one, other] = [x[i * n + p]!, x[i * n + q]!]
      x[i * n + p] = c * one - s * other
      x[i * n + q] = s * one + c * other
    }
  }
  const dot = (p: number, q: number): number => {
    let sum = 0
    for (let i = 0; i < m; i++) sum += w[i * n + p]! * w[i * n + q]!
    return sum
  }
  for (let sweep = 0; sweep < sweeps; sweep++)
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const between = dot(p, q)
        if (between === 0) continue
        const zeta = (dot(q, q) - dot(p, p)) / (2 * between)
        const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta))
        const c = 1 / Math.sqrt(1 + t * t)
        turn(w, m, p, q, c, c * t)
        turn(v, n, p, q, c, c * t)
      }
  return { w, v }
}

/** q and r of a = q·r, by reflections; a column with nothing below its diagonal is left. */
export function reflected({ rows: m, columns: n, data }: Matrix): [Float64Array, Float64Array] {
  const r = data.slice()
  const q = unitMatrix(m).data
  for (let k = 0; k < n; k++) {
    const v = Array.from({ length: m }, (_, i) => (i < k ? 0 : r[i * n + k]!))
    const length = Math.hypot(...v)
    if (v.slice(k + 1).every((x) => x === 0)) continue
    v[k]! += v[k]! < 0 ? -length : length
    const squared = v.reduce((s, x) => s + x * x, 0)
    const turn = (x: Float64Array, columns: number, byRows: boolean): void => {
      for (let c = 0; c < (byRows ? m : columns); c++) {
        const at = (i: number) => (byRows ? c * columns + i : i * columns + c)
        const dot = (2 * v.reduce((s, y, i) => s + y * x[at(i)]!, 0)) / squared
        v.forEach((y, i) => {
          x[at(i)]! -= dot * y
        })
      }
    }
    turn(r, n, false)
    turn(q, m, true)
  }
  const first = Float64Array.from({ length: m * n }, (_, at) => q[Math.floor(at / n) * m + (at % n)]!)
  return [first, r.slice(0, n * n).map((x, at) => (at % n < Math.floor(at / n) ? 0 : x))]
}
