/**
 * Products of tensors by their classical names, as einsum.
 * Invariant: shapes are NumPy's.
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { mul } from '../primitives/arithmetic.ts'
import { reshape } from '../primitives/broadcast.ts'
import { contract, dot, matmul } from '../primitives/contract.ts'
import { transpose } from '../primitives/layout.ts'
import { axisOf, sizes } from '../shape.ts'
import { einsum } from './einsum.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** Σ over `axes`: the last n of `x` with the first n of `y`, or lists of axes of each, paired in order. Source: NumPy, Array API. */
export function tensordot(x: Node, y: Node, axes: number | readonly [readonly number[], readonly number[]] = 2): Node {
  const [a, b] = [asNode(x, 'tensordot').shape.length, asNode(y, 'tensordot').shape.length]
  const firsts = typeof axes === 'number' ? Array.from({ length: axes }, (_, i) => a - axes + i) : axes[0]
  const seconds = typeof axes === 'number' ? Array.from({ length: axes }, (_, i) => i) : axes[1]
  const own = firsts.map((i) => axisOf(i, a))
  const other = seconds.map((i) => axisOf(i, b))
  if (own.includes(undefined) || other.includes(undefined) || own.length !== other.length)
    throw operandError(`tensordot: axes [${firsts}] and [${seconds}] do not pair up`, [x, y])
  const left = [...LETTERS.slice(0, a)]
  const right = Array.from({ length: b }, (_, i) =>
    other.includes(i) ? left[own[other.indexOf(i)]!]! : LETTERS[a + i]!,
  )
  const out = [...left.filter((_, i) => !own.includes(i)), ...right.filter((_, i) => !other.includes(i))]
  return contract(`${left.join('')},${right.join('')}->${out.join('')}`, x, y)
}

/** Σ over the last axis of both; a product where one is a scalar. */
export function inner(x: Node, y: Node): Node {
  if (asNode(x, 'inner').shape.length === 0 || asNode(y, 'inner').shape.length === 0) return mul(x, y)
  return tensordot(x, y, [[-1], [-1]])
}

/** Σ of the products of all elements, in row-major order. */
export function vdot(x: Node, y: Node): Node {
  const flat = (z: Node) => reshape(asNode(z, 'vdot'), [-1])
  return dot(flat(x), flat(y))
}

/** Σ over `axis` (default: the last), the others broadcast. Source: Array API. */
export function vecdot(x: Node, y: Node, axis = -1): Node {
  const last = (z: Node) => {
    const own = axisOf(axis, asNode(z, 'vecdot').shape.length)
    if (own === undefined) throw operandError(`vecdot: axis ${axis} is outside rank ${z.shape.length}`, [x, y])
    return transpose(z, [...z.shape.flatMap((_, i) => (i === own ? [] : [i])), own])
  }
  return einsum('...i,...i->...', last(x), last(y))
}

/** Kronecker product: every element of `x` times all of `y`, as blocks. The one with fewer axes gains leading ones. */
export function kron(x: Node, y: Node): Node {
  const rank = Math.max(asNode(x, 'kron').shape.length, asNode(y, 'kron').shape.length)
  const full = (z: Node) => reshape(z, [...Array.from({ length: rank - z.shape.length }, () => 1), ...z.shape])
  const [a, b] = [LETTERS.slice(0, rank), LETTERS.slice(rank, 2 * rank)]
  const blocks = contract(`${a},${b}->${[...a].map((l, i) => l + b[i]).join('')}`, full(x), full(y))
  const [m, n] = [sizes(full(x).shape, 'kron'), sizes(full(y).shape, 'kron')]
  return reshape(
    blocks,
    m.map((d, i) => d * n[i]!),
  )
}

/** The product of matrices in the order with the fewest multiplications; the first and the last may be vectors. Source: NumPy. */
export function multiDot(...factors: readonly Node[]): Node {
  const [first, last] = [factors[0], factors.at(-1)]
  if (!first || !last) throw operandError('multiDot: no operands', [])
  if (factors.length < 3) return factors.length === 1 ? first : matmul(first, last)
  const spec = factors.map((x, i) => {
    const pair = LETTERS.slice(i, i + 2)
    if (asNode(x, 'multiDot').shape.length === 2) return pair
    if (x.shape.length !== 1 || (x !== first && x !== last))
      throw operandError(`multiDot: operand ${i + 1} is no matrix`, factors)
    return i === 0 ? pair[1]! : pair[0]!
  })
  const out = (spec[0]!.length === 2 ? LETTERS[0]! : '') + (spec.at(-1)!.length === 2 ? LETTERS[factors.length]! : '')
  return einsum(`${spec.join(',')}->${out}`, ...factors)
}
