/**
 * triangularSolve: x with a·x = b, where of `a` only one triangle is read.
 * The value is substitution as a loop over the columns of `a`, each subtracted from the rest of the right side as soon as its x is known.
 * Its derivative is exact, by the equation: a·x′ = b′ − a′·x (Giles, "Collected matrix derivative results", 2008, §2.3.1), so no loop keeps a tape.
 * May not: read the other triangle, nor the diagonal where it is `unit`.
 */

import { lead } from '../align.ts'
import { scan } from '../control/loops.ts'
import { type Callable, op } from '../define.ts'
import type { JointMap, Node, Params, Tangent, Tensor } from '../ir.ts'
import { div, mul, neg, sub } from '../primitives/arithmetic.ts'
import { reshape } from '../primitives/broadcast.ts'
import { greater, less, where } from '../primitives/comparison.ts'
import { iota } from '../primitives/indexing.ts'
import { transpose } from '../primitives/layout.ts'
import { result } from '../primitives/tuple.ts'
import { ramp } from '../samples.ts'
import { sizes } from '../shape.ts'
import {
  alongColumns,
  batchRank,
  downRows,
  everywhere,
  flipped,
  isEmpty,
  item,
  lastAt,
  product,
  requireSystem,
  rowAt,
  rowIndex,
  triangle,
  typeOf,
} from './matrix.ts'
import { eachMatrix, substituted } from './oracle.ts'
import { squares } from './samples.ts'

interface Triangle {
  readonly lower: boolean
  /** The diagonal counts as 1. */
  readonly unit: boolean
}
const triangleOf = (p: Params): Triangle => p as unknown as Triangle

/** The node of a triangular system: operands `a` [..., n, n] and `b` [..., n, m]. Users write `solveTriangular`. */
export const triangularSolve: Callable<(a: Node, b: Node, which: Triangle) => Node> = op(
  {
    name: 'triangularSolve',
    facts: {},
    type: (_, [a, b]) => {
      requireSystem('triangularSolve', a!, b!)
      return { kind: 'tuple', items: [typeOf(b!)] }
    },
    linear: (node) => {
      const which = triangleOf(node.params)
      const { lower, unit } = which
      return linearSystem(
        node,
        (a, b) => triangularSolve(a, b, which),
        (a, b) => triangularSolve(flipped(a), b, { lower: !lower, unit }),
        (t) => triangle(t, lower, unit),
      )
    },
    inline: ({ operands: [a, b], params }) => [substitution(a!, b!, triangleOf(params))],
    batch: (p, operands, batched, size) => [
      batchSystem(operands, batched, size, (a, b) => triangularSolve(a, b, triangleOf(p))),
    ],
    evaluate: (p, operands) => {
      const { lower, unit } = triangleOf(p)
      return eachMatrix(
        operands as Tensor[],
        [{ dtype: operands[1]!.dtype, one: operands[1]!.shape.slice(-2) }],
        ([a, b]) => [substituted(a!, b!, lower, unit)],
      )
    },
    samples: (dtype) =>
      [true, false].flatMap((lower) =>
        [true, false].map((unit) => ({
          operands: [squares(dtype, lower ? [2] : [], 3, 2, false), ramp(dtype, lower ? [2, 3, 2] : [3, 2], 1)],
          params: { lower, unit },
        })),
      ),
  },
  (a: Node, b: Node, { lower, unit }: Triangle): Node => item(triangularSolve, [a, b], { lower, unit }),
)

type Solve = (a: Node, b: Node) => Node

/** The joint map of x = a⁻¹·b. `back`: by the transpose of a. `part`: what a change of `a` is in the equation; its own transpose. */
export function linearSystem(node: Node, solve: Solve, back: Solve, part: (t: Node) => Node): JointMap {
  const [a] = node.operands as [Node]
  const x = result(node, 0)
  return {
    kind: 'joint',
    push: ([ta, tb]) => {
      const moved = ta && product(part(ta), x)
      const right: Tangent = moved && tb ? sub(tb, moved) : moved ? neg(moved) : tb
      return [right && solve(a, right)]
    },
    pull: ([ct]) => {
      const g = back(a, ct!)
      return [neg(part(product(g, flipped(x)))), g]
    },
  }
}

/** With one `a` for all examples, their right sides are columns of one system. */
export function batchSystem(operands: readonly Node[], batched: readonly boolean[], size: number, solve: Solve): Node {
  const [a, b] = operands as [Node, Node]
  if (batched[0]) return solve(a, lead(b, batched[1]!, size))
  const rank = batchRank(a)
  const batch = Array.from({ length: rank }, (_, i) => i)
  const [n, m] = sizes(b.shape.slice(-2), 'solve') as [number, number]
  const wide = transpose(b, [...batch.map((i) => i + 1), rank + 1, 0, rank + 2])
  const x = solve(a, reshape(wide, [...a.shape.slice(0, rank), n, size * m]))
  return transpose(reshape(x, wide.shape), [rank + 1, ...batch, rank, rank + 2])
}

/** Substitution: a loop over the columns of `a`, forwards or backwards. */
export function substitution(a: Node, b: Node, { lower, unit }: Triangle): Node {
  if (isEmpty(b)) return b
  const rank = batchRank(a)
  const batch = Array.from({ length: rank }, (_, i) => i)
  const { out } = scan({
    carry: { rest: b },
    over: { column: transpose(a, [rank + 1, ...batch, rank]), i: iota([a.shape.at(-1)!]) },
    reverse: !lower,
    body: ({ rest }, { column, i }) => {
      const row = rowAt(rest, i)
      const x = unit ? row : div(row, everywhere(lastAt(column, i), row))
      const after = (lower ? greater : less)(rowIndex(rest), i)
      const without = sub(rest, mul(downRows(column, rest), alongColumns(x, rest)))
      return { carry: { rest: where(after, without, rest) }, out: { x } }
    },
  })
  return transpose(out.x, [...batch.map((i) => i + 1), 0, rank + 1])
}
