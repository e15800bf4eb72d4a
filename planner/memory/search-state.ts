/**
 * What the exact search knows of a partial placement, and how placing a block changes it and is taken back.
 * Invariant: blocks are placed at offsets that never decrease, so `least[i]`, the lowest offset that the placed blocks leave for an
 * unplaced block i, only grows; `undoTo` restores every number exactly. Offsets are Float64: exact up to 2^53.
 * May not: choose what to place.
 */
import type { Lists, Sections } from './sections.ts'

export interface State {
  readonly sections: Sections
  readonly overlaps: Lists
  readonly sizes: Float64Array
  readonly capacity: number
  readonly placed: Uint8Array
  /** Of a placed block its offset, of another the lowest possible one. */
  readonly least: Float64Array
  /** Bytes of unplaced blocks in each section. */
  readonly totals: Float64Array
  /** Lower bound of the offsets of unplaced blocks in each section, and a block that has it. */
  readonly floors: Float64Array
  readonly floorBlocks: Int32Array
  /** Unplaced blocks alive on both sides of each border between sections. */
  readonly crossings: Int32Array
  readonly trail: Trail
  /** The weaker floors of the published search, for reproducing its counts. */
  readonly published: boolean
}

/** Everything changed since the start, oldest first. */
interface Trail {
  readonly blocks: number[]
  readonly raised: number[]
  readonly raisedFrom: number[]
  readonly floors: number[]
  readonly floorsFrom: number[]
  readonly floorBlocksFrom: number[]
}

export interface Mark {
  readonly blocks: number
  readonly raised: number
  readonly floors: number
}

export function stateOf(sections: Sections, overlaps: Lists, capacity: number, published: boolean): State {
  const { blocks, count, members } = sections
  const floorBlocks = new Int32Array(count)
  for (let s = 0; s < count; s++) floorBlocks[s] = members.items[members.starts[s]!]!
  return {
    ...{ sections, overlaps, capacity, published, floorBlocks },
    sizes: Float64Array.from(blocks, (b) => b.size),
    placed: new Uint8Array(blocks.length),
    least: new Float64Array(blocks.length),
    totals: sections.totals.slice(),
    floors: new Float64Array(count),
    crossings: sections.crossings.slice(),
    trail: { blocks: [], raised: [], raisedFrom: [], floors: [], floorsFrom: [], floorBlocksFrom: [] },
  }
}

export const markOf = ({ trail }: State): Mark => ({
  blocks: trail.blocks.length,
  raised: trail.raised.length,
  floors: trail.floors.length,
})

/**
 * Section inference before anything is changed: whatever else is alive in a section of `i` goes on top of it.
 * Whether the rest fits if `i` is placed now.
 */
export function leavesRoom({ sections: { from, to }, sizes, least, totals, capacity }: State, i: number): boolean {
  const size = sizes[i]!
  const room = capacity - least[i]!
  if (size > room) return false
  // What is placed leaves the total and joins the floor, so the sum is what it was, unless nothing is left above.
  for (let s = from[i]!; s < to[i]!; s++) if (totals[s]! > room && totals[s]! !== size) return false
  return true
}

/** Places `i` at its lowest offset. False if some section can no longer hold what is alive in it; the caller takes it back. */
export function put(state: State, i: number): boolean {
  const { sections, sizes, placed, least, totals, crossings, overlaps, trail, capacity, published } = state
  const { from, to } = sections
  const [low, high] = [from[i]!, to[i]!]
  placed[i] = 1
  trail.blocks.push(i)
  for (let s = low; s < high; s++) totals[s]! -= sizes[i]!
  for (let s = low; s + 1 < high; s++) crossings[s]!--
  const top = least[i]! + sizes[i]!
  const first = trail.raised.length
  const end = overlaps.starts[i + 1]!
  for (let at = overlaps.starts[i]!; at < end; at++) {
    const j = overlaps.items[at]!
    if (placed[j] === 1 || least[j]! >= top) continue
    trail.raised.push(j)
    trail.raisedFrom.push(least[j]!)
    least[j] = top
    if (!published && top + sizes[j]! > capacity) return false
  }
  return published ? raisePublished(state, i, top, first) : raiseFloors(state, i, first)
}

/** The floor of a section is the lowest offset possible in it. Only sections whose lowest block went up are looked at again. */
function raiseFloors(state: State, i: number, first: number): boolean {
  const { sections, floorBlocks, trail } = state
  const { from, to } = sections
  for (let s = from[i]!; s < to[i]!; s++) if (floorBlocks[s] === i && !raiseFloor(state, s)) return false
  for (let r = first; r < trail.raised.length; r++) {
    const j = trail.raised[r]!
    for (let s = from[j]!; s < to[j]!; s++) if (floorBlocks[s] === j && !raiseFloor(state, s)) return false
  }
  return true
}

function raiseFloor(state: State, s: number): boolean {
  const { sections, placed, least, floors, floorBlocks, totals, capacity } = state
  const { starts, items } = sections.members
  let floor = Number.POSITIVE_INFINITY
  let block = -1
  for (let at = starts[s]!; at < starts[s + 1]!; at++) {
    const j = items[at]!
    if (placed[j] === 1 || least[j]! >= floor) continue
    floor = least[j]!
    block = j
  }
  setFloor(state, s, block < 0 ? floors[s]! : floor)
  floorBlocks[s] = block
  return block < 0 || floor + totals[s]! <= capacity
}

/** The published rule: the floor below which `i` was placed is its top; elsewhere floors follow the blocks that were raised. */
function raisePublished(state: State, i: number, top: number, first: number): boolean {
  const { sections, placed, least, floors, totals, trail, capacity } = state
  const { from, to, members } = sections
  for (let s = from[i]!; s < to[i]!; s++) setFloor(state, s, top)
  for (let r = first; r < trail.raised.length; r++) {
    const j = trail.raised[r]!
    for (let s = from[j]!; s < to[j]!; s++) {
      let floor = Number.POSITIVE_INFINITY
      for (let at = members.starts[s]!; at < members.starts[s + 1]!; at++) {
        const k = members.items[at]!
        if (placed[k] === 0 && least[k]! < floor) floor = least[k]!
      }
      if (floor <= floors[s]! || floor === Number.POSITIVE_INFINITY) continue
      setFloor(state, s, floor)
      if (floor + totals[s]! > capacity) return false
    }
  }
  return true
}

function setFloor({ floors, floorBlocks, trail }: State, s: number, floor: number): void {
  trail.floors.push(s)
  trail.floorsFrom.push(floors[s]!)
  trail.floorBlocksFrom.push(floorBlocks[s]!)
  floors[s] = floor
}

export function undoTo(state: State, mark: Mark): void {
  const { sections, sizes, placed, least, totals, floors, floorBlocks, crossings, trail } = state
  const { from, to } = sections
  while (trail.floors.length > mark.floors) {
    const s = trail.floors.pop()!
    floors[s] = trail.floorsFrom.pop()!
    floorBlocks[s] = trail.floorBlocksFrom.pop()!
  }
  while (trail.raised.length > mark.raised) least[trail.raised.pop()!] = trail.raisedFrom.pop()!
  while (trail.blocks.length > mark.blocks) {
    const i = trail.blocks.pop()!
    placed[i] = 0
    for (let s = from[i]!; s < to[i]!; s++) totals[s]! += sizes[i]!
    for (let s = from[i]!; s + 1 < to[i]!; s++) crossings[s]!++
  }
}
