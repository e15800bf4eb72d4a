/**
 * A timeline as a graph of recomputation: a node for each moment with what of it may be computed again, and one for the rest of it.
 * Invariant: a schedule of the graph is a list of moments. It counts more bytes than the timeline, never fewer but for scratch: values of one
 * moment come and go together, and no result lies where an operand was. What cannot be computed again costs too much to be.
 * May not: choose.
 */
import { measure } from './measure.ts'
import { everything, type RematGraph, type RematNode, type Schedule } from './remat-graph.ts'
import type { Timeline } from './timeline.ts'

export interface TimelineGraph {
  readonly graph: RematGraph
  /** Bytes of everything once. */
  readonly peak: number
  /** Undefined where the schedule computes again what cannot be. */
  listOf(schedule: Schedule): readonly number[] | undefined
}

export function graphOfTimeline(t: Timeline): TimelineGraph {
  const nodes: RematNode[] = []
  /** By node, its moment, where it is that moment's first node. */
  const moments: (number | undefined)[] = []
  const made = new Map<number, number>()
  const dear = 1e4 * t.moments.reduce((sum, m) => sum + m.cost, 1e-9)
  const add = (
    moment: number | undefined,
    values: readonly number[],
    cost: number,
    deps: readonly number[],
  ): number => {
    const bytes = values.reduce((sum, v) => sum + t.values[v]!.bytes, 0)
    moments.push(moment)
    const node = nodes.push({ name: `${moment ?? ''}`, cost, bytes, deps }) - 1
    for (const v of values) made.set(v, node)
    return node
  }
  for (const [at, { cost, reads, writes }] of t.moments.entries()) {
    const own = writes.filter((v) => t.values[v]!.writer === at)
    const free = own.filter((v) => t.values[v]!.droppable)
    const fixed = own.filter((v) => !t.values[v]!.droppable)
    const before = [...reads, ...writes.filter((v) => t.values[v]!.writer < at)]
    const deps = [...new Set(before.map((v) => made.get(v)!))]
    if (free.length === 0) add(at, fixed, dear, deps)
    else {
      const node = add(at, free, cost, deps)
      if (fixed.length > 0) add(undefined, fixed, dear, [node])
    }
  }
  // Reads the outputs, which therefore stay.
  add(undefined, [], 0, [...new Set(t.values.flatMap((v, k) => (v.output ? [made.get(k)!] : [])))])
  const graph = { nodes }
  const fixed = (moment: number): boolean => t.moments[moment]!.writes.every((v) => !t.values[v]!.droppable)
  const listOf = (schedule: Schedule): readonly number[] | undefined => {
    const list = schedule.flatMap((node) => moments[node] ?? [])
    const seen = new Set<number>()
    return list.some((m) => seen.size === seen.add(m).size && fixed(m)) ? undefined : list
  }
  return { graph, peak: measure(graph, everything(graph)).peak, listOf }
}
