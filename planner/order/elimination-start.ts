/**
 * Orders to start a search from: forward, reverse, and greedy ones.
 * Invariant: each is a permutation of 0 … count − 1 of the block; the same block gives the same orders.
 */
import { type Block, costNow, eliminate } from './elimination-block.ts'

type Score = (cost: number, vertex: number) => number

export function starts(block: Block): readonly (readonly number[])[] {
  const count = block.vertices.length
  const forward = [...Array(count).keys()]
  const ends = endsOf(block)
  const small = 1 / (count + 1)
  const greedy: readonly Score[] = [
    (cost, v) => cost - v * small,
    (cost, v) => cost + v * small,
    // Lowest relative Markowitz degree (Naumann): what the vertex costs now above what it costs at the very end.
    (cost, v) => cost - ends[v]! - v * small,
    (cost, v) => cost - ends[v]! + v * small,
    (cost, v) => cost / ends[v]! - v * small * small,
  ]
  return [forward.toReversed(), forward, ...greedy.map((score) => greedily(block, score))]
}

function greedily(block: Block, score: Score): number[] {
  const rows = block.rows.slice()
  const left = new Set(block.vertices.keys())
  const order: number[] = []
  while (left.size > 0) {
    let [best, least] = [-1, Number.POSITIVE_INFINITY]
    for (const v of left) {
      const s = score(costNow(block, rows, v), v)
      if (s < least) [best, least] = [v, s]
    }
    left.delete(best)
    eliminate(block, rows, best)
    order.push(best)
  }
  return order
}

/** What each vertex costs when all others are gone: inputs it depends on × outputs that depend on it. */
function endsOf(block: Block): Float64Array {
  const { words } = block
  const count = block.vertices.length
  const reach = block.rows.slice()
  const gather = (row: number, first: number) => {
    for (let v = 0; v < count; v++)
      if ((reach[row * words + (v >> 5)]! >>> (v & 31)) & 1)
        for (let k = 0; k < words; k++) reach[row * words + k]! |= reach[(first + v) * words + k]!
  }
  for (let v = 0; v < count; v++) gather(v, 0)
  // Against topological order a row may gain vertices below the one being gathered, never above: those are complete.
  for (let v = count - 1; v >= 0; v--) gather(count + v, count)
  for (let row = 0; row < 2 * count; row++) for (let v = 0; v < count; v++) reach[row * words + (v >> 5)]! &= ~(1 << (v & 31))
  return Float64Array.from(block.vertices, (_, v) => costNow(block, reach, v))
}
