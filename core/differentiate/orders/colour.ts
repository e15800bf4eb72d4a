/**
 * Compressed seeds, carried out: one tangent for each colour of columns, one cotangent for each colour of rows, and every entry gathered from where it
 * stands alone. (Curtis, Powell & Reid 1974; Gebremedhin, Manne & Pothen, "What color is your Jacobian?", 2005.)
 * Invariant: an entry is read only where no other of its colour stands; an order that leaves one out is refused.
 * May not: colour.
 */
import { impossibleOrder } from '../../errors-orders.ts'
import type { Node } from '../../ir.ts'
import type { ColourOrder } from '../../order.ts'
import { type Pattern, placesOf, rowsOf } from '../../pattern.ts'
import { broadcast, reshape } from '../../primitives/broadcast.ts'
import { cast } from '../../primitives/cast.ts'
import { equal } from '../../primitives/comparison.ts'
import { concat } from '../../primitives/concat.ts'
import { gather, iota, scatterAdd } from '../../primitives/indexing.ts'
import { slice } from '../../primitives/layout.ts'
import { constant } from '../../primitives/leaf.ts'
import { count, sizes } from '../../shape.ts'
import type { Linearization } from '../linearize.ts'
import { patternFor, startsOf } from '../pattern.ts'
import { pullJoint, pushJoint } from '../seeds.ts'
import type { Blocks } from './blocks.ts'

/** The entries of the pattern, in its order, in the dtype of the first output. */
export function colouredEntries(linear: Linearization, order: ColourOrder, pattern: Pattern, symmetric: boolean): Node {
  const { wrt, outputs } = linear
  const y = outputs[0]!
  const fault = faultOf(order, pattern)
  if (fault) throw impossibleOrder('colour', fault)
  const from = sourcesOf(order, pattern, symmetric)
  if (typeof from === 'string') throw impossibleOrder('colour', from)
  const pushed =
    order.columns && flat(pushJoint(linear, seedsOf(wrt, order.columns)), y, coloursIn(order.columns), outputs)
  const pulled = order.rows && flat(pullJoint(linear, seedsOf(outputs, order.rows)), y, coloursIn(order.rows), wrt)
  const parts = [pushed, pulled].filter((part) => part !== undefined && part.shape[0] !== 0) as Node[]
  if (from.length === 0 || parts.length === 0) return zeros(y, [from.length])
  const all = concat(parts)
  return from.length === all.shape[0] && from.every((at, e) => at === e) ? all : gather(all, constant(from, 'i32'))
}

/** In full: zeros, and the entries where they belong; of several values, cut into blocks. */
export function colour(linear: Linearization, order: ColourOrder): Blocks {
  const { wrt, outputs } = linear
  if (outputs.some((y) => y.dtype !== outputs[0]!.dtype))
    throw impossibleOrder('colour', 'all results must be of one dtype')
  const pattern = patternFor(linear)
  const entries = colouredEntries(linear, order, pattern, false)
  const [m, n] = [pattern.rows, pattern.columns]
  const all = scatterAdd(entries, constant(placesOf(pattern), 'i32'), m * n)
  if (wrt.length === 1 && outputs.length === 1) return [[{ by: 'rows', node: reshape(all, [m, ...wrt[0]!.shape]) }]]
  const matrix = reshape(all, [m, n])
  const columns = startsOf(wrt)
  const rows = startsOf(outputs)
  return outputs.map((y, o) => {
    const top = rows[o]!
    return wrt.map((x, i) => {
      const block = slice(matrix, [top, top + sizeOf(y)], [columns[i]!, columns[i]! + sizeOf(x)])
      return { by: 'rows', node: reshape(block, [sizeOf(y), ...x.shape]) } as const
    })
  })
}

const sizeOf = (node: Node): number => count(sizes(node.shape, 'colour'))
const zeros = (like: Node, shape: readonly number[]): Node => broadcast(constant(0, like.dtype), shape, [])
const coloursIn = (colours: readonly number[] = []): number => colours.reduce((most, c) => Math.max(most, c), -1) + 1

/** Of each value its part of the seeds. */
function seedsOf(nodes: readonly Node[], colours: readonly number[]): Node[] {
  const [all, starts] = [coloursIn(colours), startsOf(nodes)]
  return nodes.map((x, i) => seedOf(x, colours.slice(starts[i]!, starts[i]! + sizeOf(x)), all))
}

/** Row c of `all`: 1 at the elements of colour c. */
function seedOf(like: Node, colours: readonly number[], all: number): Node {
  const shape = [all, ...sizes(like.shape, 'colour')]
  if (all === 1 && colours.every((c) => c === 0)) return broadcast(constant(1, like.dtype), shape, [])
  const own = constant(colours, 'i32', shape.slice(1))
  const axes = shape.slice(1).map((_, d) => d + 1)
  return cast(equal(broadcast(own, shape, axes), iota(shape, 0)), like.dtype)
}

/** Results for all colours of seeds, one after another, each of all values `of`, in the dtype of y. */
function flat(made: readonly (Node | undefined)[], y: Node, colours: number, of: readonly Node[]): Node {
  const parts = of.map((x, i) => {
    const own = made[i]
    return own ? cast(reshape(own, [colours, sizeOf(x)]), y.dtype) : zeros(y, [colours, sizeOf(x)])
  })
  const whole = parts.length === 1 ? parts[0]! : concat(parts, 1)
  return reshape(whole, [colours * of.reduce((n, x) => n + sizeOf(x), 0)])
}

function faultOf({ columns, rows }: ColourOrder, pattern: Pattern): string | undefined {
  if (columns === undefined && rows === undefined) return 'an order is { kind, columns?: [...], rows?: [...] }'
  const given = [
    ['columns', columns, pattern.columns],
    ['rows', rows, pattern.rows],
  ] as const
  for (const [name, colours, length] of given) {
    if (colours === undefined) continue
    if (!Array.isArray(colours) || colours.length !== length) return `${name} must be a list of ${length} colours`
    const wrong = colours.findIndex((c) => !Number.isInteger(c) || c < -1 || c >= length)
    if (wrong >= 0) return `${name}[${wrong}] is ${String(colours[wrong])}, no colour from -1 to ${length - 1}`
  }
  return undefined
}

/**
 * Where each entry stands alone in what the seeds give, columns first: colour · rows + row, then colour · columns + column. Of a symmetric matrix it
 * may be its mirror image that does. A text: the entry that does not.
 */
export function sourcesOf({ columns, rows }: ColourOrder, pattern: Pattern, symmetric: boolean): Int32Array | string {
  const [m, n] = [pattern.rows, pattern.columns]
  const start = coloursIn(columns) * m
  const hits = new Int32Array(start + coloursIn(rows) * n)
  const own = rowsOf(pattern)
  const pushed = (i: number, j: number): number => (columns && columns[j]! >= 0 ? columns[j]! * m + i : -1)
  const pulled = (i: number, j: number): number => (rows && rows[i]! >= 0 ? start + rows[i]! * n + j : -1)
  const meets = (at: number): void => {
    if (at >= 0) hits[at]!++
  }
  const alone = (at: number): boolean => at >= 0 && hits[at] === 1
  pattern.indices.forEach((j, e) => {
    meets(pushed(own[e]!, j))
    meets(pulled(own[e]!, j))
  })
  const from = new Int32Array(own.length)
  for (let e = 0; e < own.length; e++) {
    const [i, j] = [own[e]!, pattern.indices[e]!]
    if (alone(pushed(i, j))) from[e] = pushed(i, j)
    else if (alone(pulled(i, j))) from[e] = pulled(i, j)
    else if (symmetric && alone(pushed(j, i))) from[e] = pushed(j, i)
    else return `entry [${i}, ${j}] stands nowhere alone: another of its colour is in its row or column`
  }
  return from
}
