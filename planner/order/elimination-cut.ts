/**
 * The least that a vertex can cost. When it is eliminated, those before it separate it from all inputs, and those after it from all outputs,
 * whatever went before: so it has at least as many of each as there are paths to them with no vertex in common (Menger 1927). What is
 * eliminated first only merges paths, so the bound of a later graph is never smaller, and the bounds of all vertices add.
 * Invariant: never more than what some order pays.
 */
import type { Block } from './elimination-block.ts'

/** Of each vertex that is left: the least cost of eliminating it, now or later. */
export function leastCosts({ vertices, words, free }: Block, rows: Uint32Array, left: readonly number[]): Int32Array {
  const count = vertices.length
  const costs = new Int32Array(count)
  const before = neighboursOf(rows, words, 0, count)
  const after = neighboursOf(rows, words, count, count)
  for (const v of left) costs[v] = paths(before, v, count) * (paths(after, v, count) - free[v]!)
  return costs
}

/** Of each vertex the bits set in its row, from row `first` on. */
function neighboursOf(rows: Uint32Array, words: number, first: number, count: number): readonly (readonly number[])[] {
  return Array.from({ length: count }, (_, v) => {
    const found: number[] = []
    for (let w = 0; w < words; w++)
      for (let bits = rows[(first + v) * words + w]!; bits !== 0; bits &= bits - 1)
        found.push((w << 5) + 31 - Math.clz32(bits & -bits))
    return found
  })
}

/**
 * The most paths from `from` along `next` to ends (numbers from `count` on) of which no two share a vertex, by augmenting (Ford & Fulkerson 1956).
 * A vertex has two sides, 2x where a path enters and 2x + 1 where it leaves.
 */
function paths(next: readonly (readonly number[])[], from: number, count: number): number {
  /** The vertex before each on its path. */
  const via = new Map<number, number>()
  for (let found = 0; ; found++) {
    const came = new Map<number, number>([[2 * from + 1, -1]])
    const end = search(next, from, count, via, came)
    if (end === undefined) return found
    for (let side = end; came.get(side)! >= 0; side = came.get(side)!) {
      const x = side >> 1
      if (side & 1) continue
      const at = came.get(side)! >> 1
      if (at === x) via.delete(x)
      else via.set(x, at)
    }
  }
}

/** The free end that is reached, if any; `came`: the side from which each was reached. */
function search(
  next: readonly (readonly number[])[],
  from: number,
  count: number,
  via: ReadonlyMap<number, number>,
  came: Map<number, number>,
): number | undefined {
  const pending = [2 * from + 1]
  const reach = (side: number, by: number): void => {
    if (came.has(side)) return
    came.set(side, by)
    pending.push(side)
  }
  for (let side = pending.pop(); side !== undefined; side = pending.pop()) {
    const x = side >> 1
    const before = via.get(x)
    if (side & 1) {
      for (const w of next[x]!) if (via.get(w) !== x) reach(2 * w, side)
      if (before !== undefined) reach(2 * x, side)
    } else if (before === undefined) {
      if (x >= count) return side
      reach(side + 1, side)
    } else if (before !== from) reach(2 * before + 1, side)
  }
  return undefined
}
