/**
 * Matrices on the last two axes of a node: what the ops of this folder share.
 * Invariant: leading axes are a batch, the same for all operands of an op; vectors and scalars of a matrix keep them.
 * May not: compute anything that is not a view, a mask or a product.
 */
import { asNode } from '../define.ts'
import type { Dim, Node, Op, Params, TensorType } from '../ir.ts'
import { makeNode, operandError } from '../node.ts'
import { add, mul } from '../primitives/arithmetic.ts'
import { broadcast } from '../primitives/broadcast.ts'
import { equal, greater, greaterEqual, indicator, less, lessEqual, where } from '../primitives/comparison.ts'
import { contract } from '../primitives/contract.ts'
import { gather, iota } from '../primitives/indexing.ts'
import { transpose } from '../primitives/layout.ts'
import { constant } from '../primitives/leaf.ts'
import { result } from '../primitives/tuple.ts'
import { isFloat, sameShape, showType, sizes } from '../shape.ts'

export const typeOf = (x: Node): TensorType => x.type as TensorType
/** The batch axes of a matrix. */
export const batchOf = (x: Node): readonly Dim[] => x.shape.slice(0, -2)
export const batchRank = (x: Node): number => x.shape.length - 2

/** [rows, columns] of the matrices of `x`. */
export function sidesOf(name: string, x: Node): readonly [number, number] {
  return sizes(x.shape.slice(-2), name) as readonly [number, number]
}
export const isEmpty = (x: Node): boolean => x.shape.includes(0)

export function requireMatrix(name: string, x: Node): void {
  if (!isFloat(asNode(x, name).dtype))
    throw operandError(`${name}: needs f32 or f64, got ${x.dtype}`, [x], "cast(…, 'f64')")
  if (x.shape.length < 2) throw operandError(`${name}: needs a matrix, got ${showType(x.type)}`, [x])
}
export function requireSquare(name: string, x: Node): void {
  requireMatrix(name, x)
  const [m, n] = x.shape.slice(-2)
  if (m !== n) throw operandError(`${name}: the matrix is not square, ${m} × ${n}`, [x])
}
/** Square `a`, and `b` with as many rows, the same batch and dtype. */
export function requireSystem(name: string, a: Node, b: Node): void {
  requireSquare(name, a)
  requireMatrix(name, b)
  if (a.dtype !== b.dtype)
    throw operandError(`${name}: dtypes differ, ${a.dtype} ≠ ${b.dtype}`, [a, b], `cast(…, '${a.dtype}')`)
  if (a.shape.at(-1) !== b.shape.at(-2) || !sameShape(batchOf(a), batchOf(b)))
    throw operandError(`${name}: ${showType(a.type)} and ${showType(b.type)} do not fit`, [a, b])
}

/** Result `index` of the tuple that `op` makes. */
export const item = (op: Op, operands: readonly Node[], params: Params = {}, index = 0): Node =>
  result(makeNode(op, operands, params), index)

/** Rows and columns exchanged. */
export function flipped(x: Node): Node {
  const r = x.shape.length
  return transpose(x, [...batchOf(x).map((_, i) => i), r - 1, r - 2])
}
/** a · b, matrix by matrix. */
export function product(a: Node, b: Node): Node {
  const batch = 'ijklmnopqrstuvw'.slice(0, batchRank(a))
  return contract(`${batch}ac,${batch}cb->${batch}ab`, a, b)
}

const leading = (x: Node): number[] => batchOf(x).map((_, i) => i)
/** v, one vector a matrix like `x`, with v[i] in every place of row i. */
export const downRows = (v: Node, x: Node): Node => broadcast(v, x.shape, [...leading(x), x.shape.length - 2])
/** v[j] in every place of column j. */
export const alongColumns = (v: Node, x: Node): Node => broadcast(v, x.shape, [...leading(x), x.shape.length - 1])
/** One number a matrix, in every place of it (or of a vector, `x` then being one a matrix). */
export const everywhere = (s: Node, x: Node): Node =>
  broadcast(
    s,
    x.shape,
    s.shape.map((_, i) => i),
  )

/** Row i and column i of every matrix, where `i` is an i32 scalar. */
export const rowAt = (x: Node, i: Node): Node => gather(x, i, -2)
export const lastAt = (x: Node, i: Node): Node => gather(x, i, -1)

export const rowIndex = (x: Node): Node => iota(x.shape, -2)
export const columnIndex = (x: Node): Node => iota(x.shape, -1)
const kept = (condition: Node, x: Node): Node => where(condition, x, constant(0, x.dtype))

/** The lower (or upper) triangle with its diagonal, or without it where `strict`; 0 elsewhere. */
export function triangle(x: Node, lower: boolean, strict: boolean): Node {
  const compare = lower ? (strict ? greater : greaterEqual) : strict ? less : lessEqual
  return kept(compare(rowIndex(x), columnIndex(x)), x)
}
/** The lower triangle with half its diagonal. */
export function halfTriangle(x: Node): Node {
  const [i, j] = [rowIndex(x), columnIndex(x)]
  return where(greater(i, j), x, kept(equal(i, j), mul(x, 0.5)))
}
/** (x + xᵀ) / 2. */
export const symmetric = (x: Node): Node => mul(add(x, flipped(x)), 0.5)
/** An identity for every matrix of `x`. */
export const identityLike = (x: Node): Node => indicator(equal(rowIndex(x), columnIndex(x)), x)
