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
import { constant } from '../../primitives/leaf.ts'
import { count, sizes } from '../../shape.ts'
import type { Linearization } from '../linearize.ts'
import { patternFor } from '../pattern.ts'
import { pullSeeds, pushSeeds } from '../seeds.ts'
import type { Blocks } from './blocks.ts'

/** The entries of the pattern, in its order, of the only output by the only value differentiated by. */
export function colouredEntries(linear: Linearization, order: ColourOrder, pattern: Pattern, symmetric: boolean): Node {
  const [x, y] = [linear.wrt[0]!, linear.outputs[0]!]
  const fault = faultOf(order, pattern)
  if (fault) throw impossibleOrder('colour', fault)
  const from = sourcesOf(order, pattern, symmetric)
  if (typeof from === 'string') throw impossibleOrder('colour', from)
  const pushed = order.columns && flat(pushSeeds(linear, 0, seedsOf(x, order.columns))[0], y, order.columns, y)
  const pulled = order.rows && flat(pullSeeds(linear, 0, seedsOf(y, order.rows))[0], y, order.rows, x)
  const parts = [pushed, pulled].filter((part) => part !== undefined && part.shape[0] !== 0) as Node[]
  if (from.length === 0 || parts.length === 0) return zeros(y, [from.length])
  const all = concat(parts)
  return from.length === all.shape[0] && from.every((at, e) => at === e) ? all : gather(all, constant(from, 'i32'))
}

/** In full: zeros, and the entries where they belong. */
export function colour(linear: Linearization, order: ColourOrder): Blocks {
  if (linear.wrt.length !== 1 || linear.outputs.length !== 1)
    throw impossibleOrder('colour', 'it takes one result and one value to differentiate by')
  const [x] = linear.wrt as [Node]
  const pattern = patternFor(linear)
  const entries = colouredEntries(linear, order, pattern, false)
  const all = scatterAdd(entries, constant(placesOf(pattern), 'i32'), pattern.rows * pattern.columns)
  return [[{ by: 'rows', node: reshape(all, [pattern.rows, ...x.shape]) }]]
}

const sizeOf = (node: Node): number => count(sizes(node.shape, 'colour'))
const zeros = (like: Node, shape: readonly number[]): Node => broadcast(constant(0, like.dtype), shape, [])
const coloursIn = (colours: readonly number[] = []): number => colours.reduce((most, c) => Math.max(most, c), -1) + 1

/** Row c: 1 at the elements of colour c. */
function seedsOf(like: Node, colours: readonly number[]): Node {
  const shape = [coloursIn(colours), ...sizes(like.shape, 'colour')]
  if (colours.every((c) => c === 0)) return broadcast(constant(1, like.dtype), shape, [])
  const own = constant(colours, 'i32', shape.slice(1))
  const axes = shape.slice(1).map((_, d) => d + 1)
  return cast(equal(broadcast(own, shape, axes), iota(shape, 0)), like.dtype)
}

/** Results for all colours of seeds, one after another, in the dtype of y. */
function flat(made: Node | undefined, y: Node, colours: readonly number[], of: Node): Node {
  const all = coloursIn(colours) * sizeOf(of)
  return made ? cast(reshape(made, [all]), y.dtype) : zeros(y, [all])
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
