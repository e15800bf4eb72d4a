/**
 * Polishing a schedule: computations that turn out to be superfluous go, dearest first.
 * Invariant: valid and within the budget before and after; never dearer. May not: move anything.
 */
import { measure } from './measure.ts'
import type { RematGraph, Schedule } from './remat-graph.ts'

/** Schedules measured × their length: about 0.2 s. */
const EFFORT = 4e6

/** `fits`: by default, whether no more than `budget` bytes are in memory at once. */
export function polished(
  graph: RematGraph,
  schedule: Schedule,
  budget: number,
  fits: (schedule: Schedule) => boolean = (s) => measure(graph, s).peak <= budget,
): Schedule {
  let best = schedule
  let effort = EFFORT
  for (;;) {
    const again = repeats(best).sort((a, b) => graph.nodes[best[b]!]!.cost - graph.nodes[best[a]!]!.cost || a - b)
    const found = again.find((at) => {
      effort -= best.length
      return effort > 0 && fits(best.toSpliced(at, 1))
    })
    if (found === undefined) return best
    best = best.toSpliced(found, 1)
  }
}

/** Places of computations that are not the first of their node. */
function repeats(schedule: Schedule): number[] {
  const seen = new Set<number>()
  return [...schedule.keys()].filter((at) => seen.size === seen.add(schedule[at]!).size)
}
