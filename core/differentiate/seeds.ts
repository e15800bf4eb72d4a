/**
 * Many tangents or cotangents at once: the linear graph batched over a leading axis of seeds. Seeds are the rows of an identity, or of
 * a matrix made before; residuals are shared.
 * Invariant: what it returns has the seeds as leading axis, in order.
 * May not: decide a direction.
 */
import type { Node, Tangent, Type } from '../ir.ts'
import { broadcast, reshape } from '../primitives/broadcast.ts'
import { concat } from '../primitives/concat.ts'
import { eye } from '../primitives/indexing.ts'
import { slice } from '../primitives/layout.ts'
import { constant, input } from '../primitives/leaf.ts'
import { count, sizes, tensorType } from '../shape.ts'
import { type Linearization, pull, push } from './linearize.ts'
import { isScalar, joined, settle, unit } from './single-seeds.ts'
import { batchNodes } from './vmap.ts'

/** Elements that one batched intermediate may hold; seeds go in chunks below it. */
const CHUNK_ELEMENTS = 2 ** 25

export const filled = (value: number, like: Node): Node => broadcast(constant(value, like.dtype), like.shape, [])

/** Seeds of type [k, ...value]: all unit ones of the value, or the rows of a matrix. */
export type Seeds = 'unit' | Node

/** Tangents of the outputs for many tangents of `wrt[which]`; absent is zero. */
export const pushSeeds = (linear: Linearization, which: number, seeds: Seeds): Tangent[] =>
  manySeeds(linear, linear.wrt, which, seeds, push, linear.outputs)

/** Cotangents of `wrt` for many cotangents of `outputs[which]`; absent is zero. */
export const pullSeeds = (linear: Linearization, which: number, seeds: Seeds): Tangent[] =>
  manySeeds(linear, linear.outputs, which, seeds, pull, linear.wrt)

/** Results for many seeds of all `from` at once: `seeds` holds for each a matrix whose rows go together. */
export const pushJoint = (linear: Linearization, seeds: readonly Node[]): Tangent[] =>
  together(linear, linear.wrt, seeds, push)
export const pullJoint = (linear: Linearization, seeds: readonly Node[]): Tangent[] =>
  together(linear, linear.outputs, seeds, pull)

function together(linear: Linearization, from: readonly Node[], given: readonly Node[], run: typeof push): Tangent[] {
  const made = from.map((x, i) => ({ like: x, seeds: given[i]!, seed: seedFor(x, given[i]!) }))
  return seeded(
    linear,
    run(
      linear,
      made.map((m) => m.seed),
    ),
    made,
  )
}

/** `run` from one of the nodes `from` to the nodes `to`: seed by seed where all is scalar, else all seeds together. */
function manySeeds(
  linear: Linearization,
  from: readonly Node[],
  which: number,
  seeds: Seeds,
  run: typeof push,
  to: readonly Node[],
): Tangent[] {
  const x = from[which]!
  const only = (t: Node): Tangent[] => from.map((_, i) => (i === which ? t : undefined))
  if (seeds === 'unit' && isScalar(linear, countOf(x, seeds))) return singly(x, (t) => run(linear, only(t), settle), to)
  const seed = seedFor(x, seeds)
  return seeded(linear, run(linear, only(seed)), [{ like: x, seeds, seed }])
}

/** Every unit seed of `like` alone. */
function singly(like: Node, one: (seed: Node) => readonly Tangent[], results: readonly Node[]): Tangent[] {
  const total = count(sizes(like.shape, 'jacobian'))
  const made = Array.from({ length: total }, (_, i) => one(unit(like, i)))
  return joined(made, results, (parts) => concat(parts.map((t) => reshape(t, [1, ...t.shape]))))
}

/** What stands for all seeds; of one, that seed itself. */
function seedFor(like: Node, seeds: Seeds): Node {
  if (countOf(like, seeds) !== 1) return input('seed', tensorType(like.dtype, like.shape))
  return seeds === 'unit' ? filled(1, like) : reshape(seeds, like.shape)
}
const countOf = (like: Node, seeds: Seeds): number =>
  seeds === 'unit' ? count(sizes(like.shape, 'jacobian')) : (seeds.shape[0] as number)

interface Seeded {
  readonly like: Node
  readonly seeds: Seeds
  /** What stands for all of them. */
  readonly seed: Node
}

/** `results` (linear in the seeds, which stand for values) for every row of seeds: each with a leading axis over them. */
function seeded(linear: Linearization, results: readonly Tangent[], of: readonly Seeded[]): (Node | undefined)[] {
  const total = countOf(of[0]!.like, of[0]!.seeds)
  const live = results.filter((r) => r !== undefined)
  if (live.length === 0) return [...results]
  if (total === 1) return results.map((r) => r && reshape(r, [1, ...r.shape]))
  const rows = ({ like, seeds, seed }: Seeded, start: number, k: number): Node =>
    seeds === 'unit' ? eye(k, sizes(like.shape, 'jacobian'), seed.dtype, start) : slice(seeds, [start, start + k])
  const chunks = chunkSizes(linear, total).map(([start, k]) =>
    batchNodes(live, new Map(of.map((s) => [s.seed, rows(s, start, k)])), k),
  )
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
