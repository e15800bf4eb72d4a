/**
 * The product of an identity, or of an identity scaled by a diagonal, with something: a selection of rows, scaled. So seeds of a Jacobian, and the
 * first diagonal they meet, cost no multiplication of matrices.
 * Invariant: exact, where a true product would add zeros (and 0 · ∞).
 * May not: look at values.
 */
import type { Node } from '../ir.ts'
import { count, sizes } from '../shape.ts'
import { mul } from './arithmetic.ts'
import { broadcast, reshape } from './broadcast.ts'
import { eye } from './indexing.ts'
import { slice, transpose } from './layout.ts'

/** Letters of the operands and the result of a contraction, and those summed over. */
interface Letters {
  readonly a: string
  readonly b: string
  readonly out: string
  readonly over: string
}

/** An identity (its node), times diagonals over its columns. */
interface Scaled {
  readonly identity: Node
  readonly diagonals: readonly Node[]
}

/** mul(…, mul(stretched, eye)), where what is stretched is the same for every row. */
function scaledIdentity(node: Node): Scaled | undefined {
  const diagonals: Node[] = []
  let at = node
  while (at.op === mul || sameRows(at)) {
    if (at.op !== mul) {
      at = at.operands[0]!
      continue
    }
    const stretched = at.operands.findIndex(
      (x) => x.op.facts.stretches && !(x.params['axes'] as readonly number[]).includes(0),
    )
    if (stretched < 0) return undefined
    const by = at.operands[stretched]!
    const columns = at.shape.slice(1)
    const axes = (by.params['axes'] as readonly number[]).map((a) => a - 1)
    diagonals.push(broadcast(by.operands[0]!, columns, axes))
    at = at.operands[1 - stretched]!
  }
  return at.op === eye ? { identity: at, diagonals } : undefined
}

/** A reshape that leaves the rows as they are: what stands in a column keeps its place among the columns. */
const sameRows = (node: Node): boolean => node.op === reshape && node.shape[0] === node.operands[0]!.shape[0]

/** The contraction as a selection of rows of the other operand, if one operand is a scaled identity and all its columns are summed over. */
export function identityProduct(s: Letters, operands: readonly [Node, Node]): Node | undefined {
  for (const which of [0, 1] as const) {
    const [seed, own] = which === 0 ? [s.a, s.b] : [s.b, s.a]
    const columns = seed.slice(1)
    if (columns === '' || columns !== s.over || !own.includes(columns) || own.includes(seed[0]!)) continue
    const scaled = scaledIdentity(operands[which])
    if (scaled) return select(s, seed[0]!, columns, own, scaled, operands[1 - which]!)
  }
  return undefined
}

function select(
  s: Letters,
  row: string,
  columns: string,
  own: string,
  { identity, diagonals }: Scaled,
  other: Node,
): Node {
  const free = [...own].filter((l) => !columns.includes(l))
  const first = transpose(
    other,
    [...columns, ...free].map((l) => own.indexOf(l)),
  )
  const all = count(sizes(first.shape.slice(0, columns.length), 'contract'))
  const start = identity.params['start'] as number
  const rows = (x: Node) => slice(x, [start, start + (identity.shape[0] as number)])
  const picked = rows(reshape(first, [all, ...first.shape.slice(columns.length)]))
  const made = [row, ...free]
  const out = transpose(
    picked,
    [...s.out].map((l) => made.indexOf(l)),
  )
  return diagonals.reduce((y, d) => mul(broadcast(rows(reshape(d, [all])), y.shape, [s.out.indexOf(row)]), y), out)
}
