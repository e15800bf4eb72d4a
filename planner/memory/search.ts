/**
 * Exact placement of one partition below a capacity, depth first: offsets never decrease along a branch (canonical placements), a
 * block never goes above the top of one that could go below it (dominance), a section that cannot hold its blocks ends the branch
 * (section inference), and a partial placement that falls apart in time is solved part by part.
 * Moffitt, "MiniMalloc: A Lightweight Memory Allocator for Hardware-Accelerated Machine Learning", ASPLOS 2023.
 * Invariant: 'found' leaves the offsets in `state.least`; 'none' proves that there is no placement; at most `limit` nodes are visited.
 * May not: recurse (a branch is as deep as there are blocks).
 */
import { type Preorder, preordered } from './preorder.ts'
import { leavesRoom, type Mark, markOf, put, type State, undoTo } from './search-state.ts'

export interface Outcome {
  readonly verdict: 'found' | 'none' | 'limit'
  /** Partial placements visited. */
  readonly nodes: number
}

/** Sections `low` … `high − 1` and the unplaced blocks in them, in the order of their ranks. */
interface Part {
  readonly low: number
  readonly high: number
  readonly list: Int32Array
  /** Canonical: what comes next has a greater offset, or this one and no lower rank. */
  readonly offset: number
  readonly rank: number
}

interface Node {
  readonly part: Part
  /** Blocks worth placing next, lowest offset first; `next` of them were tried. */
  readonly candidates: readonly number[]
  next: number
  readonly mark: Mark
  /** What is still to solve under the candidate placed now, the first part last. */
  parts: Part[]
  /** The candidate placed now is in nobody's way: if it fails, all do. */
  harmless: boolean
}

/** `state` holds nothing placed. Blocks with equal offsets are tried in `preorder`. */
export function search(state: State, preorder: Preorder, limit: number): Outcome {
  const ranks = new Int32Array(state.sizes.length)
  const list = ranked(state, ranks, preorder, Int32Array.from(ranks.keys()))
  const stack: Node[] = []
  const waiting: Part[] = [{ low: 0, high: state.sections.count, list, offset: 0, rank: 0 }]
  let [nodes, solved] = [0, true]
  for (;;) {
    const node = stack.at(-1)
    if (node && !solved && !branch(state, ranks, preorder, node)) {
      stack.pop()
      if (stack.length === 0) return { verdict: 'none', nodes }
      continue
    }
    const part = (node?.parts ?? waiting).pop()
    if (part === undefined) {
      solved = true
      if (stack.length <= 1) return { verdict: 'found', nodes }
      stack.pop()
      continue
    }
    if (nodes >= limit) return { verdict: 'limit', nodes }
    nodes++
    const child = nodeOf(state, ranks, part)
    solved = child === undefined
    if (child) stack.push(child)
  }
}

/** Gives `list`, sorted in place, ranks in its new order. */
function ranked(state: State, ranks: Int32Array, preorder: Preorder, list: Int32Array): Int32Array {
  preordered(list, preorder, state.sections, state.overlaps, state.totals)
  for (let k = 0; k < list.length; k++) ranks[list[k]!] = k
  return list
}

/** Undefined when everything in the part is placed. */
function nodeOf(state: State, ranks: Int32Array, part: Part): Node | undefined {
  const { sizes, placed, least } = state
  const { list, offset, rank } = part
  let lowestTop = Number.POSITIVE_INFINITY
  for (let k = 0; k < list.length; k++) {
    const i = list[k]!
    if (placed[i] === 0 && least[i]! + sizes[i]! < lowestTop) lowestTop = least[i]! + sizes[i]!
  }
  if (lowestTop === Number.POSITIVE_INFINITY) return undefined
  const candidates: number[] = []
  for (let k = 0; k < list.length; k++) {
    const i = list[k]!
    const at = least[i]!
    if (placed[i] === 1 || at >= lowestTop || at < offset || (at === offset && ranks[i]! < rank)) continue
    let to = candidates.length
    for (; to > 0 && least[candidates[to - 1]!]! > at; to--) candidates[to] = candidates[to - 1]!
    candidates[to] = i
  }
  return { part, candidates, next: 0, mark: markOf(state), parts: [], harmless: false }
}

/** Takes back the candidate that failed and places the next one whose consequences fit; false if there is none. */
function branch(state: State, ranks: Int32Array, preorder: Preorder, node: Node): boolean {
  const { part, candidates, mark } = node
  undoTo(state, mark)
  if (node.harmless && !state.published) return false
  if (state.published) for (let k = 0; k < part.list.length; k++) ranks[part.list[k]!] = k
  let full: readonly [number, number] | undefined
  let seen = -1
  while (node.next < candidates.length) {
    const i = candidates[node.next++]!
    if (state.least[i] !== seen) {
      seen = state.least[i]!
      full = fullSections(state, part, seen)
    }
    if (full && (full[0] < state.sections.from[i]! || full[1] >= state.sections.to[i]!)) continue
    if (!leavesRoom(state, i)) continue
    if (put(state, i)) {
      node.harmless = state.trail.raised.length === mark.raised
      node.parts = partsUnder(state, ranks, preorder, part, i)
      return true
    }
    undoTo(state, mark)
  }
  return false
}

/** First and last section that cannot hold its blocks if nothing goes below `offset` any more: the next block must be in all of them. */
function fullSections(
  { totals, capacity }: State,
  { low, high }: Part,
  offset: number,
): readonly [number, number] | undefined {
  const room = capacity - offset
  let first = low
  while (first < high && totals[first]! <= room) first++
  if (first === high) return undefined
  let last = high - 1
  while (totals[last]! <= room) last--
  return [first, last]
}

/** What is left after placing `i`: one part, or several where no unplaced block crosses a border any more. Last part first. */
function partsUnder(state: State, ranks: Int32Array, preorder: Preorder, part: Part, i: number): Part[] {
  const { sections, crossings, least, placed, published } = state
  const { from, to } = sections
  const cuts = [part.low]
  for (let s = from[i]!; s + 1 < to[i]!; s++) if (crossings[s] === 0) cuts.push(s + 1)
  const [offset, rank] = [least[i]!, ranks[i]!]
  if (cuts.length === 1) return [{ ...part, offset, rank }]
  cuts.push(part.high)
  const parts: Part[] = []
  for (let c = cuts.length - 2; c >= 0; c--) {
    const [low, high] = [cuts[c]!, cuts[c + 1]!]
    const list = part.list.filter((j) => placed[j] === 0 && from[j]! >= low && from[j]! < high)
    if (list.length === 0) continue
    // The published search sorts a part anew, and lets it begin anywhere.
    if (published) parts.push({ low, high, list: ranked(state, ranks, preorder, list), offset: 0, rank: 0 })
    else parts.push({ low, high, list, offset, rank })
  }
  return parts
}
