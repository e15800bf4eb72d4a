/**
 * A timeline run with some values dropped: when one is needed again, the moments that lead to it run again, as far back as to what is in memory.
 * Invariant: whatever is dropped, every moment finds what it reads; a drop is paid for once at most, since what has been computed again
 * stays until it is next dropped. May not: choose.
 */
import type { Timeline } from './timeline.ts'

/** After its use at moment `at`, value `value` leaves; `at` is that of the writer, or of a reader that is not the last. */
export interface Drop {
  readonly value: number
  readonly at: number
}

export interface Choice {
  /** By `dropKey`. */
  readonly drops: ReadonlySet<number>
  /** Values kept after their last reader, for moments that run again. */
  readonly kept: ReadonlySet<number>
}
/** Whatever is read again stays. */
export const keepAll: Choice = { drops: new Set(), kept: new Set() }
export const dropKey = (t: Timeline, { value, at }: Drop): number => value * t.moments.length + at

/** Moment `moment` runs, the first time (`again` false) or for `writes` alone. */
export interface Run {
  readonly moment: number
  readonly again: boolean
  readonly writes: readonly number[]
}
export interface Replay {
  readonly runs: readonly Run[]
  /** Seconds of what runs again. */
  readonly extra: number
  /** Bytes alive, by run. */
  readonly memory: Float64Array
  readonly peak: number
}

export function replay(t: Timeline, { drops, kept }: Choice): Replay {
  const there = new Uint8Array(t.values.length)
  /** Readers behind us, by value. */
  const past = new Int32Array(t.values.length)
  const runs: Run[] = []
  let extra = 0
  const wanted = (v: number): boolean => past[v]! < t.values[v]!.readers.length
  const count = t.moments.length
  const leave = (v: number, at: number): void => {
    const { readers, droppable } = t.values[v]!
    let k = past[v]!
    while (k < readers.length && readers[k]! <= at) k++
    past[v] = k
    if (droppable && (k === readers.length ? !kept.has(v) : drops.has(v * count + at))) there[v] = 0
  }
  for (let at = 0; at < count; at++) {
    const { reads, writes } = t.moments[at]!
    let missing = false
    for (const v of reads) if (there[v] === 0) missing = true
    if (missing) extra += rerun(t, reads, there, wanted, kept, runs)
    runs.push({ moment: at, again: false, writes })
    for (const v of writes) there[v] = 1
    for (const v of reads) leave(v, at)
    for (const v of writes) leave(v, at)
  }
  return { runs, extra, ...memoryOf(t, runs) }
}

/** Bytes at most where nothing runs again. */
export const plainPeak = (t: Timeline): number => replay(t, keepAll).peak

/** Runs that were chosen otherwise, every first one in order, as a replay. */
export function replayOf(t: Timeline, runs: readonly Run[]): Replay {
  const extra = runs.reduce((sum, r) => sum + (r.again ? t.moments[r.moment]!.cost : 0), 0)
  return { runs, extra, ...memoryOf(t, runs) }
}

/** Runs again what leads to `reads`; gives the seconds of that. */
function rerun(
  t: Timeline,
  reads: readonly number[],
  there: Uint8Array,
  wanted: (v: number) => boolean,
  kept: ReadonlySet<number>,
  runs: Run[],
): number {
  const missing = reads.filter((v) => there[v] === 0)
  const again = leading(t, missing, there)
  const needed = new Set(missing)
  for (const m of again) for (const v of t.moments[m]!.reads) if (there[v] === 0) needed.add(v)
  const passing: number[] = []
  let seconds = 0
  for (const m of again) {
    const writes = t.moments[m]!.writes.filter(
      (v) => there[v] === 0 && t.values[v]!.droppable && (needed.has(v) || wanted(v)),
    )
    for (const v of writes) {
      there[v] = 1
      if (!wanted(v) && !kept.has(v)) passing.push(v)
    }
    seconds += t.moments[m]!.cost
    runs.push({ moment: m, again: true, writes })
  }
  for (const v of passing) there[v] = 0
  return seconds
}

/** Moments that must run again for `missing`, in order. */
function leading(t: Timeline, missing: readonly number[], there: Uint8Array): readonly number[] {
  const found = new Set<number>()
  const stack = [...missing]
  for (let v = stack.pop(); v !== undefined; v = stack.pop()) {
    const { writer } = t.values[v]!
    if (found.has(writer)) continue
    found.add(writer)
    for (const r of t.moments[writer]!.reads) if (there[r] === 0) stack.push(r)
  }
  return [...found].sort((a, b) => a - b)
}

/** Each time it is computed, a value lives from there to the last that reads it before it is computed again. */
function memoryOf(t: Timeline, runs: readonly Run[]): Pick<Replay, 'memory' | 'peak'> {
  // One life for each time that a value is computed.
  const life = new Int32Array(t.values.length).fill(-1)
  const [value, born, died]: [number[], number[], number[]] = [[], [], []]
  const shared: (readonly [run: number, made: number, used: number])[] = []
  const ran = new Uint8Array(t.moments.length)
  for (const [i, run] of runs.entries()) {
    const { reads, writes, reuses, replacers } = t.moments[run.moment]!
    for (const v of reads) died[life[v]!] = i
    if (run.again) for (const m of replacers) if (ran[m] === 1) for (const v of t.moments[m]!.reads) died[life[v]!] = i
    ran[run.moment] = 1
    for (const v of run.again ? run.writes : writes) {
      // A value of several writers was born at the first.
      if (life[v]! < 0 || run.again) {
        life[v] = value.push(v) - 1
        born.push(i)
      }
      died[life[v]!] = i
    }
    for (const [made, used] of reuses)
      if (life[made]! >= 0 && life[used]! >= 0) shared.push([i, life[made]!, life[used]!])
  }
  const change = new Float64Array(runs.length + 1)
  for (const [k, v] of value.entries()) {
    const { bytes, output } = t.values[v]!
    change[born[k]!]! += bytes
    change[(output ? runs.length - 1 : died[k]!) + 1]! -= bytes
  }
  const memory = new Float64Array(runs.length)
  let alive = 0
  for (const [i, run] of runs.entries()) {
    alive += change[i]!
    memory[i] = alive + t.moments[run.moment]!.scratch
  }
  for (const [i, made, used] of shared)
    if (born[made] === i && died[used] === i) memory[i]! -= t.values[value[made]!]!.bytes
  return { memory, peak: memory.reduce((a, b) => Math.max(a, b), 0) }
}
