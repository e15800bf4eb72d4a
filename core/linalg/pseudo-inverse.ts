/**
 * pinv: the Moore–Penrose inverse, by singular values.
 * Derivative: Golub & Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate", 1973, eq. 4.12.
 * It holds wherever the rank stays what it is, so also of a product a·bᵀ of low rank; equal singular values do not matter.
 * Invariant: singular values of at most `rtol` times the largest count as 0.
 */
import { broadcastTo } from '../align.ts'
import { asNode, type Callable, op } from '../define.ts'
import type { JointMap, Node, Tensor } from '../ir.ts'
import { add, div, mul, neg, sub } from '../primitives/arithmetic.ts'
import { broadcast } from '../primitives/broadcast.ts'
import { greater, where } from '../primitives/comparison.ts'
import { matmul } from '../primitives/contract.ts'
import { constant } from '../primitives/leaf.ts'
import { max } from '../primitives/reduce.ts'
import { result } from '../primitives/tuple.ts'
import { ramp } from '../samples.ts'
import { tensor, tensorType } from '../shape.ts'
import { alongColumns, batchOf, flipped, isEmpty, item, product, requireMatrix, sidesOf } from './matrix.ts'
import { decomposition, evaluateSvd } from './svd.ts'

const shapeOf = (a: Node) => [...batchOf(a), a.shape.at(-1)!, a.shape.at(-2)!]

/** The node of a pseudo-inverse. Users write `pinv`. */
export const pseudoInverse: Callable<(a: Node, rtol: number) => Node> = op(
  {
    name: 'pseudoInverse',
    facts: {},
    type: (_, [a]) => {
      requireMatrix('pinv', a!)
      return { kind: 'tuple', items: [tensorType(a!.dtype, shapeOf(a!))] }
    },
    linear: (node) => linearPinv(node),
    inline: ({ operands: [a], params }) => [inverted(a!, params['rtol'] as number)],
    batch: (p, [a]) => [pseudoInverse(a!, p['rtol'] as number)],
    evaluate: (p, [a]) => [evaluatePinv(a!, p['rtol'] as number)],
    samples: (dtype) =>
      [
        [4, 3],
        [2, 2, 3],
      ].map((shape) => ({ operands: [ramp(dtype, shape, 3)], params: { rtol: 1e-6 } })),
  },
  (a: Node, rtol: number): Node => item(pseudoInverse, [a], { rtol }),
)

/** −p·da·p + p·pᵀ·daᵀ·(1 − a·p) + (1 − p·a)·daᵀ·pᵀ·p, and its transpose. */
function linearPinv(node: Node): JointMap {
  const [a] = node.operands as [Node]
  const p = result(node, 0)
  const pt = flipped(p)
  const [rows, columns] = [product(p, pt), product(pt, p)]
  /** What the rows, or the columns, of `a` do not reach. */
  const beyondRows = (x: Node) => sub(x, product(product(x, a), p))
  const beyondColumns = (x: Node) => sub(x, product(p, product(a, x)))
  return {
    kind: 'joint',
    push: ([t]) => {
      if (!t) return []
      const across = flipped(t)
      const both = add(beyondRows(product(rows, across)), beyondColumns(product(across, columns)))
      return [sub(both, product(product(p, t), p))]
    },
    pull: ([ct]) => {
      const across = flipped(ct!)
      const low = sub(product(across, rows), product(a, product(p, product(across, rows))))
      const high = sub(product(columns, across), product(product(product(columns, across), p), a))
      return [add(neg(product(product(pt, ct!), pt)), add(low, high))]
    },
  }
}

function inverted(a: Node, rtol: number): Node {
  if (isEmpty(a)) return broadcast(constant(0, a.dtype), shapeOf(a), [])
  const [m, n] = sidesOf('pinv', a)
  const [u, s, v] = decomposition(m < n ? flipped(a) : a) as [Node, Node, Node]
  const kept = greater(s, broadcastTo(mul(max(s, { axes: -1, keepDims: true }), rtol), s.shape))
  const inverse = where(kept, div(1, where(kept, s, 1)), 0)
  const made = product(mul(v, alongColumns(inverse, v)), flipped(u))
  return m < n ? flipped(made) : made
}

function evaluatePinv(a: Tensor, rtol: number): Tensor {
  const [m, n] = a.shape.slice(-2) as [number, number]
  const out = tensor(a.dtype, [...a.shape.slice(0, -2), n, m], [])
  const [tall, k] = [Math.max(m, n), Math.min(m, n)]
  const [u, s, v] = evaluateSvd(m < n ? turned(a) : a) as [Tensor, Tensor, Tensor]
  for (let b = 0; b * m * n < out.data.length; b++) {
    const values = s.data.subarray(b * k, (b + 1) * k)
    for (let i = 0; i < tall; i++)
      for (let j = 0; j < k; j++) {
        let sum = 0
        values.forEach((x, c) => {
          if (x > rtol * values[0]!) sum += (u.data[(b * tall + i) * k + c]! * v.data[(b * k + j) * k + c]!) / x
        })
        out.data[b * m * n + (m < n ? i * k + j : j * tall + i)] = sum
      }
  }
  return out
}

function turned(a: Tensor): Tensor {
  const [m, n] = a.shape.slice(-2) as [number, number]
  const data = Array.from(a.data, (_, at) => {
    const [k, i, j] = [Math.floor(at / (m * n)), Math.floor(at / m) % n, at % m]
    return a.data[k * m * n + j * n + i]!
  })
  return tensor(a.dtype, [...a.shape.slice(0, -2), n, m], data)
}

/**
 * [..., m, n] → [..., n, m]: the Moore–Penrose inverse, singular values of at most `rtol` times the largest taken as 0. Default: the larger side
 * times the spacing of numbers at 1. Differentiable where the rank does not change. Source: Array API.
 */
export function pinv(a: Node, options: { readonly rtol?: number } = {}): Node {
  requireMatrix('pinv', asNode(a, 'pinv'))
  const [m, n] = sidesOf('pinv', a)
  return pseudoInverse(a, options.rtol ?? Math.max(m, n) * (a.dtype === 'f32' ? 2 ** -23 : 2 ** -52))
}

/** The shortest x with the least ‖a·x − b‖: `a` [..., m, n], `b` [..., m, k] or one vector [m]. Source: NumPy lstsq. */
export const leastSquares = (a: Node, b: Node, options: { readonly rtol?: number } = {}): Node =>
  matmul(pinv(a, options), b)
