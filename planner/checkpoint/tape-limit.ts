/**
 * Segments by a limit: tapes of a loop together, and the carries that are kept for its segments, in at most so many bytes each.
 * Invariant: fewer bytes, shorter segments; segments that divide the loop evenly come first, since others need copies.
 */
import { declared, type Segments } from './loop-segments.ts'

export const limitedTo =
  (bytes: number): Segments =>
  (pair) => {
    const { tapeBytes, carryBytes, maker } = pair
    const { length } = maker.loop
    if (length * tapeBytes <= bytes) return declared(pair)
    const most = Math.max(1, Math.floor(bytes / tapeBytes))
    // Where carries alone would take more, segments are longer, and have segments themselves.
    const segments = Math.max(2, Math.floor(bytes / Math.max(1, carryBytes)))
    return even(length, Math.min(length - 1, Math.max(most, Math.ceil(length / segments))))
  }

/** A divisor of `length` not far below `every`, if there is one. */
function even(length: number, every: number): number {
  for (let k = every; k * 2 > every; k--) if (length % k === 0) return k
  return every
}
