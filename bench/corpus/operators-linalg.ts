/**
 * PyTorch's linear algebra in our ops. Its right sides may be a batch of vectors, and its factors are upper unless said otherwise.
 * May not: cover what needs eigenvalues or orthogonal factors.
 */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { type Builder, flag, isNode, NotCovered, node, number, sizesOf } from './call.ts'

/** `b` is a batch of vectors where its shape is that of `a` without the last axis. */
const solve: Builder = (c) => {
  const [a, b] = [node(c, 0, 'A'), node(c, 1, 'B')]
  const left = flag(c, 9, 'left', true)
  const across = (x: Node) => op.swapaxes(x, -1, -2)
  const by = (right: Node) => (left ? op.solve(a, right) : across(op.solve(across(a), across(right))))
  const vectors =
    b.shape.length === 1 || (b.shape.length === a.shape.length - 1 && b.shape.join() === a.shape.slice(0, -1).join())
  return vectors ? op.squeeze(by(op.expandDims(b, -1)), -1) : by(b)
}

const solveTriangular: Builder = (c) =>
  op.solveTriangular(node(c, 0, 'A'), node(c, 1, 'B'), {
    lower: !flag(c, 9, 'upper'),
    right: !flag(c, 9, 'left', true),
    unitDiagonal: flag(c, 9, 'unitriangular'),
  })

/** The solution and the matrix, as PyTorch's old function gives them. */
const oldTriangular: Builder = (c) => {
  const a = node(c, 1, 'A')
  const x = op.solveTriangular(a, node(c, 0), {
    lower: !flag(c, 2, 'upper', true),
    transposed: flag(c, 3, 'transpose'),
    unitDiagonal: flag(c, 4, 'unitriangular'),
  })
  return [x, a]
}

const slogdet: Builder = (c) => {
  const { sign, logAbsDet } = op.slogdet(node(c, 0, 'A'))
  return [sign, logAbsDet]
}
const det: Builder = (c) => op.det(node(c, 0, 'A'))
const inv: Builder = (c) => op.inv(node(c, 0, 'A'))
const cholesky: Builder = (c) => op.cholesky(node(c, 0), { upper: flag(c, 1, 'upper') })
const power: Builder = (c) => op.matrixPower(node(c, 0, 'A'), number(c, 1, 'n'))

/** NaN where the determinant is negative. */
const logdet: Builder = (c) => {
  const { sign, logAbsDet } = op.slogdet(node(c, 0, 'A'))
  return op.where(op.less(sign, 0), Number.NaN, logAbsDet)
}

/** A number, or one a matrix where all are the same. */
function tolerance(c: Parameters<Builder>[0]): { rtol?: number } {
  const given = c.args[1] ?? c.kw['rtol'] ?? c.kw['rcond'] ?? undefined
  if (given === undefined) return {}
  const all = isNode(given) ? Array.from(c.valueOf(given).data) : [Number(given)]
  if (all.some((v) => v !== all[0])) throw new NotCovered('a tolerance for each matrix')
  return all.length === 0 ? {} : { rtol: all[0]! }
}
/** Some were recorded of symmetric matrices, made as a + aᵀ, some of low rank, made as a·bᵀ. */
const pinv: Builder = (c) => {
  const a = node(c, 0, 'A')
  const across = (x: Node) => op.swapaxes(x, -1, -2)
  if (isNode(c.args[1]) && c.args[1].shape.length >= 2) return op.pinv(op.matmul(a, across(c.args[1])))
  return op.pinv(flag(c, 9, 'hermitian') ? op.add(a, across(a)) : a, tolerance(c))
}

function cross(c: Parameters<Builder>[0]): Node {
  const [a, b] = [node(c, 0), node(c, 1)]
  const given = c.args[2] ?? c.kw['dim']
  const dim = typeof given === 'number' ? given : sizesOf(a).indexOf(3)
  return op.cross(a, b, dim)
}

export const linalg: { readonly [name: string]: Builder } = {
  'linalg.solve': solve,
  'linalg.solve_triangular': solveTriangular,
  triangular_solve: oldTriangular,
  'linalg.slogdet': slogdet,
  slogdet,
  logdet,
  'linalg.det': det,
  det,
  'linalg.inv': inv,
  inverse: inv,
  'linalg.cholesky': cholesky,
  cholesky,
  cholesky_solve: (c) => op.choleskySolve(node(c, 0), node(c, 1), { upper: flag(c, 2, 'upper') }),
  cholesky_inverse: (c) => op.choleskyInverse(node(c, 0), { upper: flag(c, 1, 'upper') }),
  'linalg.matrix_power': power,
  matrix_power: power,
  'linalg.svdvals': (c) => op.svdvals(node(c, 0, 'A')),
  'linalg.pinv': pinv,
  pinverse: pinv,
  cross,
  'linalg.cross': cross,
}
