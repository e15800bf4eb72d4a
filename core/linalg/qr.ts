/**
 * qr: a = q·r, q with orthonormal columns, for matrices with at least as many rows as columns.
 * The value is Householder's reflections, one a column (Golub & Van Loan, 4th ed., §5.2), with the signs of LAPACK: the diagonal of r is against the
 * sign of what it replaces. Derivative: Walter & Lehmann, "Algorithmic differentiation of linear algebra functions", 2012, §3.2.
 * Invariant: a column that is already reduced is left as it is. At full rank only is there a derivative.
 */
import { scan } from '../control/loops.ts'
import { type Callable, op } from '../define.ts'
import type { JointMap, Node, Tensor } from '../ir.ts'
import { makeNode, operandError } from '../node.ts'
import { add, div, mul, sqrt, sub } from '../primitives/arithmetic.ts'
import { broadcast, sum } from '../primitives/broadcast.ts'
import { equal, greater, greaterEqual, less, where } from '../primitives/comparison.ts'
import { concat } from '../primitives/concat.ts'
import { iota } from '../primitives/indexing.ts'
import { slice } from '../primitives/layout.ts'
import { constant } from '../primitives/leaf.ts'
import { result } from '../primitives/tuple.ts'
import { tensorType } from '../shape.ts'
import {
  alongColumns,
  batchOf,
  downRows,
  everywhere,
  flipped,
  halfTriangle,
  identityLike,
  isEmpty,
  lastAt,
  product,
  requireMatrix,
  sidesOf,
  triangle,
} from './matrix.ts'
import { eachMatrix, reflected } from './oracle.ts'
import { squares } from './samples.ts'
import { triangularSolve } from './triangular.ts'

/** The node of a factorisation: [q [..., m, n], r [..., n, n]]. Users write `qr`. */
export const qrFactor: Callable<(a: Node) => Node> = op(
  {
    name: 'qrFactor',
    facts: {},
    type: (_, [a]) => {
      requireMatrix('qr', a!)
      const [m, n] = sidesOf('qr', a!)
      if (m < n) throw operandError(`qr: ${m} rows are fewer than ${n} columns`, [a!])
      return { kind: 'tuple', items: [a!.type as never, tensorType(a!.dtype, [...batchOf(a!), n, n])] }
    },
    linear: (node) => linearQr(node),
    inline: ({ operands: [a] }) => reflections(a!),
    batch: (_, [a]) => [0, 1].map((i) => result(qrFactor(a!), i)),
    evaluate: (_, [a]) => evaluateQr(a!),
    samples: (dtype) => [
      { operands: [squares(dtype, [], 3)], params: {} },
      { operands: [tall(dtype)], params: {} },
    ],
  },
  (a: Node): Node => makeNode(qrFactor, [a], {}),
)

/** Two matrices of 4 × 3. */
function tall(dtype: 'f32' | 'f64'): Tensor {
  const x = squares(dtype, [2], 4)
  return { ...x, shape: [2, 4, 3], data: x.data.filter((_, at) => at % 4 < 3) }
}

function evaluateQr(a: Tensor): Tensor[] {
  const [m, n] = a.shape.slice(-2) as [number, number]
  const shapes = [
    { dtype: a.dtype, one: [m, n] },
    { dtype: a.dtype, one: [n, n] },
  ]
  return eachMatrix([a], shapes, ([x]) => reflected(x!))
}

/** da·r⁻¹ = dq + q·(dr·r⁻¹): the part within the span of q is skew plus upper. */
function linearQr(node: Node): JointMap {
  const [q, r] = [result(node, 0), result(node, 1)]
  const qt = flipped(q)
  /** x·r⁻¹ and x·r⁻ᵀ. */
  const overR = (x: Node) => flipped(triangularSolve(flipped(r), flipped(x), { lower: true, unit: false }))
  const overRt = (x: Node) => flipped(triangularSolve(r, flipped(x), { lower: false, unit: false }))
  const lower = (x: Node) => triangle(x, true, true)
  return {
    kind: 'joint',
    push: ([t]) => {
      if (!t) return []
      const c = overR(t)
      const inner = product(qt, c)
      const skew = sub(lower(inner), flipped(lower(inner)))
      return [add(sub(c, product(q, inner)), product(q, skew)), product(sub(inner, skew), r)]
    },
    pull: ([cq, cr]) => {
      const m = [cr && product(r, flipped(cr)), cq && flipped(product(qt, cq))].filter((x) => x !== undefined)
      const both = cr && cq ? sub(m[0]!, m[1]!) : cr ? m[0]! : sub(constantLike(m[0]!), m[0]!)
      const symmetric = halfSymmetric(both)
      const inner = product(q, symmetric)
      return [overRt(cq ? add(cq, inner) : inner)]
    },
  }
}
const constantLike = (x: Node): Node => broadcast(constant(0, x.dtype), x.shape, [])
/** The lower triangle, on both sides of the diagonal. */
const halfSymmetric = (x: Node): Node => add(halfTriangle(x), flipped(halfTriangle(x)))

/** A loop over columns, each a reflection of what is left of the matrix and of q. */
function reflections(a: Node): readonly Node[] {
  const [m, n] = sidesOf('qr', a)
  const square = identityLike(product(a, flipped(a)))
  const first = (x: Node, rows: number) =>
    slice(x, ...x.shape.map((d, i): [number, number] => [0, size(x, i, n, rows, d)]))
  if (isEmpty(a) || n === 0) return [first(square, m), first(a, n)]
  const { carry } = scan({
    carry: { a, q: square },
    over: { k: iota([n]) },
    body: (c, { k }) => {
      const v = mirror(lastAt(c.a, k), k)
      // H·x = x − v·(vᵀ·x) where vᵀ·v = 2.
      const turned = sub(c.a, mul(downRows(v, c.a), alongColumns(dotRows(v, c.a), c.a)))
      const q = sub(c.q, mul(downRows(dotColumns(v, c.q), c.q), alongColumns(v, c.q)))
      return { carry: { a: turned, q } }
    },
  })
  return [first(carry.q, m), triangle(first(carry.a, n), false, false)]
}
const size = (x: Node, axis: number, columns: number, rows: number, whole: unknown): number =>
  axis === x.shape.length - 1 ? columns : axis === x.shape.length - 2 ? rows : (whole as number)
const dotRows = (v: Node, x: Node): Node => sum(mul(downRows(v, x), x), { axes: -2 })
const dotColumns = (v: Node, x: Node): Node => sum(mul(alongColumns(v, x), x), { axes: -1 })

/** The vector v of the reflection that leaves `column` nothing below row k, of squared length 2; 0 where nothing is there. */
function mirror(column: Node, k: Node): Node {
  const i = iota(column.shape, -1)
  const zero = constant(0, column.dtype)
  const x = where(greaterEqual(i, k), column, zero)
  const below = where(greater(i, k), column, zero)
  const nothing = equal(sum(mul(below, below), { axes: -1 }), 0)
  const pivot = lastAt(column, k)
  const length = sqrt(sum(mul(x, x), { axes: -1 }))
  const to = where(less(pivot, 0), length, sub(0, length))
  const raw = sub(x, where(equal(i, k), everywhere(to, x), zero))
  // ‖x − to·e‖² = 2·to·(to − pivot)
  const scale = sqrt(mul(to, sub(to, pivot)))
  return where(everywhere(nothing, x), zero, div(raw, everywhere(where(nothing, 1, scale), x)))
}

/**
 * [..., m, n] → q [..., m, k] and r [..., k, n], k the smaller of m and n: a = q·r, r upper. Of wide matrices the first m columns decide q.
 * Source: Array API; the signs are LAPACK's.
 */
export function qr(a: Node): { readonly q: Node; readonly r: Node } {
  requireMatrix('qr', a)
  const [m, n] = sidesOf('qr', a)
  const part = (from: number, to: number) =>
    slice(a, ...a.shape.map((d, i): [number, number] => (i === a.shape.length - 1 ? [from, to] : [0, d as number])))
  const node = qrFactor(m < n ? part(0, m) : a)
  const [q, r] = [result(node, 0), result(node, 1)]
  return m < n ? { q, r: concat([r, product(flipped(q), part(m, n))], -1) } : { q, r }
}
