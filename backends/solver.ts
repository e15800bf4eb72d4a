/**
 * The MILP solver behind the planner's interface: HiGHS as WebAssembly, an optional peer dependency. The only importer of highs.
 * Invariant: loaded when first asked for, never on import. May not: know what the models mean.
 */
import { noSolver } from '../core/errors-memory.ts'
import type { MilpResult, MilpSolver } from '../planner/checkpoint/milp.ts'

/** What is used of the package, whose types do not fit its default export under every resolution. */
interface Highs {
  solve(
    lp: string,
    options: { readonly [name: string]: number | boolean },
  ): { readonly Status: string; readonly Columns: { readonly [name: string]: { readonly Primal?: number } } }
}

/** Throws an UnsupportedError where the package `highs` is not installed. Solving blocks this thread. */
export async function highsSolver(): Promise<MilpSolver> {
  const { default: loaded } = await import('highs').catch((error: unknown) => {
    throw noSolver(error instanceof Error ? error.message.split('\n')[0]! : String(error))
  })
  const highs = await (loaded as unknown as () => Promise<Highs>)()
  return async (lp, { seconds }): Promise<MilpResult> => {
    const solved = highs.solve(lp, { time_limit: seconds, mip_rel_gap: 1e-9, output_flag: false })
    const values = new Map(Object.entries(solved.Columns).map(([name, { Primal = Number.NaN }]) => [name, Primal]))
    const { Status } = solved
    return { status: Status === 'Optimal' ? 'optimal' : Status === 'Infeasible' ? 'infeasible' : 'limit', values }
  }
}
