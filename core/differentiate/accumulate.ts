/**
 * accumulate: a full Jacobian from a linearization, forward (one seed an input element) or reverse (one a result element).
 * Seeds are the rows of an identity, pushed or pulled together: the linear graph is batched over them, residuals are shared.
 * Invariant: the result has shape [...y, ...x], whatever the direction.
 * May not: decide the direction (the planner's), or build a Jacobian nobody asked for.
 */
import type { Node, Type } from '../ir.ts'
import { broadcast, reshape } from '../primitives/broadcast.ts'
import { cast } from '../primitives/cast.ts'
import { concat } from '../primitives/concat.ts'
import { eye } from '../primitives/indexing.ts'
import { transpose } from '../primitives/layout.ts'
import { constant, input } from '../primitives/leaf.ts'
import { count, sizes, tensorType } from '../shape.ts'
import { type Linearization, pull, push } from './linearize.ts'
import { batchNodes } from './vmap.ts'

/** Elements that one batched intermediate may hold; seeds go in chunks below it. */
const CHUNK_ELEMENTS = 2 ** 25

export const filled = (value: number, like: Node): Node => broadcast(constant(value, like.dtype), like.shape, [])

/** dy/dx for each y of the outputs and each x of wrt, outputs outermost. */
export function accumulate(linear: Linearization, mode: 'forward' | 'reverse'): Node[] {
  const { outputs, wrt } = linear
  if (mode === 'reverse') return outputs.flatMap((y, i) => reverseRows(linear, y, i))
  const columns = wrt.map((x, i) => forwardColumns(linear, x, i))
  return outputs.flatMap((_, o) => columns.map((c) => c[o]!))
}

function reverseRows(linear: Linearization, y: Node, which: number): Node[] {
  const seed = seedFor(y)
  const cts = pull(
    linear,
    linear.outputs.map((_, i) => (i === which ? seed : undefined)),
  )
  const rows = seeded(linear, cts, seed, y)
  return linear.wrt.map((x, i) => (rows[i] ? cast(reshape(rows[i], [...y.shape, ...x.shape]), y.dtype) : zeros(y, x)))
}

function forwardColumns(linear: Linearization, x: Node, which: number): Node[] {
  const seed = seedFor(x)
  const tangents = push(
    linear,
    linear.wrt.map((_, i) => (i === which ? seed : undefined)),
  )
  const columns = seeded(linear, tangents, seed, x)
  return linear.outputs.map((y, i) => {
    const c = columns[i]
    if (!c) return zeros(y, x)
    const last = transpose(c, [...y.shape.map((_, d) => d + 1), 0])
    return reshape(last, [...y.shape, ...x.shape])
  })
}

/** What stands for all seeds; of one element, the only seed itself. */
const seedFor = (node: Node): Node =>
  count(sizes(node.shape, 'jacobian')) === 1 ? filled(1, node) : input('seed', tensorType(node.dtype, node.shape))
const zeros = (y: Node, x: Node): Node => broadcast(constant(0, y.dtype), [...y.shape, ...x.shape], [])

/** `results` (linear in `seed`) for every unit seed: each with a leading axis over them. */
function seeded(
  linear: Linearization,
  results: readonly (Node | undefined)[],
  seed: Node,
  like: Node,
): (Node | undefined)[] {
  const shape = sizes(like.shape, 'jacobian')
  const total = count(shape)
  const live = results.filter((r) => r !== undefined)
  if (live.length === 0) return [...results]
  if (total === 1) return results.map((r) => r && reshape(r, [1, ...r.shape]))
  const run = (start: number, k: number): Node[] => {
    return batchNodes(live, new Map([[seed, eye(k, shape, seed.dtype, start)]]), k)
  }
  const chunks = chunkSizes(linear, total).map(([start, k]) => run(start, k))
  const whole = new Map(live.map((r, i) => [r, concat(chunks.map((c) => c[i]!))]))
  return results.map((r) => r && whole.get(r))
}

/** [start, size] of each chunk of seeds: as few and as equal as the memory bound allows. */
function chunkSizes(linear: Linearization, total: number): (readonly [number, number])[] {
  const elements = (type: Type): number =>
    type.kind === 'tensor' ? count(sizes(type.shape, 'jacobian')) : type.items.reduce((n, t) => n + elements(t), 0)
  const largest = linear.steps.reduce((most, s) => Math.max(most, elements(s.node.type)), 1)
  const parts = Math.max(1, Math.min(total, Math.ceil((total * largest) / CHUNK_ELEMENTS)))
  const starts = Array.from({ length: parts + 1 }, (_, i) => Math.floor((i * total) / parts))
  return starts.slice(1).map((end, i) => [starts[i]!, end - starts[i]!] as const)
}
