/**
 * `cotangent remat`: what to compute again so that a graph fits a budget of bytes, and what that costs.
 * Invariant: the same file and budget give the same schedule, unless the seconds ran out, which the result says.
 */
import { highsSolver } from '../backends/solver.ts'
import { badFormat } from '../core/errors-files.ts'
import { type Remat, remat } from '../planner/checkpoint/remat.ts'
import { rematExact } from '../planner/checkpoint/remat-exact.ts'
import { rematGraph } from '../planner/checkpoint/remat-file.ts'
import type { RematGraph } from '../planner/checkpoint/remat-graph.ts'

export interface RematFlags {
  readonly budget: number
  readonly seconds: number
  readonly exact?: true
  readonly json?: true
}

/** `text`: as `rematGraph` takes it, as JSON. */
export async function recomputed(text: string, file: string, flags: RematFlags): Promise<string> {
  const graph = rematGraph(parsed(text, file))
  const began = performance.now()
  let truncated = false
  const expired = (): boolean => {
    truncated ||= performance.now() - began > 1000 * flags.seconds
    return truncated
  }
  const options = { expired, seconds: flags.seconds }
  const found = flags.exact
    ? await rematExact(graph, flags.budget, await highsSolver(), options)
    : remat(graph, flags.budget, options)
  const ms = Number((performance.now() - began).toPrecision(4))
  if (!flags.json) return table(graph, found, flags, ms, truncated)
  const { schedule, ...counts } = found
  return JSON.stringify({ ...counts, ms, truncated, schedule: schedule.map((i) => graph.nodes[i]!.name) })
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw badFormat(file, `is not JSON: ${(error as Error).message}`)
  }
}

function table({ nodes }: RematGraph, r: Remat, { budget, seconds }: RematFlags, ms: number, truncated: boolean) {
  const base = nodes.reduce((sum, n) => sum + n.cost, 0)
  const width = Math.max(...[r.cost, r.peak, budget].map((n) => grouped(n).length))
  const more = base > 0 ? ` (${(r.cost / base).toFixed(4)} × everything once)` : ''
  const gap = r.optimal ? 'proven optimal' : `at most ${(100 * (r.cost / r.bound - 1)).toFixed(2)} % above the least`
  return [
    `cost        ${grouped(r.cost).padStart(width)}${more}, ${gap}`,
    `bound       ${grouped(r.bound).padStart(width)}`,
    `peak        ${grouped(r.peak).padStart(width)} bytes`,
    `budget      ${grouped(budget).padStart(width)} bytes`,
    `again       ${repeated({ nodes }, r)}`,
    `found by    ${r.by}, in ${ms} ms${truncated ? `; ended by --seconds ${seconds}` : ''}`,
  ].join('\n')
}

/** What is computed more than once, the dearest first. */
function repeated({ nodes }: RematGraph, { schedule }: Remat): string {
  const times = new Map<number, number>()
  for (const i of schedule) times.set(i, (times.get(i) ?? 0) + 1)
  const again = [...times].filter(([, n]) => n > 1)
  again.sort(([i, n], [j, m]) => (m - 1) * nodes[j]!.cost - (n - 1) * nodes[i]!.cost || i - j)
  const shown = again.slice(0, 8).map(([i, n]) => `${nodes[i]!.name}${n > 2 ? ` ${n - 1} ×` : ''}`)
  if (again.length > 8) shown.push(`${again.length - 8} more`)
  return shown.join(', ') || 'nothing'
}

const grouped = (n: number): string => n.toLocaleString('en-US')
