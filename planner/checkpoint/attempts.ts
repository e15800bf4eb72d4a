/**
 * What the eviction heuristic tries, one after the other: a grid of weights, then weights with some values favoured at random.
 * Invariant: the same number of nodes gives the same attempts. May not: run them.
 */
import type { Weights } from './evict.ts'
import { generator } from './random.ts'

/** Attempts × nodes²: about 0.3 s. */
const EFFORT = 4e6
const MOST = 400

const exponents = [1, 0.5, 2, 0]
const grid: readonly Weights[] = exponents.flatMap((distance) =>
  [1, 0.5, 0].flatMap((bytes) => exponents.map((cost): Weights => ({ cost, bytes, distance }))),
)

/** At least the first of the grid, at most 400. */
export function* attempts(nodes: number): Iterable<Weights> {
  const most = Math.min(MOST, Math.ceil(EFFORT / nodes ** 2))
  yield* grid.slice(0, most)
  const random = generator()
  for (let k = grid.length; k < most; k++) {
    const spread = 0.2 + 2 * random()
    const favour = Array.from({ length: nodes }, () => Math.exp(spread * (random() - 0.5)))
    yield { cost: exponents[k % 4]!, bytes: 1, distance: exponents[k % 3]!, favour }
  }
}
