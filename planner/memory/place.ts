/**
 * Placement: an offset in the arena for every buffer, with its price beside the lower bound.
 * Invariant: pure and deterministic; blocks alive together never share a byte. One line in `strategies` adds a strategy.
 * May not: change lifetimes or sizes.
 */
import { type Block, lowerBound } from './bound.ts'
import { type Found, greedy } from './greedy.ts'

export interface Placement {
  readonly offsets: ReadonlyMap<number, number>
  /** Bytes of the arena. */
  readonly peak: number
  /** No placement can do better. */
  readonly bound: number
  readonly proven: boolean
  /** What found it. */
  readonly order: string
}

const strategies = { naive, greedy } satisfies Record<string, (blocks: readonly Block[], bound: number) => Found>
export type Strategy = 'naive' | 'greedy'

export function place(blocks: readonly Block[], options: { readonly strategy: Strategy }): Placement {
  const bound = lowerBound(blocks).bytes
  const found = strategies[options.strategy](blocks, bound)
  const offsets = new Map(blocks.map((b, i) => [b.id, found.offsets[i]!]))
  return { offsets, peak: found.peak, bound, proven: found.peak === bound, order: found.order }
}

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
