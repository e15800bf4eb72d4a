/**
 * eigh: a·v = v·diag(w), w ascending, for symmetric matrices.
 * The value is the singular value decomposition of a + c·1, c at least every |w|, which is positive: its singular values less c, exact to the
 * spacing of numbers at the largest. Derivative: Giles, "An extended collection of matrix derivative results", 2008, §3.1.
 * Invariant: reads (a + aᵀ)/2. Vectors of equal eigenvalues have no derivative; what divides by the difference is left out.
 */

import { flip } from '../composites/arranging.ts'
import { diagEmbed, diagonal } from '../composites/diagonals.ts'
import { type Callable, op } from '../define.ts'
import type { JointMap, Node, Tensor } from '../ir.ts'
import { makeNode } from '../node.ts'
import { abs, add, div, mul, sub } from '../primitives/arithmetic.ts'
import { sum } from '../primitives/broadcast.ts'
import { equal, where } from '../primitives/comparison.ts'
import { constant } from '../primitives/leaf.ts'
import { max } from '../primitives/reduce.ts'
import { result } from '../primitives/tuple.ts'
import { tensor, tensorType } from '../shape.ts'
import {
  alongColumns,
  downRows,
  everywhere,
  flipped,
  identityLike,
  isEmpty,
  product,
  requireSquare,
  symmetric,
} from './matrix.ts'
import { squares } from './samples.ts'
import { decomposition, evaluateSvd } from './svd.ts'

/** The node of a decomposition: [w [..., n], v [..., n, n]]. Users write `eigh`. */
export const eighFactor: Callable<(a: Node) => Node> = op(
  {
    name: 'eighFactor',
    facts: {},
    type: (_, [a]) => {
      requireSquare('eigh', a!)
      return { kind: 'tuple', items: [tensorType(a!.dtype, a!.shape.slice(0, -1)), a!.type as never] }
    },
    linear: (node) => linearEigh(node),
    inline: ({ operands: [a] }) => decomposed(a!),
    batch: (_, [a]) => [0, 1].map((i) => result(eighFactor(a!), i)),
    evaluate: (_, [a]) => evaluateEigh(a!),
    samples: (dtype) => [[], [2]].map((batch) => ({ operands: [spread(dtype, batch)], params: {} })),
  },
  (a: Node): Node => makeNode(eighFactor, [a], {}),
)

/** Eigenvalues far from each other, of both signs. */
function spread(dtype: 'f32' | 'f64', batch: readonly number[]): Tensor {
  const x = squares(dtype, batch, 3, 0)
  return tensor(
    dtype,
    x.shape,
    Array.from(x.data, (v, at) => v + ((at % 9) % 4 === 0 ? 2 * ((at % 9) / 4) - 1.5 : 0)),
  )
}

function evaluateEigh(a: Tensor): Tensor[] {
  const n = a.shape.at(-1)!
  const at = (k: number, i: number, j: number) => (a.data[(k * n + i) * n + j]! + a.data[(k * n + j) * n + i]!) / 2
  const total = n === 0 ? 0 : a.data.length / (n * n)
  const w: number[] = []
  const v = tensor(a.dtype, a.shape, [])
  for (let k = 0; k < total; k++) {
    const rows = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => at(k, i, j)))
    const c = Math.max(...rows.map((row) => row.reduce((s, x) => s + Math.abs(x), 0)))
    const shifted = rows.flatMap((row, i) => row.map((x, j) => (i === j ? x + c : x)))
    const [, s, vectors] = evaluateSvd(tensor('f64', [n, n], shifted)) as [Tensor, Tensor, Tensor]
    for (let j = 0; j < n; j++) w.push(s.data[n - 1 - j]! - c)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) v.data[(k * n + i) * n + j] = vectors.data[i * n + n - 1 - j]!
  }
  return [tensor(a.dtype, a.shape.slice(0, -1), w), v]
}

function linearEigh(node: Node): JointMap {
  const [w, v] = [result(node, 0), result(node, 1)]
  const vt = flipped(v)
  const gap = sub(alongColumns(w, v), downRows(w, v))
  const none = equal(gap, 0)
  /** Divided by w[j] − w[i]; 0 where they are equal. */
  const byGaps = (x: Node) => where(none, constant(0, x.dtype), div(x, where(none, 1, gap)))
  return {
    kind: 'joint',
    push: ([t]) => {
      if (!t) return []
      const inner = product(vt, product(symmetric(t), v))
      return [diagonal(inner), product(v, byGaps(inner))]
    },
    pull: ([cw, cv]) => {
      const terms = [cw && diagEmbed(cw), cv && byGaps(product(vt, cv))].filter((x) => x !== undefined)
      return [
        symmetric(
          product(
            product(
              v,
              terms.reduce((a, b) => add(a, b)),
            ),
            vt,
          ),
        ),
      ]
    },
  }
}

function decomposed(a: Node): readonly Node[] {
  const own = symmetric(a)
  if (isEmpty(a)) return [sum(own, { axes: -1 }), own]
  const c = max(sum(abs(own), { axes: -1 }), { axes: -1 })
  const [, s, v] = decomposition(add(own, mul(identityLike(own), everywhere(c, own)))) as [Node, Node, Node]
  return [flip(sub(s, everywhere(c, s)), -1), flip(v, -1)]
}

/** [..., n, n] → eigenvalues w [..., n] ascending, eigenvectors the columns of v [..., n, n], of either sign. Source: Array API. */
export function eigh(a: Node): { readonly w: Node; readonly v: Node } {
  const node = eighFactor(a)
  return { w: result(node, 0), v: result(node, 1) }
}
/** Eigenvalues of a symmetric matrix, ascending. Source: Array API. */
export const eigvalsh = (a: Node): Node => eigh(a).w
