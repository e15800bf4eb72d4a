/**
 * PyTorch's linear algebra in our ops. Its right sides may be a batch of vectors, and its factors are upper unless said otherwise.
 * May not: cover factors whose signs are a choice (see `uncovered`).
 */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { type Builder, type Call, flag, isNode, NotCovered, node, number, numbers, sizesOf, text } from './call.ts'

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
/** An error code beside: 0, no error. */
const withCode =
  (f: Builder): Builder =>
  (c) => [f(c) as Node, op.broadcast(op.constant(0, 'i32'), node(c, 0).shape.slice(0, -2), [])]
const square = (c: Call): Node => {
  const a = node(c, 0, 'A')
  if (sizesOf(a).at(-1) !== sizesOf(a).at(-2)) throw new NotCovered('LU of matrices that are not square')
  if (!flag(c, 1, 'pivot', true)) throw new NotCovered('LU without pivots')
  return a
}
const lu: Builder = (c) => {
  const { l, u, permutation } = op.lu(square(c))
  const n = sizesOf(l).at(-1)!
  return [op.swapaxes(op.oneHot(permutation, n, l.dtype as 'f64'), -1, -2), l, u]
}
/** Rows exchanged one after the other, as LAPACK records them, become one order a matrix. */
function orderOf(c: Call, pivots: Node): Node {
  const { data, shape } = c.valueOf(pivots)
  const n = shape.at(-1)!
  const all = Array.from({ length: data.length / Math.max(1, n) }, (_, k) => {
    const order = Array.from({ length: n }, (_, i) => i)
    for (let i = 0; i < n; i++) {
      const p = data[k * n + i]! - 1
      ;[order[i], order[p]] = [order[p]!, order[i]!]
    }
    return order
  })
  return op.constant(all.flat(), 'i32', shape)
}
function luSolve(c: Call, packed: Node, pivots: Node, b: Node): Node {
  if (b.shape.includes(0) || packed.shape.includes(0)) return b
  const [left, adjoint] = [flag(c, 9, 'left', true), flag(c, 9, 'adjoint')]
  const across = (x: Node) => op.swapaxes(x, -1, -2)
  const order = op.expandDims(orderOf(c, pivots), -1)
  const [l, u] = [{ lower: true, unitDiagonal: true }, { lower: false }]
  const plain = (r: Node) =>
    op.solveTriangular(packed, op.solveTriangular(packed, op.takeAlongAxis(r, order, -2), l), u)
  const turned = (r: Node) => {
    const half = op.solveTriangular(packed, op.solveTriangular(packed, r, { ...u, transposed: true }), {
      ...l,
      transposed: true,
    })
    return op.takeAlongAxis(half, op.argsort(order, { axis: -2 }), -2)
  }
  if (left) return (adjoint ? turned : plain)(b)
  return across((adjoint ? plain : turned)(across(b)))
}
const qr: Builder = (c) => {
  const [a, mode] = [node(c, 0, 'A'), text(c, 1, 'mode', 'reduced')]
  if (mode !== 'reduced') throw new NotCovered(`mode ${mode}`)
  const { q, r } = op.qr(a)
  return [q, r]
}
const sizeOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1)
const tensorInverse: Builder = (c) => {
  const [a, ind] = [node(c, 0), number(c, 1, 'ind', 2)]
  const [front, back] = [sizesOf(a).slice(0, ind), sizesOf(a).slice(ind)]
  return op.reshape(op.inv(op.reshape(a, [sizeOf(front), sizeOf(back)])), [...back, ...front])
}
const tensorSolve: Builder = (c) => {
  const [given, b, dims] = [node(c, 0), node(c, 1), numbers(c, 2, 'dims')]
  const rank = given.shape.length
  const a = dims
    ? op.moveaxis(
        given,
        dims,
        dims.map((_, i) => rank - dims.length + i),
      )
    : given
  const rest = sizesOf(a).slice(b.shape.length)
  const n = sizeOf(rest)
  return op.reshape(op.solve(op.reshape(a, [n, n]), op.reshape(b, [-1])), rest)
}
const condition: Builder = (c) => {
  const a = node(c, 0, 'A')
  const p = c.args[1] ?? c.kw['p'] ?? null
  if (p === null || p === 2 || p === -2) {
    const s = op.svdvals(a)
    const [high, low] = [op.max(s, { axes: -1 }), op.min(s, { axes: -1 })]
    return p === -2 ? op.div(low, high) : op.div(high, low)
  }
  const size = (x: Node) =>
    p === 'nuc' ? op.nuclearNorm(x, { axes: [-2, -1] }) : op.matrixNorm(x, p === 'fro' ? 'fro' : number(c, 1, 'p'))
  return op.mul(size(a), size(op.inv(a)))
}
const vander: Builder = (c) => {
  const x = node(c, 0)
  const n = number(c, 9, 'N', sizesOf(x).at(-1) ?? 1)
  const full = x.shape.length === 0 ? op.reshape(x, [1]) : x
  const one = op.broadcast(op.constant(1, x.dtype), full.shape, [])
  return op.stack(
    Array.from({ length: n }, (_, k) => (k === 0 ? one : op.pow(full, k))),
    -1,
  )
}

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
  'linalg.cholesky_ex': withCode(cholesky),
  'linalg.inv_ex': withCode(inv),
  'linalg.solve_ex': withCode(solve),
  'linalg.lu': lu,
  'linalg.lu_solve': (c) => luSolve(c, node(c, 0), node(c, 1), node(c, 2)),
  lu_solve: (c) => luSolve(c, node(c, 1), node(c, 2), node(c, 0)),
  'linalg.qr': qr,
  qr,
  'linalg.eigvalsh': (c) => op.eigvalsh(node(c, 0)),
  'linalg.tensorinv': tensorInverse,
  'linalg.tensorsolve': tensorSolve,
  'linalg.cond': condition,
  'linalg.vander': vander,
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
