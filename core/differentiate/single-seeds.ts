/**
 * Unit seeds of scalar programs, one by one: a tangent that is a constant is computed at once, and one that is zero is dropped. So a Jacobian of
 * scalars multiplies only where values meet, and its columns (or rows) share what is equal in them.
 * Invariant: the same derivatives as of seeds taken together, exact where a product would add zeros (and 0 · ∞).
 * May not: be used where values are arrays: those are pushed together.
 */
import { evaluateBody } from '../evaluate-body.ts'
import { graphOf } from '../graph.ts'
import type { Node, Tangent, Tensor, TensorType } from '../ir.ts'
import { broadcast } from '../primitives/broadcast.ts'
import { constant } from '../primitives/leaf.ts'
import { allocate, count, sizes } from '../shape.ts'
import type { Linearization, Settle } from './linearize.ts'

/** Most seeds that go one by one; most elements of a value, and tangents of all seeds together. */
export const SINGLE_SEEDS = 16
const ELEMENTS = 16
const TANGENTS = 20_000

/** Whether the program between the seeds and the results is one of scalars, or nearly so. */
export function isScalar(linear: Linearization, seeds: number): boolean {
  const { steps } = linear
  if (seeds < 2 || seeds > SINGLE_SEEDS || seeds * steps.length > TANGENTS) return false
  const elements = steps.map(({ node, map }) =>
    map.kind === 'partials' && node.type.kind === 'tensor'
      ? count(sizes(node.type.shape, 'jacobian'))
      : Number.POSITIVE_INFINITY,
  )
  return elements.every((n) => n <= ELEMENTS) && elements.filter((n) => n === 1).length >= 0.75 * elements.length
}

/** The unit tangent of element `i`. */
export function unit(like: Node, i: number): Node {
  const shape = sizes(like.shape, 'jacobian')
  const data = allocate(like.dtype, count(shape))
  data[i] = 1
  return constantOf({ dtype: like.dtype, shape, data })
}

/** Nodes of a constant expression, most: what one linear map builds is no longer. */
const LONGEST = 16

export const settle: Settle = (t) => {
  const value = constantValue(t)
  if (value === undefined) return t
  return value.data.every((x) => x === 0) ? undefined : constantOf(value)
}

/** The value of a short expression of constants; undefined where it reads an input or is longer. */
export function constantValue(t: Node): Tensor | undefined {
  const found = new Set([t])
  for (const node of found) {
    if (node.op.facts.leaf === 'input' || found.size > LONGEST) return undefined
    for (const o of node.operands) found.add(o)
  }
  return evaluateBody(graphOf('constant', [], [{ name: 't', node: t }]), [])[0]
}

export function constantOf({ dtype, shape, data }: Tensor): Node {
  const [first] = data
  return data.every((x) => Object.is(x, first))
    ? broadcast(constant(first!, dtype), shape, [])
    : constant(data, dtype, shape)
}

/** Results of all seeds, each with a leading axis over them; absent where all are. */
export function joined(
  results: readonly (readonly Tangent[])[],
  like: readonly Node[],
  join: (parts: readonly Node[]) => Node,
): Tangent[] {
  return like.map((y, i) => {
    const all = results.map((r) => r[i])
    const { dtype, shape } = (all.find((t) => t !== undefined)?.type ?? y.type) as TensorType
    return all.every((t) => t === undefined)
      ? undefined
      : join(all.map((t) => t ?? broadcast(constant(0, dtype), shape, [])))
  })
}
