/**
 * Diagonals and triangles of the last two axes (or of two named ones).
 * Invariant: a diagonal is a strided view of the flattened matrix, and embedding one its transpose.
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { add } from '../primitives/arithmetic.ts'
import { reshape, sum } from '../primitives/broadcast.ts'
import { greaterEqual, lessEqual, where } from '../primitives/comparison.ts'
import { iota } from '../primitives/indexing.ts'
import { pad } from '../primitives/layout.ts'
import { constant } from '../primitives/leaf.ts'
import { sizes } from '../shape.ts'
import { along, moveaxis } from './arranging.ts'

export interface DiagonalOptions {
  /** Above the main diagonal where positive. Default 0. */
  readonly offset?: number
  /** Rows and columns. Default: the last two axes. */
  readonly axes?: readonly [number, number]
}

/** [..., m, n] → [..., k]: the elements (i, i + offset). */
export function diagonal(x: Node, { offset = 0, axes = [-2, -1] }: DiagonalOptions = {}): Node {
  requireMatrix('diagonal', x)
  const own = moveaxis(x, axes, [-2, -1])
  const [m, n] = sizes(own.shape.slice(-2), 'diagonal') as [number, number]
  const [row, column] = [Math.max(0, -offset), Math.max(0, offset)]
  const k = Math.max(0, Math.min(m - row, n - column))
  const start = row * n + column
  const flat = reshape(own, [...own.shape.slice(0, -2), m * n])
  return along(flat, flat.shape.length - 1, k === 0 ? [0, 0] : [start, start + (k - 1) * (n + 1) + 1, n + 1])
}

/** [..., k] → [..., n, n] with n = k + |offset|: `x` at (i, i + offset), 0 elsewhere. `axes` are those of the result. */
export function diagEmbed(x: Node, { offset = 0, axes = [-2, -1] }: DiagonalOptions = {}): Node {
  const last = asNode(x, 'diagEmbed').shape.length - 1
  if (last < 0) throw operandError('diagEmbed: a scalar has no diagonal to embed', [x], 'reshape(x, [1])')
  const [k] = sizes(x.shape.slice(-1), 'diagEmbed') as [number]
  const n = k + Math.abs(offset)
  const start = Math.max(0, -offset) * n + Math.max(0, offset)
  const length = k === 0 ? 0 : (k - 1) * (n + 1) + 1
  const before = k === 0 ? 0 : start
  const lead = x.shape.slice(0, -1)
  const flat = pad(x, [...lead.map(() => [0, 0] as const), [before, n * n - before - length, n]])
  return moveaxis(reshape(flat, [...lead, n, n]), [-2, -1], axes)
}

/** A vector → the matrix with it on the diagonal; a matrix → its diagonal. */
export function diag(x: Node, offset = 0): Node {
  return asNode(x, 'diag').shape.length === 1 ? diagEmbed(x, { offset }) : diagonal(x, { offset })
}

/** Sum of the diagonal. */
export const trace = (x: Node, options?: DiagonalOptions): Node => sum(diagonal(x, options), { axes: -1 })

/** Elements on and below diagonal `offset`; 0 above. */
export const tril = (x: Node, offset = 0): Node => triangle('tril', x, offset, lessEqual)
/** Elements on and above diagonal `offset`; 0 below. */
export const triu = (x: Node, offset = 0): Node => triangle('triu', x, offset, greaterEqual)

function triangle(name: string, x: Node, offset: number, keep: typeof lessEqual): Node {
  requireMatrix(name, x)
  const matrix = x.shape.slice(-2)
  const kept = keep(iota(matrix, 1), add(iota(matrix, 0), offset))
  return where(kept, x, constant(0, x.dtype))
}

function requireMatrix(name: string, x: Node): void {
  if (asNode(x, name).shape.length < 2) throw operandError(`${name}: needs a matrix`, [x])
}
