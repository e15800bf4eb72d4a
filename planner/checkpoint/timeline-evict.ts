/**
 * Eviction on a timeline: moments run in order; when bytes run out, a value leaves that is cheap to get back, large, and not needed soon, and
 * what leads to it runs again when it is. As in evict.ts, but of values of kernels, with their scratch and results in the place of operands.
 * Invariant: deterministic; whatever runs finds what it reads. What comes back is a list of moments: who judges its bytes is `replayOf`.
 * May not: promise the least time.
 */
import type { Weights } from './evict.ts'
import type { Timeline } from './timeline.ts'

interface State {
  readonly t: Timeline
  readonly target: number
  readonly weights: Weights
  readonly there: Uint8Array
  /** Values that are there and may leave. */
  readonly loose: Set<number>
  used: number
  /** Moments before this one have run once. */
  progress: number
  /** By value, how many of its readers are before `progress`. */
  readonly past: Int32Array
  readonly list: number[]
  /** Values looked at. */
  effort: number
}

/** Runs after which a list that goes round in circles is given up, for each moment. */
const PATIENCE = 20

/** Moments in the order in which they run, again where they come again; undefined where the weights lead nowhere. `effort` is what it may look at. */
export function evictedRuns(
  t: Timeline,
  target: number,
  weights: Weights,
  effort: number,
): { readonly list: readonly number[] | undefined; readonly effort: number } {
  const s: State = {
    ...{ t, target, weights, loose: new Set(), used: 0, progress: 0, list: [], effort },
    there: new Uint8Array(t.values.length),
    past: new Int32Array(t.values.length),
  }
  for (let at = 0; at < t.moments.length; at++) {
    s.progress = at
    if (!bring(s, at)) return { list: undefined, effort: s.effort }
    const { reads, writes } = t.moments[at]!
    for (const list of [reads, writes])
      for (const v of list) {
        const { readers } = t.values[v]!
        while (readers[s.past[v]!]! <= at) s.past[v]!++
        if (wanted(s, v) || t.values[v]!.output || s.there[v] === 0) continue
        remove(s, v)
      }
  }
  return { list: s.list, effort: s.effort }
}

const wanted = ({ t, past }: State, v: number): boolean => past[v]! < t.values[v]!.readers.length

function remove(s: State, v: number): void {
  s.there[v] = 0
  s.loose.delete(v)
  s.used -= s.t.values[v]!.bytes
}

/** Runs a moment, after whatever leads to what it reads and is not there: a stack of moments, each waiting for the one above. */
function bring(s: State, target: number): boolean {
  const { moments, values } = s.t
  const stack = [target]
  while (stack.length > 0) {
    const top = stack.at(-1)!
    const missing = moments[top]!.reads.find((v) => s.there[v] === 0)
    if (missing !== undefined) {
      stack.push(values[missing]!.writer)
      continue
    }
    stack.pop()
    const locked = new Set(stack.flatMap((m) => moments[m]!.reads))
    if (!run(s, top, locked) || s.list.length > PATIENCE * moments.length || s.effort < 0) return false
  }
  return true
}

function run(s: State, at: number, locked: Set<number>): boolean {
  const { moments, values } = s.t
  const { reads, writes, reuses, scratch } = moments[at]!
  const first = at === s.progress
  const made = writes.filter((v) => s.there[v] === 0 && (first || values[v]!.droppable))
  let bytes = scratch
  for (const v of made) bytes += values[v]!.bytes
  // A result in the place of what is read for the last time, here or until it runs again.
  const replaced: number[] = []
  for (const [to, from] of reuses) {
    const gone = !locked.has(from) && values[from]!.droppable && !readAfter(s, from, at)
    if (!gone || !made.includes(to)) continue
    replaced.push(from)
    bytes -= values[to]!.bytes
  }
  const here = new Set([...locked, ...reads, ...writes])
  if (!makeRoom(s, bytes, here)) return false
  for (const v of replaced) if (s.there[v] === 1) remove(s, v)
  for (const v of made) {
    s.there[v] = 1
    s.used += values[v]!.bytes
    if (values[v]!.droppable) s.loose.add(v)
  }
  // What was brought back only to lead here.
  for (const v of reads)
    if (s.there[v] === 1 && values[v]!.droppable && !locked.has(v) && !readAfter(s, v, at)) remove(s, v)
  s.list.push(at)
  return true
}

/** Some first run after moment `at` of now reads it. */
function readAfter({ t, past, progress }: State, v: number, at: number): boolean {
  const { readers } = t.values[v]!
  const next = readers[past[v]!]
  return next !== undefined && (at !== progress || next > at || past[v]! + 1 < readers.length)
}

function makeRoom(s: State, bytes: number, locked: ReadonlySet<number>): boolean {
  while (s.used + bytes > s.target) {
    let [worst, least] = [-1, Number.POSITIVE_INFINITY]
    for (const v of s.loose) {
      if (locked.has(v)) continue
      const value = worth(s, v)
      if (value < least) [worst, least] = [v, value]
    }
    if (worst < 0) return false
    remove(s, worst)
  }
  return true
}

/** Of keeping a value: 0 if nobody will ask for it. */
function worth(s: State, v: number): number {
  s.effort--
  const { t, weights, past, progress, there } = s
  const { readers, bytes, writer } = t.values[v]!
  const next = readers[past[v]!]
  if (next === undefined) return 0
  const seen = new Set([writer])
  let cost = 0
  for (const m of seen) {
    s.effort--
    cost += t.moments[m]!.cost
    for (const r of t.moments[m]!.reads) if (there[r] === 0) seen.add(t.values[r]!.writer)
  }
  const price = (weights.favour?.[v] ?? 1) * (cost + 1e-9) ** weights.cost
  return price / (Math.max(1, bytes) ** weights.bytes * (next - progress + 1) ** weights.distance)
}
