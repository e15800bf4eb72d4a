/**
 * bench joint: how much smaller is an arena whose order, recomputation, use of memory in place and placement are chosen together?
 * Invariant: both arenas are placed, and cost at most what the row allows; the bound holds for every order. Separate steps are given the better
 * of two orders (declared; the one that keeps the fewest bytes alive), then recomputation for the smallest budget, then use in place,
 * then exact placement.
 */
import { arenaOf, joint, type RematGraph, type RematSchedule, remat } from 'cotangent'
import { type Benchmark, type Judged, judged, type Row, rounded, verdict } from './bench.ts'
import { unetStep } from './checkpoint/unet-step.ts'

export interface JointRow extends Row, Judged {
  readonly nodes: number
  /** The cost that is allowed, as a multiple of everything once. */
  readonly allowed: number
  readonly cost: number
  /** Everything once, in the declared order. */
  readonly declared: number
  readonly separate: number
  readonly arena: number
  readonly bound: number
  readonly ms: number
}

export const jointly: Benchmark<JointRow> = {
  name: 'joint',
  question: 'memory: what do order, recomputation, in-place and placement gain when they are chosen together?',
  async *rows({ quick }) {
    for (const [levels, convolutions] of quick ? [[1, 1]] : [[2, 1], [3, 1], [3, 2]]) // biome-ignore format: a table
      yield* compared(levels!, convolutions!, quick ? 2000 : 120_000)
  },
  heading: `${'case'.padEnd(16)}${['nodes', 'allowed', 'declared', 'separate', 'joint', 'bound'].map((h) => h.padStart(12)).join('')}        ms`,
  line: (r) => {
    const bytes = [r.declared, r.separate, r.arena, r.bound].map((n) => n.toLocaleString('en-US').padStart(12)).join('')
    const gain = `${(100 * (1 - r.arena / r.separate)).toFixed(1)} % smaller`
    const gap = `within ${(100 * (r.arena / r.bound - 1)).toFixed(1)} % of the least`
    return `${r.case.padEnd(16)}${String(r.nodes).padStart(12)}${r.allowed.toFixed(2).padStart(12)}${bytes}${String(r.ms).padStart(10)}  ${gain}, ${gap}${verdict(r)}`
  },
  summary: (rows) => {
    const gains = rows.map((r) => 100 * (1 - r.arena / r.separate))
    const gaps = rows.map((r) => 100 * (r.arena / r.bound - 1))
    return `${Math.min(...gains).toFixed(1)} to ${Math.max(...gains).toFixed(1)} % smaller than by separate steps; ${gaps.filter((g) => g < 0.1).length} of ${rows.length} proven the least, the others within ${Math.max(...gaps).toFixed(1)} % · ${judged(rows)}`
  },
}

function* compared(levels: number, convolutions: number, trials: number): Iterable<JointRow> {
  const graph = unetStep(levels, convolutions)
  const { nodes } = graph
  const once = nodes.reduce((sum, n) => sum + n.cost, 0)
  const declared = [...nodes.keys()]
  const apart = { nodes: nodes.map(({ over, ...node }) => node) }
  const low = joint(apart, declared, once, { trials }).schedule
  const orders = low.every((i, k) => i === k) ? [declared] : [declared, low]
  for (const allowed of [1, 1.05, 1.1, 1.2]) {
    const steps = orders.map((order) => separately(graph, order, allowed * once))
    const start = steps.reduce((a, b) => (b.arena < a.arena ? b : a))
    const began = performance.now()
    const { arena, cost, bound } = joint(graph, start.schedule, allowed * once, { trials })
    yield {
      ...{
        bench: 'joint',
        case: `U-Net of ${levels} × ${convolutions}`,
        nodes: nodes.length,
        allowed,
        cost: cost / once,
      },
      ...{ declared: arenaOf(graph, declared), separate: start.arena, arena, bound },
      ms: rounded(performance.now() - began),
      ...{ bar: 'no larger than by separate steps, gap certified', met: arena <= start.arena && bound <= arena },
    }
  }
}

interface Step {
  readonly schedule: RematSchedule
  readonly arena: number
}

/** What to compute again for the smallest budget that the cost allows, first computations in `order`; then placed. */
function separately(graph: RematGraph, order: RematSchedule, cost: number): Step {
  const at = new Map(order.map((i, k) => [i, k]))
  const nodes = order.map((i) => ({ ...graph.nodes[i]!, deps: graph.nodes[i]!.deps.map((d) => at.get(d)!) }))
  let found: RematSchedule = [...nodes.keys()]
  let [low, high] = [0, remat({ nodes }, Number.MAX_SAFE_INTEGER).peak]
  while (high - low > high / 500) {
    const budget = Math.floor((low + high) / 2)
    const step = within({ nodes }, budget)
    if (step && step.cost <= cost) [found, high] = [step.schedule, Math.min(budget, step.peak)]
    else low = budget
  }
  const schedule = found.map((k) => order[k]!)
  return { schedule, arena: arenaOf(graph, schedule) }
}

/** Undefined below what can be done. */
function within(graph: RematGraph, budget: number) {
  try {
    return remat(graph, budget)
  } catch {
    return undefined
  }
}
