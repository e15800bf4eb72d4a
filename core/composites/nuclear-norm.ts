/**
 * The nuclear norm: the sum of singular values, as ⟨U, A⟩ with U the orthogonal polar factor of A, by Newton's iteration
 * X ← (X + X⁻ᵀ)/2 (Higham, Functions of Matrices, 2008, ch. 8). It converges with its derivatives, to any order.
 * May not: serve matrices without full rank, where the norm is not differentiable: the result is NaN or infinite.
 */
import { scan } from '../control/loops.ts'
import type { Node } from '../ir.ts'
import { inv } from '../linalg/solve.ts'
import { add, div, mul } from '../primitives/arithmetic.ts'
import { sum } from '../primitives/broadcast.ts'
import { cast } from '../primitives/cast.ts'
import { matmul } from '../primitives/contract.ts'
import { moveaxis, ownAxis, sizeOf, swapaxes } from './arranging.ts'
import { norm } from './statistics.ts'

/** Enough for a ratio of singular values of 10⁻⁹: one step halves what is too large, the last five converge. */
const STEPS = 40

/** Sum of the singular values of matrices of full rank (axes: rows, columns; default the last two). */
export function nuclearNorm(
  x: Node,
  o: { readonly axes?: readonly [number, number]; readonly keepDims?: boolean } = {},
): Node {
  const axes = (o.axes ?? [-2, -1]).map((a) => ownAxis('nuclearNorm', x, a))
  // Rounding of every step adds up in the derivatives: f64 inside.
  const given = moveaxis(cast(x, 'f64'), axes, [-2, -1])
  const last = given.shape.length - 1
  const [rows, columns] = [sizeOf('nuclearNorm', given, last - 1), sizeOf('nuclearNorm', given, last)]
  const tall = rows < columns ? swapaxes(given, -2, -1) : given
  const start = div(tall, norm(tall, 2, { axes: [-2, -1], keepDims: true }))
  const { carry } = scan({
    carry: { u: start },
    length: STEPS,
    body: ({ u }) => ({ carry: { u: mul(add(u, inverseTransposed(u, rows === columns)), 0.5) } }),
  })
  const values = sum(mul(carry.u, tall), { axes: [-2, -1], keepDims: true })
  return cast(o.keepDims ? moveaxis(values, [-2, -1], axes) : sum(values, { axes: [-2, -1] }), x.dtype)
}

/** X⁻ᵀ, or X(XᵀX)⁻¹ where there are more rows than columns. */
function inverseTransposed(x: Node, square: boolean): Node {
  const transposed = swapaxes(x, -2, -1)
  return square ? inv(transposed) : matmul(x, inv(matmul(transposed, x)))
}
