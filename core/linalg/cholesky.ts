/**
 * cholesky: the lower l with l·lᵀ = a, for symmetric positive definite matrices; NaN from the first pivot on that is not positive.
 * Reads (a + aᵀ)/2, so the derivative is symmetric whatever the caller moves: dl = l·Φ(l⁻¹·da·l⁻ᵀ), Φ the lower triangle with half its
 * diagonal (Giles 2008; Murray, "Differentiation of the Cholesky decomposition", 2016, eq. 8, 10).
 */
import { scan } from '../control/loops.ts'
import { type Callable, op } from '../define.ts'
import type { JointMap, Node } from '../ir.ts'
import { div, mul, sqrt, sub } from '../primitives/arithmetic.ts'
import { greaterEqual, where } from '../primitives/comparison.ts'
import { iota } from '../primitives/indexing.ts'
import { transpose } from '../primitives/layout.ts'
import { constant } from '../primitives/leaf.ts'
import { result } from '../primitives/tuple.ts'
import {
  alongColumns,
  batchRank,
  downRows,
  everywhere,
  flipped,
  halfTriangle,
  isEmpty,
  item,
  lastAt,
  product,
  requireSquare,
  symmetric,
  typeOf,
} from './matrix.ts'
import { eachMatrix, factored } from './oracle.ts'
import { squares } from './samples.ts'
import { triangularSolve } from './triangular.ts'

/** The node of a factorisation. Users write `cholesky`. */
export const choleskyFactor: Callable<(a: Node) => Node> = op(
  {
    name: 'choleskyFactor',
    facts: {},
    type: (_, [a]) => {
      requireSquare('cholesky', a!)
      return { kind: 'tuple', items: [typeOf(a!)] }
    },
    linear: (node) => linearCholesky(result(node, 0)),
    inline: ({ operands: [a] }) => [columns(symmetric(a!))],
    batch: (_, [a]) => [choleskyFactor(a!)],
    evaluate: (_, [a]) => eachMatrix([a!], [{ dtype: a!.dtype, one: a!.shape.slice(-2) }], ([m]) => [factored(m!)]),
    samples: (dtype) => [[], [2]].map((batch) => ({ operands: [squares(dtype, batch, 3, 3, false)], params: {} })),
  },
  (a: Node): Node => item(choleskyFactor, [a]),
)

function linearCholesky(l: Node): JointMap {
  const solve = (b: Node) => triangularSolve(l, b, { lower: true, unit: false })
  const back = (b: Node) => triangularSolve(flipped(l), b, { lower: false, unit: false })
  return {
    kind: 'joint',
    push: ([t]) => [t && product(l, halfTriangle(solve(flipped(solve(symmetric(t))))))],
    pull: ([ct]) => {
      const middle = halfTriangle(product(flipped(l), ct!))
      return [symmetric(back(flipped(back(flipped(middle)))))]
    },
  }
}

/** A loop: each column of l, and what it leaves of the rest. */
function columns(a: Node): Node {
  if (isEmpty(a)) return a
  const rank = batchRank(a)
  const { out } = scan({
    carry: { rest: a },
    over: { k: iota([a.shape.at(-1)!]) },
    body: ({ rest }, { k }) => {
      const column = lastAt(rest, k)
      const scaled = div(column, everywhere(sqrt(lastAt(column, k)), column))
      const own = where(greaterEqual(iota(column.shape, -1), k), scaled, constant(0, column.dtype))
      return { carry: { rest: sub(rest, mul(downRows(own, rest), alongColumns(own, rest))) }, out: { own } }
    },
  })
  return transpose(out.own, [...Array.from({ length: rank }, (_, i) => i + 1), rank + 1, 0])
}

/** [..., n, n] → the lower factor, or the `upper` one. Of (a + aᵀ)/2. Source: Array API, PyTorch. */
export function cholesky(a: Node, options: { readonly upper?: boolean } = {}): Node {
  const l = choleskyFactor(a)
  return options.upper ? flipped(l) : l
}
