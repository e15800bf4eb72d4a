/** Messages about memory: files of buffers, graphs to be computed in less of it. */
import { InputError, UnsupportedError } from './errors.ts'

export function rematDocument(place: string, why: string): InputError {
  return new InputError('E_REMAT_GRAPH', `${place}: ${why}`)
}
/** `least`: bytes that would do; `node` is what needs them. */
export function budgetTooSmall(budget: number, node: string, least: number, found: boolean): InputError {
  const [has, needs] = [budget, least].map((n) => n.toLocaleString('en-US'))
  return new InputError(
    'E_BUDGET',
    found
      ? `budget ${has} bytes: no order of computing was found that fits; ${needs} bytes are enough`
      : `budget ${has} bytes: ${node} and what it needs take ${needs} bytes at once; no budget below that can do`,
  )
}
export function noSolver(why: string): UnsupportedError {
  return new UnsupportedError('E_SOLVER', `the MILP solver is not there (${why}); install it: npm install highs`)
}
