/**
 * Orders to start a search from: forward, reverse, and greedy ones.
 * Invariant: each is a permutation of 0 … count − 1 of the block; the same block gives the same orders.
 */
import { type Block, costNow, eliminate } from './elimination-block.ts'

type Score = (cost: number, vertex: number) => number

/** One after the other, the cheap ones first; greedy ones end with `expired`. */
export function* starts(block: Block, expired: () => boolean): Generator<readonly number[]> {
  const count = block.vertices.length
  const forward = [...Array(count).keys()]
  yield forward.toReversed()
  yield forward
  const ends = endsOf(block)
  const small = 1 / (count + 1)
  const scores: readonly Score[] = [
    (cost, v) => cost - v * small,
    (cost, v) => cost + v * small,
    // Lowest relative Markowitz degree (Naumann): what the vertex costs now above what it costs at the very end.
    (cost, v) => cost - ends[v]! - v * small,
    (cost, v) => cost - ends[v]! + v * small,
    // At the end a vertex costs nothing if it is an output that only unused vertices read.
    (cost, v) => cost / Math.max(1, ends[v]!) - v * small * small,
  ]
  for (const score of scores) {
    const order = greedily(block, score, expired)
    if (order) yield order
  }
}

function greedily(block: Block, score: Score, expired: () => boolean): readonly number[] | undefined {
  const rows = block.rows.slice()
  const left = new Set(block.vertices.keys())
  const scores = Float64Array.from(block.vertices, (_, v) => score(costNow(block, rows, v), v))
  const order: number[] = []
  while (left.size > 0) {
    if (expired()) return undefined
    let [best, least] = [-1, Number.POSITIVE_INFINITY]
    for (const v of left) if (scores[v]! < least) [best, least] = [v, scores[v]!]
    left.delete(best)
    const changed = [...inside(block, rows, best), ...inside(block, rows, block.vertices.length + best)]
    eliminate(block, rows, best)
    for (const v of changed) scores[v] = score(costNow(block, rows, v), v)
    order.push(best)
  }
  return order
}

/** The vertices of the block whose bits are set in a row. */
function inside(block: Block, rows: Uint32Array, row: number): number[] {
  const count = block.vertices.length
  const found: number[] = []
  for (let w = 0; w << 5 < count; w++)
    for (let bits = rows[row * block.words + w]!; bits !== 0; bits &= bits - 1) {
      const v = (w << 5) + 31 - Math.clz32(bits & -bits)
      if (v < count) found.push(v)
    }
  return found
}

/** What each vertex costs when all others are gone: inputs it depends on × outputs that depend on it. */
function endsOf(block: Block): Float64Array {
  const { words } = block
  const count = block.vertices.length
  const reach = block.rows.slice()
  const gather = (row: number, first: number) => {
    for (const v of inside(block, block.rows, row))
      for (let k = 0; k < words; k++) reach[row * words + k]! |= reach[(first + v) * words + k]!
  }
  for (let v = 0; v < count; v++) gather(v, 0)
  for (let v = count - 1; v >= 0; v--) gather(count + v, count)
  for (let row = 0; row < 2 * count; row++) {
    reach.fill(0, row * words, row * words + (count >> 5))
    reach[row * words + (count >> 5)]! &= -1 << (count & 31)
  }
  return Float64Array.from(block.vertices, (_, v) => costNow(block, reach, v))
}
