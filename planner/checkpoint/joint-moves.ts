/**
 * Small changes of schedules and of orders, at random. May not: judge them; what comes back may compute something before what it needs.
 */
import type { RematGraph, Schedule } from './remat-graph.ts'

/** The schedule with one computation elsewhere, some more, or one less; undefined where that changes nothing. */
export function changed(graph: RematGraph, schedule: Schedule, random: () => number): Schedule | undefined {
  const at = Math.floor(random() * schedule.length)
  const kind = random()
  if (kind < 0.6) {
    const reach = 2 ** (1 + Math.floor(7 * random()))
    const to = Math.max(0, Math.min(schedule.length - 1, at + Math.round((random() - 0.5) * reach)))
    return to === at ? undefined : shifted(schedule, at, to)
  }
  if (kind < 0.8) return schedule.toSpliced(at, 0, ...again(graph, schedule[at]!, random))
  const node = schedule[at]!
  return schedule.indexOf(node) === schedule.lastIndexOf(node) ? undefined : schedule.toSpliced(at, 1)
}

/** A value that `node` reads, to be made again just before it; before that what it lies in place of, and perhaps more of what it is made of. */
function again({ nodes }: RematGraph, node: number, random: () => number): readonly number[] {
  const made: number[] = []
  for (let of = node; ; ) {
    const { deps } = nodes[of]!
    if (deps.length === 0) return made
    of = deps[Math.floor(random() * deps.length)]!
    made.unshift(of)
    if (nodes[of]!.over === undefined && random() >= 0.3) return made
  }
}

/** The order with up to three nodes elsewhere, each where `runs` allows it. */
export function shuffled(order: Schedule, random: () => number, runs: (order: Schedule) => boolean): Schedule {
  const pick = (): number => Math.floor(random() * order.length)
  let next = order
  for (let k = Math.floor(4 * random()); k > 0; k--) {
    const moved = shifted(next, pick(), pick())
    if (runs(moved)) next = moved
  }
  return next
}

const shifted = (order: Schedule, from: number, to: number): Schedule =>
  order.toSpliced(from, 1).toSpliced(to, 0, order[from]!)
