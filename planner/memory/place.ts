/**
 * Placement: an offset in the arena for every buffer, with its price beside the lower bound.
 * Invariant: pure and deterministic; blocks alive together never share a byte. One line in `strategies` adds a strategy.
 * May not: change lifetimes or sizes.
 */
import { type Block, lowerBound } from './bound.ts'
import { type Exact, type ExactOptions, exact } from './exact.ts'
import { type Found, greedy } from './greedy.ts'

export interface Placement {
  readonly offsets: ReadonlyMap<number, number>
  /** Bytes of the arena. */
  readonly peak: number
  /** No placement can do better: bytes alive together, or more where the search proved that they do not fit. */
  readonly bound: number
  readonly proven: boolean
  /** What found it. */
  readonly order: string
  /** Partial placements that the search visited. */
  readonly nodes: number
}

export interface PlaceOptions extends ExactOptions {
  /** 'exact' searches where the cheap orders ('greedy') miss the lower bound; 'naive' shares nothing. */
  readonly strategy: Strategy
}

const strategies = {
  naive: (blocks) => withBound(blocks, naive(blocks)),
  greedy: (blocks) => withBound(blocks, greedy(blocks, lowerBound(blocks).bytes)),
  exact,
} satisfies Record<string, (blocks: readonly Block[], options: ExactOptions) => Exact>
export type Strategy = 'naive' | 'greedy' | 'exact'

/** Offsets for blocks with lifetimes, in bytes; nothing of two blocks alive together overlaps. The same input gives the same offsets. */
export function place(blocks: readonly Block[], options: PlaceOptions): Placement {
  const { peak, bound, nodes, order, offsets: found } = strategies[options.strategy](blocks, options)
  const offsets = new Map(blocks.map((b, i) => [b.id, found[i]!]))
  return { offsets, peak, bound, proven: peak === bound, order, nodes }
}

const withBound = (blocks: readonly Block[], found: Found): Exact => ({
  ...found,
  bound: lowerBound(blocks).bytes,
  nodes: 0,
})

/** Every block has bytes of its own. */
function naive(blocks: readonly Block[]): Found {
  const offsets = new Float64Array(blocks.length)
  let peak = 0
  for (const [i, block] of blocks.entries()) {
    offsets[i] = peak
    peak += block.size
  }
  return { offsets, peak, order: 'naive' }
}
