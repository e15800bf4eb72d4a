/**
 * Determinants: det, and sign and logarithm for large ones.
 * Invariant: det up to 32 × 32 is a polynomial to its derivatives: elimination with complete pivoting, so that whatever vanishes comes last,
 * down to a 4 × 4 rest, which is expanded without a division. Its first derivative is right for every matrix; all others are for matrices of rank
 * n − 4 or more. Larger ones, and slogdet, come of `lu`: right where the matrix is regular.
 * May not: divide by a pivot that is 0.
 */

import { diagonal } from '../composites/diagonals.ts'
import { scan } from '../control/loops.ts'
import type { Node } from '../ir.ts'
import { abs, add, div, mul, sub } from '../primitives/arithmetic.ts'
import { broadcast, sum } from '../primitives/broadcast.ts'
import { cast, stopGradient } from '../primitives/cast.ts'
import { equal, greater, greaterEqual, logicalAnd, signOf, where } from '../primitives/comparison.ts'
import { log } from '../primitives/exponential.ts'
import { iota } from '../primitives/indexing.ts'
import { slice } from '../primitives/layout.ts'
import { constant } from '../primitives/leaf.ts'
import { prod } from '../primitives/product.ts'
import { argmax, max } from '../primitives/reduce.ts'
import { result } from '../primitives/tuple.ts'
import { exchangeRows, luFactor } from './lu.ts'
import {
  alongColumns,
  batchOf,
  columnIndex,
  downRows,
  everywhere,
  flipped,
  lastAt,
  requireSquare,
  rowAt,
  rowIndex,
  sidesOf,
} from './matrix.ts'

const SMALL = 4
const POLYNOMIAL = 32

/** [..., n, n] → the determinants [...]. Source: Array API. */
export function det(a: Node): Node {
  requireSquare('det', a)
  const [n] = sidesOf('det', a)
  if (n <= SMALL) return expanded(a, n)
  if (n <= POLYNOMIAL) return pivoted(a, n)
  const factors = luFactor(a)
  return mul(cast(result(factors, 2), a.dtype), prod(diagonal(result(factors, 0)), { axes: -1 }))
}

/** Sign (1, −1, or 0 of a singular matrix) and logarithm of |det| of [..., n, n], where det itself would overflow. Source: NumPy. */
export function slogdet(a: Node): { readonly sign: Node; readonly logAbsDet: Node } {
  requireSquare('slogdet', a)
  const factors = luFactor(a)
  const pivots = diagonal(result(factors, 0))
  const sign = mul(cast(result(factors, 2), a.dtype), prod(signOf(pivots), { axes: -1 }))
  return { sign, logAbsDet: sum(log(abs(pivots)), { axes: -1 }) }
}

/** Laplace's expansion along the first row, of the matrix that is left of columns `columns` from row `row` on. */
function minor(a: readonly (readonly Node[])[], row: number, columns: readonly number[]): Node {
  const [first, ...others] = columns as [number, ...number[]]
  if (others.length === 0) return a[row]![first]!
  const terms = columns.map((c) =>
    mul(
      a[row]![c]!,
      minor(
        a,
        row + 1,
        columns.filter((o) => o !== c),
      ),
    ),
  )
  return terms.reduce((s, t, i) => (i % 2 === 0 ? add(s, t) : sub(s, t)))
}

function expanded(a: Node, n: number): Node {
  if (n === 0) return broadcast(constant(1, a.dtype), batchOf(a), [])
  const all = batchOf(a).map(() => [0, null] as const)
  const at = (i: number, j: number) => sum(slice(a, ...all, [i, i + 1], [j, j + 1]), { axes: [-2, -1] })
  const places = Array.from({ length: n }, (_, i) => i)
  return minor(
    places.map((i) => places.map((j) => at(i, j))),
    0,
    places,
  )
}

/** Elimination with complete pivoting: a loop down to the last 4 rows and columns. */
function pivoted(a: Node, n: number): Node {
  const { carry } = scan({
    carry: { a, factor: broadcast(constant(1, a.dtype), batchOf(a), []) },
    over: { k: iota([n - SMALL]) },
    body: (c, { k }) => {
      const { a, sign } = brought(c.a, k)
      const row = rowAt(a, k)
      const column = lastAt(a, k)
      const pivot = lastAt(row, k)
      const divisor = where(equal(pivot, 0), 1, pivot)
      const ratio = div(column, everywhere(divisor, column))
      const rest = sub(a, mul(downRows(ratio, a), alongColumns(row, a)))
      const inside = logicalAnd(greater(rowIndex(a), k), greater(columnIndex(a), k))
      return { carry: { a: where(inside, rest, a), factor: mul(c.factor, mul(pivot, sign)) } }
    },
  })
  const all = batchOf(a).map(() => [0, null] as const)
  return mul(carry.factor, expanded(slice(carry.a, ...all, [n - SMALL, n], [n - SMALL, n]), SMALL))
}

/** The largest element from row and column k on, brought to [k, k]; and the sign of the two exchanges. */
function brought(a: Node, k: Node): { a: Node; sign: Node } {
  const inside = logicalAnd(greaterEqual(rowIndex(a), k), greaterEqual(columnIndex(a), k))
  const size = where(inside, abs(stopGradient(a)), constant(-1, a.dtype))
  const p = argmax(max(size, { axes: -1 }), -1)
  const first = exchangeRows(a, k, p)
  const row = stopGradient(rowAt(first, k))
  const q = argmax(where(greaterEqual(iota(row.shape, -1), k), abs(row), constant(-1, a.dtype)), -1)
  const sign = (at: Node) => where(equal(at, k), constant(1, a.dtype), constant(-1, a.dtype))
  return { a: flipped(exchangeRows(flipped(first), k, q)), sign: mul(sign(p), sign(q)) }
}
