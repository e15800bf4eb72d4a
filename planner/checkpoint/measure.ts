/**
 * What a schedule costs: the independent judge of everything that makes schedules.
 * Invariant: a value is in memory from a computation until its last use before the next one; results, which nothing needs, until the
 * end. What a node needs, itself, and all else that is still to be used count together. May not: repair a schedule.
 */
import { broken } from '../../core/errors.ts'
import type { RematGraph, Schedule } from './remat-graph.ts'

export interface Measured {
  readonly cost: number
  /** The most bytes in memory at once. */
  readonly peak: number
}

/** Throws an InvariantError if something is computed before what it needs, or never. */
export function measure({ nodes }: RematGraph, schedule: Schedule): Measured {
  const made = new Int32Array(nodes.length).fill(-1)
  const until = schedule.map((_, at) => at)
  const needed = new Uint8Array(nodes.length)
  let cost = 0
  for (const [at, i] of schedule.entries()) {
    const { deps, name, cost: own } = nodes[i]!
    for (const d of deps) {
      needed[d] = 1
      if (made[d]! < 0) throw broken('schedule', 'needs', `${name} is computed before ${nodes[d]!.name}`)
      until[made[d]!] = at
    }
    made[i] = at
    cost += own
  }
  for (const [i, { name }] of nodes.entries()) {
    if (made[i]! < 0) throw broken('schedule', 'all', `${name} is never computed`)
    if (needed[i] === 0) until[made[i]!] = schedule.length - 1
  }
  const change = new Float64Array(schedule.length + 1)
  for (const [at, i] of schedule.entries()) {
    change[at]! += nodes[i]!.bytes
    change[until[at]! + 1]! -= nodes[i]!.bytes
  }
  let [alive, peak] = [0, 0]
  for (const bytes of change) {
    alive += bytes
    peak = Math.max(peak, alive)
  }
  return { cost, peak }
}
