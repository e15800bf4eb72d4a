/**
 * Linear systems for users: vectors or matrices on the right, batch axes that broadcast, factors from either side.
 * Invariant: a right side with more batch axes than its matrix is solved as columns of one system; the matrix is not repeated.
 * May not: have rules of its own.
 */
import { broadcastTo } from '../align.ts'
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { reshape } from '../primitives/broadcast.ts'
import { matmul } from '../primitives/contract.ts'
import { broadcastShapes, showType, sizes } from '../shape.ts'
import { batchOf, batchRank, flipped, identityLike, requireMatrix, requireSquare } from './matrix.ts'
import { inv, linearSolve } from './solve.ts'
import { batchSystem, triangularSolve } from './triangular.ts'

type Solve = (a: Node, b: Node) => Node

/** `f` of operands with the same batch axes. */
function matched(name: string, a: Node, b: Node, f: Solve): Node {
  requireSquare(name, a)
  if (asNode(b, name).shape.length === 1) {
    const x = matched(name, a, reshape(b, [...b.shape, 1]), f)
    return reshape(x, x.shape.slice(0, -1))
  }
  requireMatrix(name, b)
  if (a.shape.at(-1) !== b.shape.at(-2))
    throw operandError(`${name}: ${showType(a.type)} and ${showType(b.type)} do not fit`, [a, b])
  if (batchRank(a) === 0 && batchRank(b) > 0) {
    const all = sizes(batchOf(b), name).reduce((n, d) => n * d, 1)
    const examples = reshape(b, [all, ...b.shape.slice(-2)])
    return reshape(batchSystem([a, examples], [false, true], all, f), b.shape)
  }
  const batch = broadcastShapes(batchOf(a), batchOf(b))
  if (!batch)
    throw operandError(`${name}: batch axes do not broadcast, ${showType(a.type)} and ${showType(b.type)}`, [a, b])
  const wide = (x: Node) => broadcastTo(x, [...batch, ...x.shape.slice(-2)])
  return f(wide(a), wide(b))
}

/** x with a·x = b: `a` [..., n, n], `b` [..., n, m] or one vector [n]. Source: Array API. */
export const solve = (a: Node, b: Node): Node => matched('solve', a, b, (m, right) => linearSolve(m, right, false))

export interface TriangularOptions {
  /** Which triangle of `a` is read. Default: the upper. */
  readonly lower?: boolean
  /** The diagonal counts as 1. */
  readonly unitDiagonal?: boolean
  /** Solve with aᵀ. */
  readonly transposed?: boolean
  /** x·a = b. */
  readonly right?: boolean
}

/** x with a·x = b by substitution; the other triangle of `a` is not read. Source: PyTorch linalg.solve_triangular, LAPACK trtrs. */
export function solveTriangular(a: Node, b: Node, options: TriangularOptions = {}): Node {
  const { lower = false, unitDiagonal: unit = false, transposed = false, right = false } = options
  const by: Solve = (m, r) =>
    transposed !== right
      ? triangularSolve(flipped(m), r, { lower: !lower, unit })
      : triangularSolve(m, r, { lower, unit })
  requireMatrix('solveTriangular', a)
  if (!right) return matched('solveTriangular', a, b, by)
  requireMatrix('solveTriangular', b)
  return flipped(matched('solveTriangular', a, flipped(b), by))
}

/** x with l·lᵀ·x = b, where `l` comes of `cholesky` (`upper`: uᵀ·u). Source: PyTorch cholesky_solve. */
export function choleskySolve(b: Node, l: Node, options: { readonly upper?: boolean } = {}): Node {
  const lower = options.upper !== true
  const half = solveTriangular(l, b, { lower, transposed: !lower })
  return solveTriangular(l, half, { lower, transposed: lower })
}

/** (l·lᵀ)⁻¹. Source: PyTorch cholesky_inverse. */
export function choleskyInverse(l: Node, options: { readonly upper?: boolean } = {}): Node {
  requireSquare('choleskyInverse', l)
  return choleskySolve(identityLike(l), l, options)
}

/** aⁿ, by repeated squares; of a negative power, the inverse's. Source: Array API. */
export function matrixPower(a: Node, power: number): Node {
  requireSquare('matrixPower', a)
  if (!Number.isSafeInteger(power)) throw operandError(`matrixPower: ${power} is not a whole number`, [a])
  let made: Node | undefined
  let square = power < 0 ? inv(a) : a
  for (let rest = Math.abs(power); rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) made = made ? matmul(made, square) : square
    if (rest > 1) square = matmul(square, square)
  }
  return made ?? identityLike(a)
}
