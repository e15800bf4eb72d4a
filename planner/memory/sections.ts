/**
 * Temporal structure of a placement problem: partitions that share no step, and sections, the sets alive at one moment.
 * Invariant: blocks of two partitions never overlap in time; a block spans the sections `from[i]` … `to[i] − 1` of its partition.
 * After Moffitt, "MiniMalloc", ASPLOS 2023, where a section ends wherever a lifetime does. May not: place anything.
 */
import type { Block } from './bound.ts'

/** Lists of numbers in one array: list `i` is `items[starts[i]]` … `items[starts[i + 1] − 1]`. */
export interface Lists {
  readonly starts: Int32Array
  readonly items: Int32Array
}

export interface Sections {
  /** The blocks of one partition; everything below speaks of positions in it. */
  readonly blocks: readonly Block[]
  readonly count: number
  readonly from: Int32Array
  readonly to: Int32Array
  /** Blocks of each section. */
  readonly members: Lists
  /** Bytes alive in each section. */
  readonly totals: Float64Array
  /** How many blocks are alive both in section s and in s + 1. */
  readonly crossings: Int32Array
}

/** Positions in `blocks`, in their order, by partition, in order of time. Blocks of no bytes belong to none. */
export function partitions(blocks: readonly Block[]): number[][] {
  const order = [...blocks.keys()].filter((i) => blocks[i]!.size > 0)
  order.sort((a, b) => blocks[a]!.first - blocks[b]!.first || a - b)
  const found: number[][] = []
  let end = Number.NEGATIVE_INFINITY
  for (const i of order) {
    if (blocks[i]!.first > end) found.push([])
    found.at(-1)!.push(i)
    end = Math.max(end, blocks[i]!.last)
  }
  for (const part of found) part.sort((a, b) => a - b)
  return found
}

/** Of the blocks of one partition. */
export function sectionsOf(blocks: readonly Block[]): Sections {
  const ends = [...new Set(blocks.map((b) => b.last))].sort((a, b) => a - b)
  const count = ends.length
  const sectionAt = (step: number): number => {
    let [lo, hi] = [0, count]
    while (lo < hi) {
      const mid = (lo + hi) >> 1
      if (ends[mid]! < step) lo = mid + 1
      else hi = mid
    }
    return lo
  }
  const from = Int32Array.from(blocks, (b) => sectionAt(b.first))
  const to = Int32Array.from(blocks, (b) => sectionAt(b.last) + 1)
  const totals = new Float64Array(count)
  const crossings = new Int32Array(count)
  for (const [i, b] of blocks.entries())
    for (let s = from[i]!; s < to[i]!; s++) {
      totals[s]! += b.size
      if (s + 1 < to[i]!) crossings[s]!++
    }
  return { blocks, count, from, to, members: membersOf(from, to, count), totals, crossings }
}

function membersOf(from: Int32Array, to: Int32Array, count: number): Lists {
  const starts = new Int32Array(count + 1)
  for (let i = 0; i < from.length; i++) for (let s = from[i]!; s < to[i]!; s++) starts[s + 1]!++
  for (let s = 0; s < count; s++) starts[s + 1]! += starts[s]!
  const items = new Int32Array(starts[count]!)
  const at = starts.slice()
  for (let i = 0; i < from.length; i++) for (let s = from[i]!; s < to[i]!; s++) items[at[s]!++] = i
  return { starts, items }
}

/** Which blocks overlap each block in time; undefined if there are more pairs than `most`. */
export function overlaps({ from, to }: Sections, most: number): Lists | undefined {
  const n = from.length
  const byStart = [...from.keys()].sort((a, b) => from[a]! - from[b]! || a - b)
  const pairs: number[] = []
  for (const [k, i] of byStart.entries())
    for (let next = k + 1; next < n; next++) {
      const j = byStart[next]!
      if (from[j]! >= to[i]!) break
      if (pairs.length >= 2 * most) return undefined
      pairs.push(i, j)
    }
  const starts = new Int32Array(n + 1)
  for (const i of pairs) starts[i + 1]!++
  for (let i = 0; i < n; i++) starts[i + 1]! += starts[i]!
  const items = new Int32Array(pairs.length)
  const at = starts.slice()
  for (let p = 0; p < pairs.length; p += 2) {
    const [i, j] = [pairs[p]!, pairs[p + 1]!]
    items[at[i]!++] = j
    items[at[j]!++] = i
  }
  return { starts, items }
}
