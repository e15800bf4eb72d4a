/**
 * Recomputation as a mixed integer program, in the LP text format: stage t computes node t for the first time, and before it whatever it
 * needs again. Jain et al., "Checkmate: Breaking the Memory Wall with Optimal Tensor Rematerialization", MLSys 2020.
 * Invariant: a solution is a schedule in this order of first computations, and every such schedule that keeps values from stage to stage is
 * a solution. Variables: R_t_i computed in stage t, S_t_i in memory when stage t begins, F_t_i_k freed after node k of stage t.
 * May not: solve it; the solver is an argument.
 */
import { type RematGraph, type Schedule, usersOf } from './remat-graph.ts'

export interface MilpResult {
  readonly status: 'optimal' | 'infeasible' | 'limit'
  readonly values: ReadonlyMap<string, number>
}
/** `lp`: a model in CPLEX's LP format, to be minimised. */
export type MilpSolver = (lp: string, options: { readonly seconds: number }) => Promise<MilpResult>

/** Nodes above which the program is not worth writing: its size grows with the square. */
export const MOST_MILP_NODES = 40

/** `limit`: a cost that is known to be possible. */
export function milpOf(graph: RematGraph, budget: number, limit: number): string {
  const { nodes } = graph
  const users = usersOf(graph)
  const rows: string[] = []
  const largest = Math.max(1, ...nodes.map((n) => n.bytes))
  const dearest = Math.max(1e-300, ...nodes.map((n) => n.cost))
  for (let t = 0; t < nodes.length; t++) {
    rows.push(`R_${t}_${t} = 1`)
    for (let i = 0; i <= t; i++)
      for (const d of nodes[i]!.deps) rows.push(`R_${t}_${i} - R_${t}_${d}${kept(t, d)} <= 0`)
    if (t > 0) for (let i = 0; i < t; i++) rows.push(`S_${t}_${i} - R_${t - 1}_${i}${kept(t - 1, i)} <= 0`)
    for (let i = 0; i < t; i++) if (users[i]!.length === 0) rows.push(`S_${t}_${i} = 1`)
    rows.push(...memoryOf(graph, users, t, budget, largest))
  }
  const costs = stagePairs(nodes.length).flatMap(([t, i]) =>
    nodes[i]!.cost > 0 ? [`${nodes[i]!.cost / dearest} R_${t}_${i}`] : [],
  )
  if (costs.length > 0) rows.push(`${costs.join(' + ')} <= ${(limit / dearest) * (1 + 1e-9)}`)
  const all = stagePairs(nodes.length)
  const binaries = [...all.map(([t, i]) => `R_${t}_${i}`), ...all.flatMap(([t, i]) => (i < t ? [`S_${t}_${i}`] : []))]
  const text = rows.map((row, k) => ` c${k}: ${row}`).join('\n')
  return `Minimize\n obj: ${costs.join('\n + ') || '0 R_0_0'}\nSubject To\n${text}\nBounds\n${freed(graph)}Binaries\n ${binaries.join('\n ')}\nEnd\n`
}

const stagePairs = (n: number): (readonly [t: number, i: number])[] =>
  Array.from({ length: n }, (_, t) => Array.from({ length: t + 1 }, (_, i) => [t, i] as const)).flat()
const kept = (t: number, i: number): string => (i < t ? ` - S_${t}_${i}` : '')

/** Bytes in memory after each node of stage t, as the sum of all that has come and gone. */
function memoryOf(
  { nodes }: RematGraph,
  users: readonly (readonly number[])[],
  t: number,
  budget: number,
  largest: number,
): string[] {
  const rows: string[] = []
  const terms: string[] = []
  for (let i = 0; i < t; i++) if (nodes[i]!.bytes > 0) terms.push(`${nodes[i]!.bytes / largest} S_${t}_${i}`)
  for (let k = 0; k <= t; k++) {
    if (nodes[k]!.bytes > 0) terms.push(`${nodes[k]!.bytes / largest} R_${t}_${k}`)
    if (terms.length > 0) rows.push(`${terms.join(' + ').replaceAll('+ -', '- ')} <= ${budget / largest}`)
    for (const i of new Set([...nodes[k]!.deps, k])) {
      if (users[i]!.length === 0) continue
      const gone = `F_${t}_${i}_${k}`
      rows.push(`${gone} - R_${t}_${k} <= 0`)
      if (t + 1 < nodes.length) rows.push(`${gone} + S_${t + 1}_${i} <= 1`)
      for (const u of users[i]!) if (u > k && u <= t) rows.push(`${gone} + R_${t}_${u} <= 1`)
      if (nodes[i]!.bytes > 0) terms.push(`-${nodes[i]!.bytes / largest} ${gone}`)
    }
  }
  return rows
}

function freed({ nodes }: RematGraph): string {
  return stagePairs(nodes.length)
    .flatMap(([t, k]) => [...new Set([...nodes[k]!.deps, k])].map((i) => ` 0 <= F_${t}_${i}_${k} <= 1\n`))
    .join('')
}

/** The schedule that a solution says. */
export function scheduleOf({ nodes }: RematGraph, { values }: MilpResult): Schedule {
  return stagePairs(nodes.length).flatMap(([t, i]) => ((values.get(`R_${t}_${i}`) ?? 0) > 0.5 ? [i] : []))
}
