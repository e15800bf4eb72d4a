/**
 * Eviction: nodes are computed in order; when memory runs out, a value leaves that is cheap to get back, large, and not needed soon, and it
 * is computed again when it is. After Kirisame et al., "Dynamic Tensor Rematerialization", ICLR 2021, with the future known.
 * Invariant: deterministic; what comes back fits the budget. Linear in values a decision. May not: promise the least cost.
 */
import { type RematGraph, type Schedule, usersOf } from './remat-graph.ts'

/** How much each quality counts, as an exponent. */
export interface Weights {
  readonly cost: number
  readonly bytes: number
  readonly distance: number
  /** By node, a factor on what it is worth. */
  readonly favour?: readonly number[]
}

interface Run {
  readonly graph: RematGraph
  readonly users: readonly (readonly number[])[]
  readonly budget: number
  readonly weights: Weights
  readonly inMemory: Set<number>
  used: number
  /** Nodes before this one have been computed once. */
  progress: number
  readonly schedule: number[]
}

/** Computations after which a run that goes round in circles is given up, for each node. */
const PATIENCE = 60

/** Undefined where the weights lead nowhere. */
export function evictionSchedule(graph: RematGraph, budget: number, weights: Weights): Schedule | undefined {
  const users = usersOf(graph)
  const run: Run = { graph, users, budget, weights, inMemory: new Set(), used: 0, progress: 0, schedule: [] }
  for (let i = 0; i < graph.nodes.length; i++) {
    run.progress = i
    if (!bring(run, i)) return undefined
  }
  return run.schedule
}

/** Computes `target`, after whatever it needs and is not there: a stack of nodes, each waiting for the one above. */
function bring(run: Run, target: number): boolean {
  const { nodes } = run.graph
  const stack = [target]
  while (stack.length > 0) {
    const top = stack.at(-1)!
    const missing = nodes[top]!.deps.find((d) => !run.inMemory.has(d))
    if (missing !== undefined) {
      stack.push(missing)
      continue
    }
    stack.pop()
    const locked = new Set([...stack, top].flatMap((i) => nodes[i]!.deps))
    if (!makeRoom(run, nodes[top]!.bytes, locked) || run.schedule.length > PATIENCE * nodes.length) return false
    run.inMemory.add(top)
    run.used += nodes[top]!.bytes
    run.schedule.push(top)
  }
  return true
}

function makeRoom(run: Run, bytes: number, locked: ReadonlySet<number>): boolean {
  while (run.used + bytes > run.budget) {
    let worst = -1
    let least = Number.POSITIVE_INFINITY
    for (const i of run.inMemory) {
      if (locked.has(i) || run.users[i]!.length === 0) continue
      const value = worth(run, i)
      if (value < least) [worst, least] = [i, value]
    }
    if (worst < 0) return false
    run.inMemory.delete(worst)
    run.used -= run.graph.nodes[worst]!.bytes
  }
  return true
}

/** Of keeping a value: 0 if nobody will ask for it. */
function worth({ graph, users, inMemory, progress, weights }: Run, i: number): number {
  const next = users[i]!.find((u) => u >= progress)
  if (next === undefined) return 0
  const seen = new Set([i])
  let cost = 0
  for (const at of seen) {
    cost += graph.nodes[at]!.cost
    for (const d of graph.nodes[at]!.deps) if (!inMemory.has(d)) seen.add(d)
  }
  const { bytes } = graph.nodes[i]!
  const wanted = (weights.favour?.[i] ?? 1) * (cost + 1e-9) ** weights.cost
  return wanted / (Math.max(1, bytes) ** weights.bytes * (next - progress + 1) ** weights.distance)
}
