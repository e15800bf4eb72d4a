/**
 * Vertex elimination carried out on the graph of elements: a vertex goes by multiplying each slope out of it with each slope into it, and adding
 * the product to the slope between its neighbours; what is left are the entries of the Jacobian. (Griewank & Reese 1991.)
 * Invariant: the same Jacobian whatever the order, which is checked before anything is built.
 * May not: choose.
 */
import { impossibleOrder } from '../../errors-orders.ts'
import type { Node } from '../../ir.ts'
import type { EliminateOrder } from '../../order.ts'
import { scaleSafe } from '../../primitives/arithmetic.ts'
import { broadcast, reshape } from '../../primitives/broadcast.ts'
import { concat } from '../../primitives/concat.ts'
import { eye } from '../../primitives/indexing.ts'
import { count, sizes } from '../../shape.ts'
import { type Elements, elementsOf, intermediates } from '../elements/elements.ts'
import { nodeOf, plus, type Slope, times } from '../elements/slopes.ts'
import type { Linearization } from '../linearize.ts'
import type { Block, Blocks } from './blocks.ts'

export function eliminate(linear: Linearization, { order }: EliminateOrder): Blocks {
  const elements = elementsOf(linear)
  const fault = typeof elements === 'string' ? elements : faultOf(order, intermediates(elements))
  if (fault !== undefined) throw impossibleOrder('eliminate', fault)
  const e = elements as Elements
  const rows = eliminated(e, order)
  const slope = (y: number | undefined, x: number): Slope =>
    y === x ? { value: 1 } : ((y === undefined ? undefined : rows[y]!.get(x)) ?? { value: 0 })
  return linear.outputs.map((y, o) =>
    linear.wrt.map((x, i) => {
      const slopes = e.outputs[o]!.flatMap((v) => e.wrt[i]!.map((u) => slope(v, u)))
      if (slopes.every((s) => s.value === 0)) return undefined
      return e.lane ? diagonal(slopes[0]!, e.lane, y, x) : matrix(slopes, y, x)
    }),
  )
}

/** Why an order does not fit; undefined where it does. It may come from a user in JavaScript. */
function faultOf(order: readonly number[], vertices: readonly number[]): string | undefined {
  if (!Array.isArray(order)) return 'an order is a list of vertices'
  const left = new Set(vertices)
  for (const [i, v] of order.entries())
    if (!left.delete(v)) return `order[${i}] is ${JSON.stringify(v)}, not a vertex that is still to be eliminated`
  return left.size > 0
    ? `the order leaves out ${left.size} of ${vertices.length} vertices: ${[...left].slice(0, 8)}`
    : undefined
}

/** Slopes into each vertex, from inputs alone. */
function eliminated({ into, outputs, dtypes }: Elements, order: readonly number[]): readonly Map<number, Slope>[] {
  const rows = into.map((slopes) => new Map(slopes))
  const readers = into.map(() => new Set<number>())
  for (const [to, slopes] of into.entries()) for (const from of slopes.keys()) readers[from]!.add(to)
  const kept = new Set(outputs.flat())
  for (const v of order) {
    const own = rows[v]!
    for (const to of readers[v]!) {
      const row = rows[to]!
      const left = row.get(v)!
      row.delete(v)
      for (const [from, right] of own) {
        row.set(from, plus(row.get(from), times(left, right, dtypes[to]!)))
        readers[from]!.add(to)
      }
    }
    if (kept.has(v)) continue
    for (const from of own.keys()) readers[from]!.delete(v)
    rows[v] = new Map()
  }
  return rows
}

const size = (node: Node): number => count(sizes(node.shape, 'jacobian'))

/** Part by part, so that each can be stored where it belongs by the kernel that makes it; runs of one number are one part. */
function matrix(slopes: readonly Slope[], y: Node, x: Node): Block {
  const parts: Node[] = []
  for (let i = 0; i < slopes.length; ) {
    const { value } = slopes[i]!
    let end = i + 1
    if (typeof value === 'number') while (slopes[end]?.value === value) end++
    const part = nodeOf(slopes[i]!, y.dtype)
    parts.push(typeof value === 'number' ? broadcast(part, [end - i], []) : reshape(part, [1]))
    i = end
  }
  return { by: 'rows', node: reshape(concat(parts), [size(y), ...x.shape]) }
}

/** A diagonal as a whole matrix. */
function diagonal(slope: Slope, lane: readonly number[], y: Node, x: Node): Block {
  const n = size(y)
  const unit = reshape(eye(n, lane, y.dtype), [n, ...x.shape])
  const { value } = slope
  return { by: 'rows', node: typeof value === 'number' && value === 1 ? unit : scaleSafe(unit, nodeOf(slope, y.dtype)) }
}
