/**
 * solve and inverse of square matrices.
 * The values come of one elimination a matrix (lu.ts), shared by all that is solved with it or its transpose. The derivatives are those of
 * the equations (Giles 2008, §2.2.3, §2.3.1): a·x′ = b′ − a′·x, and −a⁻¹·a′·a⁻¹, so that higher orders solve with `a` again.
 * A singular matrix gives infinities or NaN, as in NumPy without its error.
 */
import { asNode, type Callable, op } from '../define.ts'
import type { Node } from '../ir.ts'
import { neg } from '../primitives/arithmetic.ts'
import { result } from '../primitives/tuple.ts'
import { ramp } from '../samples.ts'
import { eliminated, permuted, restored } from './lu.ts'
import { flipped, identityLike, isEmpty, item, product, requireSquare, requireSystem, typeOf } from './matrix.ts'
import { eachMatrix, solved, unitMatrix } from './oracle.ts'
import { squares } from './samples.ts'
import { batchSystem, linearSystem, substitution } from './triangular.ts'

/** The node of a system: `a` [..., n, n], or its transpose, and `b` [..., n, m]. Users write `solve`. */
export const linearSolve: Callable<(a: Node, b: Node, transposed: boolean) => Node> = op(
  {
    name: 'linearSolve',
    facts: {},
    type: (_, [a, b]) => {
      requireSystem('solve', a!, b!)
      return { kind: 'tuple', items: [typeOf(b!)] }
    },
    linear: (node) => {
      const transposed = node.params['transposed'] as boolean
      const part = transposed ? flipped : (t: Node) => t
      const by = (way: boolean) => (a: Node, b: Node) => linearSolve(a, b, way)
      return linearSystem(node, by(transposed), by(!transposed), part)
    },
    inline: ({ operands: [a, b], params }) => [solution(a!, b!, params['transposed'] as boolean)],
    batch: (p, operands, batched, size) => [
      batchSystem(operands, batched, size, (a, b) => linearSolve(a, b, p['transposed'] as boolean)),
    ],
    evaluate: (p, [a, b]) =>
      eachMatrix([a!, b!], [{ dtype: b!.dtype, one: b!.shape.slice(-2) }], ([m, right]) => [
        solved(m!, right!, p['transposed'] as boolean),
      ]),
    samples: (dtype) =>
      [false, true].map((transposed) => ({
        operands: [squares(dtype, transposed ? [2] : [], 3), ramp(dtype, transposed ? [2, 3, 2] : [3, 2], 1)],
        params: { transposed },
      })),
  },
  (a: Node, b: Node, transposed: boolean): Node => item(linearSolve, [a, b], { transposed }),
)

function solution(a: Node, b: Node, transposed: boolean): Node {
  if (isEmpty(b)) return b
  const [packed, permutation] = eliminated(a) as [Node, Node]
  const across = flipped(packed)
  if (!transposed) {
    const half = substitution(packed, permuted(b, permutation), { lower: true, unit: true })
    return substitution(packed, half, { lower: false, unit: false })
  }
  const half = substitution(across, b, { lower: true, unit: false })
  return restored(substitution(across, half, { lower: false, unit: true }), permutation)
}

/** The node of an inverse. Users write `inv`. */
export const inverse: Callable<(a: Node) => Node> = op(
  {
    name: 'inverse',
    facts: {},
    type: (_, [a]) => {
      requireSquare('inv', a!)
      return { kind: 'tuple', items: [typeOf(a!)] }
    },
    linear: (node) => {
      const y = result(node, 0)
      const across = flipped(y)
      return {
        kind: 'joint',
        push: ([t]) => [t && neg(product(product(y, t), y))],
        pull: ([ct]) => [neg(product(product(across, ct!), across))],
      }
    },
    inline: ({ operands: [a] }) => [solution(a!, identityLike(a!), false)],
    batch: (_, [a]) => [inverse(a!)],
    evaluate: (_, [a]) =>
      eachMatrix([a!], [{ dtype: a!.dtype, one: a!.shape.slice(-2) }], ([m]) => [
        solved(m!, unitMatrix(m!.rows), false),
      ]),
    samples: (dtype) => [[], [2]].map((batch) => ({ operands: [squares(dtype, batch, 3)], params: {} })),
  },
  (a: Node): Node => item(inverse, [a]),
)

/** [..., n, n] → the inverse. Source: Array API. */
export const inv = (a: Node): Node => inverse(asNode(a, 'inv'))
