/**
 * What a schedule takes in an arena: its values as blocks with lifetimes, values that take the place of another one in one block with it.
 * Invariant: one block for each copy of a value, or chain of them; whatever is still to be read has a block of its own. O(schedule).
 * May not: place.
 */
import type { Block } from '../memory/bound.ts'
import type { RematGraph, Schedule } from './remat-graph.ts'

/** Undefined if something is computed before what it needs. Values of no bytes have no block. */
export function blocksOf({ nodes }: RematGraph, schedule: Schedule): readonly Block[] | undefined {
  const copy = new Int32Array(nodes.length).fill(-1)
  const needed = new Uint8Array(nodes.length)
  const until = Int32Array.from(schedule.keys())
  const over = new Int32Array(schedule.length).fill(-1)
  for (let at = 0; at < schedule.length; at++) {
    const node = nodes[schedule[at]!]!
    for (const d of node.deps) {
      if (copy[d]! < 0) return undefined
      until[copy[d]!] = at
      needed[d] = 1
    }
    if (node.over !== undefined) over[at] = copy[node.over]!
    copy[schedule[at]!] = at
  }
  for (const [i, at] of copy.entries()) if (at >= 0 && needed[i] === 0) until[at] = schedule.length - 1
  // From last to first, so that a chain of places ends up with its first copy.
  const gone = new Uint8Array(schedule.length)
  for (let at = schedule.length - 1; at >= 0; at--) {
    const from = over[at]!
    if (from < 0 || until[from] !== at || nodes[schedule[from]!]!.bytes !== nodes[schedule[at]!]!.bytes) continue
    until[from] = until[at]!
    gone[at] = 1
  }
  const blocks: Block[] = []
  for (let at = 0; at < schedule.length; at++) {
    const size = nodes[schedule[at]!]!.bytes
    if (gone[at] === 0 && size > 0) blocks.push({ id: at, size, first: at, last: until[at]! })
  }
  return blocks
}

/** Bytes alive at each computation. */
export function alive(blocks: readonly Block[], steps: number): Float64Array {
  const bytes = new Float64Array(steps + 1)
  for (const { first, last, size } of blocks) {
    bytes[first]! += size
    bytes[last + 1]! -= size
  }
  for (let at = 1; at <= steps; at++) bytes[at]! += bytes[at - 1]!
  return bytes.subarray(0, steps)
}
