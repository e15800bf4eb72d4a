/**
 * The lower bound of a placement: no arena can be smaller than the bytes alive together at some step.
 * Invariant: exact in Float64 up to 2^53 bytes; O(n log n); of equal maxima the earliest step is named.
 * May not: place anything.
 */

/** What a placement sees of a buffer. Its contents matter from step `first` to step `last`, both included. */
export interface Block {
  readonly id: number
  /** Bytes, a multiple of the alignment. */
  readonly size: number
  readonly first: number
  readonly last: number
}

export interface LowerBound {
  readonly bytes: number
  /** A step at which that many bytes are alive. */
  readonly step: number
  /** What is alive there, largest first. */
  readonly alive: readonly Block[]
}

export function lowerBound(blocks: readonly Block[]): LowerBound {
  const starts = [...blocks].sort((a, b) => a.first - b.first)
  const ends = [...blocks].sort((a, b) => a.last - b.last)
  let sum = 0
  let ended = 0
  let bytes = 0
  let step = starts[0]?.first ?? 0
  for (const block of starts) {
    for (; ended < ends.length && ends[ended]!.last < block.first; ended++) sum -= ends[ended]!.size
    sum += block.size
    if (sum > bytes) {
      bytes = sum
      step = block.first
    }
  }
  const alive = blocks.filter((b) => b.first <= step && step <= b.last)
  alive.sort((a, b) => b.size - a.size || a.id - b.id)
  return { bytes, step, alive }
}
