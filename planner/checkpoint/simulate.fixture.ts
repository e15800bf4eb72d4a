/**
 * Random graphs for tests, and the judge of schedules: one computation after the other, with whatever is still to be used looked up each time.
 * Invariant: shares no code with the planner's own measure, and counts the same. Quadratic.
 */
import fc from 'fast-check'
import type { RematGraph, Schedule } from './remat-graph.ts'

export function simulate({ nodes }: RematGraph, schedule: Schedule): { cost: number; peak: number } {
  let cost = 0
  let peak = 0
  const memory = new Set<number>()
  for (let at = 0; at < schedule.length; at++) {
    const i = schedule[at]!
    for (const d of nodes[i]!.deps) if (!memory.has(d)) throw new Error(`${nodes[i]!.name} lacks ${nodes[d]!.name}`)
    memory.add(i)
    cost += nodes[i]!.cost
    peak = Math.max(
      peak,
      [...memory].reduce((sum, k) => sum + nodes[k]!.bytes, 0),
    )
    for (const k of [...memory]) {
      const later = schedule.slice(at + 1)
      const again = later.indexOf(k)
      const used = (again < 0 ? later : later.slice(0, again)).some((u) => nodes[u]!.deps.includes(k))
      const isResult = !nodes.some((n) => n.deps.includes(k)) && again < 0
      if (!used && !isResult) memory.delete(k)
    }
  }
  const missing = nodes.findIndex((_, i) => !schedule.includes(i))
  if (missing >= 0) throw new Error(`${nodes[missing]!.name} is never computed`)
  return { cost, peak }
}

/**
 * The least cost within `budget`, first computations in the order of the nodes: the shortest way through all sets of values in memory.
 * Undefined where there is none. For about ten nodes.
 */
export function leastOf({ nodes }: RematGraph, budget: number): number | undefined {
  const results = nodes.map((_, i) => (nodes.some((n) => n.deps.includes(i)) ? 0 : 1 << i)).reduce((a, b) => a | b, 0)
  const size = (set: number): number => nodes.reduce((sum, n, i) => sum + (set & (1 << i) ? n.bytes : 0), 0)
  // By first computations done and set in memory.
  const best = new Map<string, number>()
  const open: { done: number; set: number; cost: number }[] = [{ done: 0, set: 0, cost: 0 }]
  const visit = (done: number, set: number, cost: number) => {
    const key = `${done} ${set}`
    if (cost >= (best.get(key) ?? Number.POSITIVE_INFINITY)) return
    best.set(key, cost)
    open.push({ done, set, cost })
  }
  while (open.length > 0) {
    const next = open.reduce((a, b) => (b.cost < a.cost ? b : a))
    open.splice(open.indexOf(next), 1)
    const { done, set, cost } = next
    if (done === nodes.length && (set & results) === results) return cost
    for (const [i, n] of nodes.entries()) {
      const bit = 1 << i
      if (set & bit) visit(done, set & ~bit, cost)
      else if (i <= done && n.deps.every((d) => set & (1 << d)) && size(set | bit) <= budget)
        visit(Math.max(done, i + 1), set | bit, cost + n.cost)
    }
  }
  return undefined
}

/** Any graph of up to `most` nodes, costs and bytes small. */
export const randomGraph = (most: number): fc.Arbitrary<RematGraph> =>
  fc
    .array(fc.record({ cost: fc.integer({ min: 0, max: 5 }), bytes: fc.integer({ min: 0, max: 4 }), deps: fc.nat() }), {
      minLength: 2,
      maxLength: most,
    })
    .map((list) => ({
      nodes: list.map(({ cost, bytes, deps }, i) => ({
        ...{ name: `n${i}`, cost, bytes },
        deps: [...Array(i).keys()].filter((d) => deps & (1 << d)).slice(-3),
      })),
    }))

/** The fewest bytes alive at once within `cost`, in any order, values lying in place of others where they may: all sets, by ever larger budgets. */
export function leastBytesOf({ nodes }: RematGraph, cost: number): number {
  const size = (set: number): number => nodes.reduce((sum, n, i) => sum + (set & (1 << i) ? n.bytes : 0), 0)
  const all = (1 << nodes.length) - 1
  const results = nodes.map((_, i) => (nodes.some((n) => n.deps.includes(i)) ? 0 : 1 << i)).reduce((a, b) => a | b, 0)
  for (let budget = 0; ; budget++) {
    // By what has been computed at least once, and what is in memory: the least cost.
    const best = new Map<string, number>()
    const open: { done: number; set: number; cost: number }[] = [{ done: 0, set: 0, cost: 0 }]
    for (let next = open.pop(); next; next = open.pop()) {
      const { done, set } = next
      const key = `${done} ${set}`
      if (next.cost > cost || next.cost >= (best.get(key) ?? Number.POSITIVE_INFINITY)) continue
      if (done === all && (set & results) === results) return budget
      best.set(key, next.cost)
      for (const [i, n] of nodes.entries()) {
        const bit = 1 << i
        if (set & bit) open.push({ ...next, set: set & ~bit })
        else if (n.deps.every((d) => set & (1 << d))) {
          const more = { done: done | bit, cost: next.cost + n.cost }
          if (size(set | bit) <= budget) open.push({ ...more, set: set | bit })
          if (n.over !== undefined && size(set) <= budget) open.push({ ...more, set: (set & ~(1 << n.over)) | bit })
        }
      }
    }
  }
}
