/**
 * Which values to drop between two uses, so that a timeline fits: whatever takes most off the bytes above the target for the least time, one
 * after another; then what has become superfluous stays after all.
 * Invariant: deterministic; effort counts replays, never seconds. What comes back may miss the target: then nothing tried came closer.
 * May not: change the order of first computations.
 */
import { type Choice, dropKey, keepAll, type Replay, replay } from './replay.ts'
import type { Timeline } from './timeline.ts'

export interface Dropped extends Choice {
  readonly replay: Replay
}

/** Moments replayed, all together: about a second. */
const EFFORT = 3e6
/** Seconds that any change counts as, so that what is nearly free is ordered by what it gains. */
const LEAST = 1e-8

/** A change of the choice: a gap in which a value is away, or that and what it is made of kept. */
interface Move {
  readonly drop: number
  /** The moments around the gap. */
  readonly from: number
  readonly to: number
  readonly keep: readonly number[]
  ratio: number
}

interface Search {
  readonly t: Timeline
  readonly target: number
  readonly drops: Set<number>
  readonly kept: Set<number>
  replay: Replay
  /** By moment, how many runs before its first are above the target. */
  above: Int32Array
  effort: number
}

/** `power`: how much time counts against bytes. */
export function dropped(t: Timeline, target: number, power = 1): Dropped {
  const start = replay(t, keepAll)
  const above = aboveOf(t, start, target)
  const s: Search = { t, target, drops: new Set(), kept: new Set(), replay: start, above, effort: EFFORT }
  if (s.replay.peak > target) {
    gather(s, power)
    if (s.replay.peak <= target) relax(s)
  }
  return { drops: s.drops, kept: s.kept, replay: s.replay }
}

/** How much time counts against bytes. */
const POWERS = [1, 0.5]
/** What takes the least time of what fits; else what comes closest. */
export function cheapest(t: Timeline, target: number): Dropped {
  const all = POWERS.map((power) => dropped(t, target, power))
  const fits = all.filter(({ replay }) => replay.peak <= target)
  if (fits.length > 0) return fits.reduce((a, b) => (b.replay.extra < a.replay.extra ? b : a))
  return all.reduce((a, b) => (b.replay.peak < a.replay.peak ? b : a))
}

/** Bytes above the target, over all runs. */
function excess({ memory }: Replay, target: number): number {
  let sum = 0
  for (let i = 0; i < memory.length; i++) if (memory[i]! > target) sum += memory[i]! - target
  return sum
}

/** Moves wait by their ratio when it was last computed; the best is computed again before it is taken. */
function gather(s: Search, power: number): void {
  let moves = movesOf(s.t)
  let stale = false
  for (const m of moves) m.ratio = ratioOf(s, m, power)
  while (s.replay.peak > s.target && s.effort > 0) {
    moves = moves.filter((m) => m.ratio > 0 || stale)
    moves.sort((a, b) => b.ratio - a.ratio || a.drop - b.drop)
    const taken = best(s, moves, power)
    if (taken) {
      apply(s, taken)
      moves = moves.filter((m) => m !== taken)
      stale = true
    } else if (stale) {
      // Nothing is left of what was worth something: perhaps something else is by now.
      moves = movesOf(s.t).filter((m) => !s.drops.has(m.drop))
      for (const m of moves) m.ratio = ratioOf(s, m, power)
      stale = false
    } else return
  }
}

function best(s: Search, moves: readonly Move[], power: number): Move | undefined {
  let found: Move | undefined
  for (const [i, m] of moves.entries()) {
    if (m.ratio <= (found?.ratio ?? 0)) break
    m.ratio = ratioOf(s, m, power)
    if (m.ratio > (found?.ratio ?? 0)) found = m
    if (found && i + 1 < moves.length && found.ratio >= moves[i + 1]!.ratio) break
  }
  return found
}

function ratioOf(s: Search, m: Move, power: number): number {
  // Where nothing is above the target, nothing can be gained.
  if (s.above[m.from] === s.above[m.to]) return 0
  const made = tried(s, m)
  const gain = excess(s.replay, s.target) - excess(made, s.target)
  return gain <= 0 ? 0 : gain / (Math.max(0, made.extra - s.replay.extra) + LEAST) ** power
}

function tried(s: Search, m: Move): Replay {
  s.effort -= s.t.moments.length
  const fresh = m.keep.filter((v) => !s.kept.has(v))
  const known = s.drops.has(m.drop)
  s.drops.add(m.drop)
  for (const v of fresh) s.kept.add(v)
  const made = replay(s.t, s)
  if (!known) s.drops.delete(m.drop)
  for (const v of fresh) s.kept.delete(v)
  return made
}

function apply(s: Search, m: Move): void {
  s.drops.add(m.drop)
  for (const v of m.keep) s.kept.add(v)
  s.replay = replay(s.t, s)
  s.above = aboveOf(s.t, s.replay, s.target)
}

function aboveOf(t: Timeline, { runs, memory }: Replay, target: number): Int32Array {
  const above = new Int32Array(t.moments.length)
  let n = 0
  for (const [i, run] of runs.entries()) {
    if (!run.again) above[run.moment] = n
    if (memory[i]! > target) n++
  }
  return above
}

function movesOf(t: Timeline): Move[] {
  const largest = t.values.reduce((most, v) => Math.max(most, v.bytes), 0)
  return t.values.flatMap(({ droppable, bytes, writer, readers }, value) => {
    if (!droppable || bytes * 1000 < largest) return []
    const uses = [writer, ...readers]
    return uses.flatMap((at, i): Move[] => {
      const next = uses[i + 1]
      if (next === undefined || next <= at + 1) return []
      const drop = dropKey(t, { value, at })
      const gone = t.moments[writer]!.reads.filter(
        (v) => t.values[v]!.droppable && (t.values[v]!.readers.at(-1) ?? 0) < next,
      )
      const gap = { drop, from: at, to: next, ratio: 0 }
      return [{ ...gap, keep: [] }, ...(gone.length > 0 ? [{ ...gap, keep: gone }] : [])]
    })
  })
}

/** Dearest first: what need not be dropped, or what is better kept. */
function relax(s: Search): void {
  for (let improved = true; improved && s.effort > 0; ) {
    improved = false
    for (const drop of [...s.drops].reverse()) {
      s.drops.delete(drop)
      if (accepted(s)) improved = true
      else s.drops.add(drop)
    }
    const through = new Set(s.replay.runs.flatMap((r) => (r.again ? r.writes : [])))
    for (const v of through) {
      if (s.kept.has(v)) continue
      s.kept.add(v)
      if (accepted(s)) improved = true
      else s.kept.delete(v)
    }
  }
}

/** Takes the choice as it is now, if it fits and costs less. */
function accepted(s: Search): boolean {
  if (s.effort <= 0) return false
  s.effort -= s.t.moments.length
  const made = replay(s.t, s)
  if (made.peak > s.target || made.extra >= s.replay.extra) return false
  s.replay = made
  return true
}
