/**
 * Simulated annealing over elimination orders of a block. A move takes a vertex elsewhere in the order. What is left after eliminating a
 * set does not depend on its order, so a move changes costs only between the two places: rows are kept at every place, and a move is priced
 * from the first of the two to the second.
 * Invariant: a random generator of its own: the same block, order, seed and budget give the same result, if no deadline falls.
 */
import { type Block, eliminate } from './elimination-block.ts'

export interface Annealed {
  readonly order: readonly number[]
  readonly cost: number
  readonly evaluations: number
}
export interface Annealing {
  readonly seed: number
  /** Moves to price. */
  readonly evaluations: number
  readonly hot: number
  readonly cold: number
  /** Asked now and then. */
  readonly expired: () => boolean
}

interface Walk {
  readonly block: Block
  readonly order: Int32Array
  readonly costs: Float64Array
  /** Rows before each `stride`-th elimination. */
  readonly snapshots: Uint32Array
  readonly stride: number
  readonly rows: Uint32Array
  total: number
}

export function anneal(block: Block, start: readonly number[], options: Annealing): Annealed {
  const walk = begin(block, start)
  const random = generator(options.seed)
  const { evaluations, hot, cold } = options
  const count = start.length
  let best = walk.total
  let order = walk.order.slice()
  let tried = 0
  for (; tried < evaluations; tried++) {
    if ((tried & 15) === 15 && options.expired()) break
    const temperature = hot * (cold / hot) ** (tried / evaluations)
    const from = Math.floor(random() * count)
    const to = target(walk, from, random)
    if (from === to) continue
    if (!move(walk, from, to, -temperature * Math.log(1 - random()))) continue
    if (walk.total >= best) continue
    best = walk.total
    order = walk.order.slice()
  }
  return { order: [...order], cost: best, evaluations: tried }
}

/** Beside a neighbour, where degrees change; now and then anywhere near. */
function target(walk: Walk, from: number, random: () => number): number {
  const count = walk.order.length
  const beside = walk.block.neighbours[walk.order[from]!]!
  if (beside.length === 0 || random() < 0.3) {
    const reach = Math.max(2, count >> 3)
    const to = from + Math.floor((2 * random() - 1) * reach)
    return Math.min(count - 1, Math.max(0, to))
  }
  const other = beside[Math.floor(random() * beside.length)]!
  const at = walk.order.indexOf(other)
  return at
}

/** Takes the vertex at `from` to `to`, if that raises the cost by at most `slack`. */
function move(walk: Walk, from: number, to: number, slack: number): boolean {
  const { block, order, costs, rows, stride } = walk
  const [low, high] = from < to ? [from, to] : [to, from]
  let allowed = slack
  for (let p = low; p <= high; p++) allowed += costs[p]!
  shift(order, from, to)
  load(walk, low)
  let sum = 0
  for (let p = low; p <= high; p++) {
    sum += eliminate(block, rows, order[p]!)
    if (sum <= allowed) continue
    shift(order, to, from)
    return false
  }
  load(walk, low)
  for (let p = low; p <= high; p++) {
    if (p % stride === 0) walk.snapshots.set(rows, (p / stride) * rows.length)
    walk.total -= costs[p]!
    costs[p] = eliminate(block, rows, order[p]!)
    walk.total += costs[p]!
  }
  return true
}

function shift(order: Int32Array, from: number, to: number): void {
  const v = order[from]!
  if (from < to) order.copyWithin(from, from + 1, to + 1)
  else order.copyWithin(to + 1, to, from)
  order[to] = v
}

/** The rows as they are before elimination `place`. */
function load(walk: Walk, place: number): void {
  const { rows, stride } = walk
  const first = Math.floor(place / stride)
  rows.set(walk.snapshots.subarray(first * rows.length, (first + 1) * rows.length))
  for (let p = first * stride; p < place; p++) eliminate(walk.block, rows, walk.order[p]!)
}

/** Snapshots may take this many bytes. */
const SNAPSHOTS = 2 ** 26

function begin(block: Block, start: readonly number[]): Walk {
  const rows = block.rows.slice()
  const stride = Math.max(1, Math.ceil((start.length * rows.byteLength) / SNAPSHOTS))
  const snapshots = new Uint32Array(Math.ceil(start.length / stride) * rows.length)
  const costs = new Float64Array(start.length)
  for (const [p, v] of start.entries()) {
    if (p % stride === 0) snapshots.set(rows, (p / stride) * rows.length)
    costs[p] = eliminate(block, rows, v)
  }
  const total = costs.reduce((a, b) => a + b, 0)
  return { block, order: Int32Array.from(start), costs, snapshots, stride, rows, total }
}

/** Uniform in [0, 1): Mulberry32, four times as fast as the counter-based generator of the core, and good enough for a search. */
function generator(seed: number): () => number {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
