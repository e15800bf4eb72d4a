/**
 * lu: P·a = l·u with partial pivoting, for square matrices.
 * The value is Gaussian elimination as a loop over columns, each a swap of two rows and an update of rank 1, in place. Derivative, with the
 * rows of `a` in the order chosen: l⁻¹·da·u⁻¹ is l⁻¹·dl strictly below the diagonal and du·u⁻¹ on and above it
 * (de Hoog, Anderssen & Lukas, "Differentiation of matrix functionals using triangular factorization", 2011).
 * Invariant: of equal pivots the first is taken; a column without a pivot is left as it is, so a singular matrix has a 0 on the diagonal of u.
 */
import { scan } from '../control/loops.ts'
import { type Callable, op } from '../define.ts'
import type { JointMap, Node } from '../ir.ts'
import { makeNode } from '../node.ts'
import { abs, add, div, mul, neg, sub } from '../primitives/arithmetic.ts'
import { broadcast, sum } from '../primitives/broadcast.ts'
import { equal, greater, greaterEqual, where } from '../primitives/comparison.ts'
import { gather, iota, scatterAdd } from '../primitives/indexing.ts'
import { constant } from '../primitives/leaf.ts'
import { argmax } from '../primitives/reduce.ts'
import { result } from '../primitives/tuple.ts'
import { sizes, tensorType } from '../shape.ts'
import {
  alongColumns,
  batchOf,
  batchRank,
  columnIndex,
  downRows,
  everywhere,
  flipped,
  isEmpty,
  lastAt,
  product,
  requireSquare,
  rowAt,
  rowIndex,
  triangle,
} from './matrix.ts'
import { decomposed, eachMatrix } from './oracle.ts'
import { squares } from './samples.ts'
import { triangularSolve } from './triangular.ts'

/** The node of a factorisation: [packed l and u [..., n, n], permutation i32 [..., n], its parity i32 [...]]. Users write `lu`. */
export const luFactor: Callable<(a: Node) => Node> = op(
  {
    name: 'luFactor',
    facts: {},
    type: (_, [a]) => {
      requireSquare('lu', a!)
      const { dtype, shape } = a!
      const items = [tensorType(dtype, shape), tensorType('i32', shape.slice(0, -1)), tensorType('i32', batchOf(a!))]
      return { kind: 'tuple', items }
    },
    linear: (node) => linearLu(node),
    inline: ({ operands: [a] }) => eliminated(a!),
    batch: (_, [a]) => luOf(a!),
    evaluate: (_, [a]) => {
      const n = a!.shape.at(-1)!
      const shapes = [
        { dtype: a!.dtype, one: [n, n] },
        { dtype: 'i32', one: [n] },
        { dtype: 'i32', one: [] },
      ] as const
      return eachMatrix([a!], shapes, ([m]) => {
        const { packed, permutation, parity } = decomposed(m!)
        return [packed, permutation, [parity]]
      })
    },
    samples: (dtype) => [[], [2]].map((batch) => ({ operands: [squares(dtype, batch, 4)], params: {} })),
  },
  (a: Node): Node => makeNode(luFactor, [a], {}),
)
const luOf = (a: Node): Node[] => [0, 1, 2].map((i) => result(luFactor(a), i))

/** Rows of `x` in the order of `permutation`, and back. */
export const permuted = (x: Node, permutation: Node): Node =>
  makeNode(gather, [x, permutation], { batch: batchRank(x) })
export const restored = (x: Node, permutation: Node): Node =>
  makeNode(scatterAdd, [x, permutation], { batch: batchRank(x), size: sizes(x.shape.slice(-2, -1), 'lu')[0]! })

function linearLu(node: Node): JointMap {
  const [packed, permutation] = [result(node, 0), result(node, 1)]
  const l = (b: Node) => triangularSolve(packed, b, { lower: true, unit: true })
  const lt = (b: Node) => triangularSolve(flipped(packed), b, { lower: false, unit: true })
  const u = (b: Node) => triangularSolve(packed, b, { lower: false, unit: false })
  const ut = (b: Node) => triangularSolve(flipped(packed), b, { lower: true, unit: false })
  const below = (x: Node) => triangle(x, true, true)
  const above = (x: Node) => triangle(x, false, false)
  /** l itself, whose diagonal is 1, times a matrix, or its transpose. */
  const byL = (x: Node) => add(x, product(below(packed), x))
  const byLt = (x: Node) => add(x, product(flipped(below(packed)), x))
  return {
    kind: 'joint',
    push: ([t]) => {
      if (!t) return []
      const f = flipped(ut(flipped(l(permuted(t, permutation)))))
      return [add(byL(below(f)), product(above(f), above(packed)))]
    },
    pull: ([ct]) => {
      if (!ct) return [undefined]
      const f = add(below(byLt(below(ct))), above(product(above(ct), flipped(above(packed)))))
      return [restored(flipped(u(flipped(lt(f)))), permutation)]
    },
  }
}

const factors = new WeakMap<Node, readonly Node[]>()

/** The loop. All that is solved by one matrix shares it. */
export function eliminated(a: Node): readonly Node[] {
  const known = factors.get(a)
  if (known) return known
  const made = elimination(a)
  factors.set(a, made)
  return made
}

function elimination(a: Node): readonly Node[] {
  const rows = a.shape.slice(0, -1)
  const order = iota(rows, -1)
  const parity = broadcast(constant(1, 'i32'), batchOf(a), [])
  if (isEmpty(a)) return [a, order, parity]
  const { carry } = scan({
    carry: { a, order, parity },
    over: { k: iota([a.shape.at(-1)!]) },
    body: (c, { k }) => {
      const p = pivotRow(lastAt(c.a, k), k)
      const swapped = exchangeRows(c.a, k, p)
      const parity = where(equal(p, k), c.parity, neg(c.parity))
      return { carry: { a: reduced(swapped, k), order: exchange(c.order, k, p), parity } }
    },
  })
  return [carry.a, carry.order, carry.parity]
}

/** Of the rows from k on, the one with the first largest element of `column`. */
function pivotRow(column: Node, k: Node): Node {
  return argmax(where(greaterEqual(iota(column.shape, -1), k), abs(column), -1), -1)
}

/** Elements k and p of every vector change places; `p` is one index a vector. */
function exchange(v: Node, k: Node, p: Node): Node {
  const i = iota(v.shape, -1)
  const second = equal(i, everywhere(p, v))
  const found = sum(where(second, v, constant(0, v.dtype)), { axes: -1 })
  return where(equal(i, k), everywhere(found, v), where(second, everywhere(lastAt(v, k), v), v))
}

/** Rows k and p of every matrix change places. */
export function exchangeRows(a: Node, k: Node, p: Node): Node {
  const second = equal(rowIndex(a), everywhere(p, a))
  const found = sum(where(second, a, constant(0, a.dtype)), { axes: -2 })
  return where(equal(rowIndex(a), k), alongColumns(found, a), where(second, alongColumns(rowAt(a, k), a), a))
}

/** Below row k: factors in column k, and what they leave in the columns after it. */
function reduced(a: Node, k: Node): Node {
  const [column, row] = [lastAt(a, k), rowAt(a, k)]
  const pivot = lastAt(row, k)
  const divisor = everywhere(where(equal(pivot, 0), 1, pivot), column)
  const factor = downRows(div(column, divisor), a)
  const rest = sub(a, mul(factor, alongColumns(row, a)))
  const j = columnIndex(a)
  return where(greater(rowIndex(a), k), where(greater(j, k), rest, where(equal(j, k), factor, a)), a)
}

/** The factors of P·a = l·u: row i of l·u is row permutation[i] of `a`. The same over leading axes. Source: LAPACK getrf. */
export function lu(a: Node): { readonly l: Node; readonly u: Node; readonly permutation: Node } {
  const [packed, permutation] = luOf(a) as [Node, Node]
  const unit = equal(rowIndex(packed), columnIndex(packed))
  return { l: where(unit, 1, triangle(packed, true, true)), u: triangle(packed, false, false), permutation }
}
