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
const shown = (bytes: number): string => bytes.toLocaleString('en-US')

export function badBudget(given: unknown): InputError {
  return new InputError(
    'E_BUDGET',
    `budget ${String(given)}: give a number of bytes ≥ 0, or text with a unit (B, KiB, MiB, GiB, kB, MB, GB), as in '512MiB'`,
  )
}

/** `least`: bytes of the smallest plan found. `culprit` needs `together` bytes at once, state and inputs included: fewer are impossible. */
export function planTooSmall(
  program: string,
  budget: number,
  least: number,
  culprit: string,
  together: number,
): InputError {
  const proven = together === least ? ', and no plan of these kernels takes fewer' : ''
  return new InputError(
    'E_BUDGET',
    `plan of ${program}: no way was found to fit into ${shown(budget)} bytes; ${shown(least)} bytes are enough${proven}.
  the most at once: ${culprit}, with what it reads, state and inputs ${shown(together)} bytes: no plan of these kernels takes fewer
  remedy: raise the budget, or make the batch smaller`,
  )
}
