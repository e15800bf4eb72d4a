/**
 * What PyTorch's operators are in our ops, and why the others are not covered.
 * Invariant: every operator of a corpus is either built or named here with its reason.
 * Where conventions differ at a single point, `conventions` says so; no case is skipped for it silently.
 */
import type { Builder } from './call.ts'
import { elementwise } from './operators-elementwise.ts'
import { indexing } from './operators-index.ts'
import { joining } from './operators-joining.ts'
import { linalg } from './operators-linalg.ts'
import { losses } from './operators-loss.ts'
import { order } from './operators-order.ts'
import { product } from './operators-product.ts'
import { reduce } from './operators-reduce.ts'
import { shape } from './operators-shape.ts'
import { spatial } from './operators-spatial.ts'
import { statistics } from './operators-statistics.ts'

export const operators: { readonly [name: string]: Builder } = {
  ...elementwise,
  ...shape,
  ...indexing,
  ...order,
  ...reduce,
  ...product,
  ...linalg,
  ...losses,
  ...spatial,
  ...joining,
  ...statistics,
}

const because = (reason: string, names: string): (readonly [string, string])[] =>
  names.split(/\s+/).map((name) => [name, reason] as const)

/** Operators without a builder. One that is missing here too is reported as 'not in the table'. */
export const uncovered: { readonly [name: string]: string } = Object.fromEntries([
  ...because('eigenvalues of matrices that are not symmetric are complex', 'linalg.eig linalg.eigvals'),
  ...because(
    'the signs of eigenvectors and singular vectors are a choice, and LAPACK makes another',
    'linalg.svd svd linalg.eigh symeig pca_lowrank svd_lowrank',
  ),
  ...because(
    'LU of square matrices only, with a permutation instead of exchanges',
    'linalg.lu_factor linalg.lu_factor_ex lu',
  ),
  ...because(
    'no LDLᵀ, no products of reflections',
    'linalg.ldl_factor linalg.ldl_factor_ex linalg.ldl_solve geqrf ormqr linalg.householder_product',
  ),
  ...because('no matrix exponential', 'matrix_exp'),
  ...because('it also gives residuals, ranks and singular values; leastSquares is the solution', 'linalg.lstsq'),
])

/** Conventions at single points where PyTorch's derivative is not ours (ours: ARCHITECTURE.md, "Numerics"). */
export const conventions: readonly string[] = [
  'linalg.vector_norm of a fractional order: PyTorch 1.13 rounds the order to float32, 10⁻⁸ of the value; here it is exact',
  'norm at 0: the first derivative is 0 in both; the second is NaN in PyTorch, 0 here',
]
