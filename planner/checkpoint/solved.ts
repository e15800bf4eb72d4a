/**
 * What runs again on a timeline, by restarts: eviction under many weights, and where the timeline folds, chains and blocks by dynamic
 * programming on the graph of its moments; each stripped of what is superfluous.
 * Invariant: what comes back runs every moment once in its order, finds whatever it reads, and takes no more than the target by the timeline's
 * own count, scratch and results in place included. May not: place.
 */
import { attempts } from './attempts.ts'
import { folded } from './remat.ts'
import { plainPeak, type Replay, type Run, replayOf } from './replay.ts'
import type { Timeline } from './timeline.ts'
import { evictedRuns } from './timeline-evict.ts'
import { graphOfTimeline } from './timeline-graph.ts'

/** Values that evictions look at, and runs replayed, all together: about a second each. */
const EFFORT = 2e7
const REPLAYED = 3e6

/** Attempts that change nothing after which it ends. */
const PATIENCE = 48

/** The cheapest found that takes no more than `target` bytes. */
export function solved(t: Timeline, target: number): Replay | undefined {
  let best: Replay | undefined
  let replayed = REPLAYED
  const stripped = (list: readonly number[]): Replay | undefined => {
    let made = fitting(t, list, target)
    if (!made || made.extra > 3 * (best?.extra ?? Number.POSITIVE_INFINITY)) return made
    for (let runs = list; ; ) {
      const less = repeats(t, runs).find((at) => {
        replayed -= runs.length
        const without: Replay | undefined = replayed < 0 ? undefined : fitting(t, runs.toSpliced(at, 1), target)
        if (without) made = without
        return without !== undefined
      })
      if (less === undefined) return made
      runs = runs.toSpliced(less, 1)
    }
  }
  const offer = (list: readonly number[] | undefined): boolean => {
    const made = list && stripped(list)
    if (!made || made.extra >= (best?.extra ?? Number.POSITIVE_INFINITY)) return false
    best = made
    return true
  }
  for (const list of byBlocks(t, target)) offer(list)
  let [effort, idle] = [EFFORT, 0]
  for (const weights of attempts(t.values.length)) {
    const found = evictedRuns(t, target, weights, effort)
    effort = found.effort
    idle = offer(found.list) ? 0 : idle + 1
    if (effort <= 0 || replayed <= 0 || best?.extra === 0 || idle > PATIENCE) break
  }
  return best
}

function fitting(t: Timeline, list: readonly number[], target: number): Replay | undefined {
  const made = replayOf(t, runsOf(t, list))
  return made.peak <= target ? made : undefined
}

/** Places of moments that run again, dearest first. */
function repeats(t: Timeline, list: readonly number[]): readonly number[] {
  const seen = new Set<number>()
  const again = [...list.keys()].filter((at) => seen.size === seen.add(list[at]!).size)
  return again.sort((a, b) => t.moments[list[b]!]!.cost - t.moments[list[a]!]!.cost || a - b)
}

/** A list of moments as runs: of what runs again, the values that somebody reads before they are made once more. */
function runsOf(t: Timeline, list: readonly number[]): readonly Run[] {
  const first = new Int32Array(t.moments.length).fill(-1)
  for (let at = list.length - 1; at >= 0; at--) first[list[at]!] = at
  const wanted = new Uint8Array(t.values.length)
  const runs: Run[] = []
  for (let at = list.length - 1; at >= 0; at--) {
    const moment = list[at]!
    const { reads, writes } = t.moments[moment]!
    const again = first[moment]! < at
    const kept = again ? writes.filter((v) => t.values[v]!.droppable && wanted[v] === 1) : writes
    if (again && kept.length === 0) continue
    for (const v of kept) wanted[v] = 0
    for (const v of reads) wanted[v] = 1
    runs.push({ moment, again, writes: kept })
  }
  return runs.reverse()
}

/** Schedules of the graph, which counts some bytes that the timeline does not: so also within more of them. */
function* byBlocks(t: Timeline, target: number): Iterable<readonly number[]> {
  const { graph, listOf, peak } = graphOfTimeline(t)
  const alone = plainPeak(t)
  for (const budget of new Set([target, Math.floor((target * peak) / Math.max(1, alone))]))
    for (const { schedule } of folded(graph, budget, undefined)) {
      const list = listOf(schedule)
      if (list) yield list
    }
}
