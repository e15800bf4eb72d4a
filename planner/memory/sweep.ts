/**
 * Placing blocks by time: a sweep over the steps with a list of free gaps, as a run-time allocator would do it.
 * Invariant: the same result as fitting in order of `first`; cost n log n plus the gaps looked at, which are few when few
 * lifetimes cross. May not: look ahead.
 */
import type { Block } from './bound.ts'
import type { Fit, Fitted } from './fit.ts'

/** Free bytes below the top, by offset; neighbours never touch. */
interface Gaps {
  readonly starts: number[]
  readonly ends: number[]
}

export type Direction = 'forward' | 'backward'

/** `backward` sweeps from the last step to the first. */
export function fitByTime(blocks: readonly Block[], fit: Fit, direction: Direction): Fitted {
  const [birth, death] = lifetimesAlong(blocks, direction)
  const byBirth = [...blocks.keys()].sort(
    (a, b) => birth[a]! - birth[b]! || blocks[b]!.size - blocks[a]!.size || blocks[a]!.id - blocks[b]!.id,
  )
  const byDeath = [...blocks.keys()].sort((a, b) => death[a]! - death[b]! || blocks[a]!.id - blocks[b]!.id)
  const offsets = new Float64Array(blocks.length)
  const gaps: Gaps = { starts: [0], ends: [Number.POSITIVE_INFINITY] }
  let peak = 0
  let dead = 0
  for (const i of byBirth) {
    for (; death[byDeath[dead]!]! < birth[i]!; dead++) {
      const d = byDeath[dead]!
      release(gaps, offsets[d]!, offsets[d]! + blocks[d]!.size)
    }
    const size = blocks[i]!.size
    if (size === 0) continue
    offsets[i] = take(gaps, size, fit)
    peak = Math.max(peak, offsets[i]! + size)
  }
  return { offsets, peak }
}

function lifetimesAlong(blocks: readonly Block[], direction: Direction): readonly [Float64Array, Float64Array] {
  const forward = direction === 'forward'
  return [
    Float64Array.from(blocks, (b) => (forward ? b.first : -b.last)),
    Float64Array.from(blocks, (b) => (forward ? b.last : -b.first)),
  ]
}

/** The last gap is without end, so there always is one. */
function take(gaps: Gaps, size: number, fit: Fit): number {
  let best = gaps.starts.length - 1
  let bestGap = Number.POSITIVE_INFINITY
  for (let g = 0; g < gaps.starts.length; g++) {
    const gap = gaps.ends[g]! - gaps.starts[g]!
    if (gap < size || gap >= bestGap) continue
    best = g
    bestGap = gap
    if (fit === 'first') break
  }
  const offset = gaps.starts[best]!
  gaps.starts[best] = offset + size
  if (gaps.starts[best] === gaps.ends[best]) {
    gaps.starts.splice(best, 1)
    gaps.ends.splice(best, 1)
  }
  return offset
}

function release(gaps: Gaps, start: number, end: number): void {
  if (start === end) return
  let lo = 0
  let hi = gaps.starts.length
  while (lo < hi) {
    const mid = (lo + hi) >> 1
    if (gaps.starts[mid]! < start) lo = mid + 1
    else hi = mid
  }
  const joinsBefore = lo > 0 && gaps.ends[lo - 1] === start
  const joinsAfter = gaps.starts[lo] === end
  if (joinsBefore && joinsAfter) {
    gaps.ends[lo - 1] = gaps.ends[lo]!
    gaps.starts.splice(lo, 1)
    gaps.ends.splice(lo, 1)
  } else if (joinsBefore) gaps.ends[lo - 1] = end
  else if (joinsAfter) gaps.starts[lo] = start
  else {
    gaps.starts.splice(lo, 0, start)
    gaps.ends.splice(lo, 0, end)
  }
}
