/**
 * Samples of matrices for the laws: well-conditioned, so that differences and single precision see what is exact.
 * Invariant: numbers on a k/1024 grid; every batch has another matrix.
 */
import type { Tensor } from '../ir.ts'
import { ramp } from '../samples.ts'
import { tensor } from '../shape.ts'

/** Numbers in (−½, ½), plus `weight` on a diagonal that is shifted by one from matrix to matrix: not symmetric, and pivots move. */
export function squares(dtype: 'f32' | 'f64', batch: readonly number[], n: number, weight = 3, turned = true): Tensor {
  const x = ramp(dtype, [...batch, n, n], 5, [-0.5, 0.5])
  const values = Array.from(x.data, (v, at) => {
    const [k, i, j] = [Math.floor(at / (n * n)), Math.floor(at / n) % n, at % n]
    return v + (j === (turned ? (i + k + 1) % n : i) ? weight : 0)
  })
  return tensor(dtype, x.shape, values)
}
