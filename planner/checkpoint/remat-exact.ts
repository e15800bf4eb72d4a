/**
 * remat with a solver: where the bound leaves a gap and the graph is small, the program is written and solved.
 * Invariant: never dearer than `remat` alone. `optimal`, where the solver says so, is of all schedules that compute a node at most once between
 * two first computations, in the order of the nodes, as is the bound then.
 * May not: import a solver.
 */
import { measure } from './measure.ts'
import { type MilpSolver, MOST_MILP_NODES, milpOf, scheduleOf } from './milp.ts'
import { type Remat, type RematOptions, remat } from './remat.ts'
import type { RematGraph } from './remat-graph.ts'

export interface ExactRematOptions extends RematOptions {
  /** For the solver. Default 60. */
  readonly seconds?: number
}

export async function rematExact(
  graph: RematGraph,
  budget: number,
  solver: MilpSolver,
  options: ExactRematOptions = {},
): Promise<Remat> {
  const found = remat(graph, budget, options)
  if (found.optimal || graph.nodes.length > MOST_MILP_NODES) return found
  const solved = await solver(milpOf(graph, budget, found.cost), { seconds: options.seconds ?? 60 })
  if (solved.status !== 'optimal') return found
  const schedule = scheduleOf(graph, solved)
  const { cost, peak } = measure(graph, schedule)
  const better = peak <= budget && cost < found.cost ? { schedule, cost, peak, by: 'integer program' } : found
  return { ...found, ...better, bound: Math.max(found.bound, Math.min(cost, better.cost)), optimal: true }
}
