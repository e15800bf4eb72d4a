/**
 * Linear least squares by Householder reflections (Golub & Van Loan, Matrix Computations, 4th ed., §5.2).
 * Invariant: matrices are row-major, rows ≥ columns; columns are scaled to length 1 first, so units do not matter.
 */

export interface Solved {
  /** argmin |A x − b|. */
  readonly x: Float64Array
  /** √ of the diagonal of (AᵀA)⁻¹. */
  readonly deviations: Float64Array
}

/** Reflects A (and b with it) into R, the upper triangle. */
function triangularise(a: Float64Array, b: Float64Array, n: number): void {
  const m = b.length
  for (let k = 0; k < n; k++) {
    let norm = 0
    for (let i = k; i < m; i++) norm = Math.hypot(norm, a[i * n + k]!)
    if (norm === 0) continue
    const alpha = a[k * n + k]! > 0 ? -norm : norm
    const v = Float64Array.from({ length: m - k }, (_, i) => a[(k + i) * n + k]! - (i === 0 ? alpha : 0))
    const length = v.reduce((s, x) => s + x * x, 0)
    const reflect = (at: (i: number) => number, put: (i: number, x: number) => void): void => {
      const dot = (2 / length) * v.reduce((s, x, i) => s + x * at(k + i), 0)
      v.forEach((x, i) => put(k + i, at(k + i) - dot * x))
    }
    for (let j = k; j < n; j++)
      reflect(
        (i) => a[i * n + j]!,
        (i, x) => (a[i * n + j] = x),
      )
    reflect(
      (i) => b[i]!,
      (i, x) => (b[i] = x),
    )
  }
}

/** R x = b for the upper triangle of `a`. */
function backward(a: Float64Array, b: ArrayLike<number>, n: number): Float64Array {
  const x = new Float64Array(n)
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]!
    for (let j = i + 1; j < n; j++) sum -= a[i * n + j]! * x[j]!
    x[i] = sum / a[i * n + i]!
  }
  return x
}

export function leastSquares(matrix: ArrayLike<number>, right: ArrayLike<number>, n: number): Solved {
  const [a, b] = [Float64Array.from(matrix), Float64Array.from(right)]
  const scale = columnNorms(a, n).map((s) => s || 1)
  a.forEach((v, i) => (a[i] = v / scale[i % n]!))
  triangularise(a, b, n)
  const x = backward(a, b, n).map((v, j) => v / scale[j]!)
  // (AᵀA)⁻¹ = R⁻¹R⁻ᵀ: the squared length of row j of R⁻¹.
  const squares = new Float64Array(n)
  for (let k = 0; k < n; k++)
    backward(
      a,
      Float64Array.from({ length: n }, (_, i) => Number(i === k)),
      n,
    ).forEach((v, j) => (squares[j]! += v * v))
  return { x, deviations: squares.map((s, j) => Math.sqrt(s) / scale[j]!) }
}

export function columnNorms(a: ArrayLike<number>, n: number): Float64Array {
  const norms = new Float64Array(n)
  for (let i = 0; i < a.length; i++) norms[i % n] = Math.hypot(norms[i % n]!, a[i]!)
  return norms
}
