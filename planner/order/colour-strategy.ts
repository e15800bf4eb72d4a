/**
 * Proposes compressed seeds where the pattern of the Jacobian is sparse: columns coloured, or rows, or both, whichever takes
 * fewest seeds.
 * May not: build, or look at a value.
 */

import type { ColourOrder } from '../../core/order.ts'
import { fullest, type Pattern, transposed } from '../../core/pattern.ts'
import { bicolouring } from './bicolour.ts'
import { type Colouring, colourColumns } from './intersection.ts'
import { latticeColouring } from './lattice.ts'
import { starColouring } from './star.ts'
import type { Proposal, Strategy } from './strategy.ts'

/** Seeds must be this many times fewer before a full matrix is worth gathering from them. */
const GAIN = 2
/** Elements that all seeds give, at most. */
const LARGEST = 2 ** 28

export const colour: Strategy = {
  kind: 'colour',
  propose: (problem, { asked }): Proposal => {
    const pattern = problem.pattern()
    if (!pattern) return { impossible: 'results of several dtypes, or too many entries that may differ from 0' }
    const fewest = Math.min(problem.inputs, problem.outputs)
    const most = Math.max(problem.inputs, problem.outputs)
    // A seed gives at most so many entries, and every entry must be given.
    if (!asked && !problem.sparse && !problem.symmetric && pattern.indices.length * GAIN > most * fewest)
      return undefined
    const order = colouringOf(pattern, problem.symmetric)
    if (!order || seedsOf(order) * most > LARGEST)
      return { impossible: 'its pattern takes too many seeds, or too long to colour' }
    return asked || problem.sparse || seedsOf(order) * GAIN <= fewest ? order : undefined
  },
}

/** The fewest seeds found: columns, rows, stars of a symmetric matrix, or rows and columns. */
export function colouringOf(pattern: Pattern, symmetric: boolean): ColourOrder | undefined {
  const turned = transposed(pattern)
  const columns = distinct(pattern)
  const rows = columns && columns.count <= fullest(turned) ? undefined : distinct(turned)
  const star = symmetric ? starColouring(pattern) : undefined
  const found: ColourOrder[] = [
    ...(columns ? [{ kind: 'colour', columns: [...columns.colours] } as const] : []),
    ...(rows ? [{ kind: 'colour', rows: [...rows.colours] } as const] : []),
    ...(star ? [{ kind: 'colour', columns: [...star.colours] } as const] : []),
  ]
  if (found.length === 0) return undefined
  const best = found.reduce((a, b) => (seedsOf(b) < seedsOf(a) ? b : a))
  return bicolouring(pattern, turned, seedsOf(best), distinct) ?? best
}

/** No two columns of one colour meet in a row. As few colours as the fullest row has entries is the best there is. */
function distinct(pattern: Pattern): Colouring | undefined {
  const ideal = latticeColouring(pattern, fullest(pattern) + 1)
  if (ideal) return ideal
  const greedy = colourColumns(pattern)
  return greedy && (latticeColouring(pattern, greedy.count) ?? greedy)
}

const coloursIn = (colours: readonly number[] = []): number => colours.reduce((most, c) => Math.max(most, c), -1) + 1
export const seedsOf = ({ columns, rows }: ColourOrder): number => coloursIn(columns) + coloursIn(rows)

export function colourText({ columns, rows }: ColourOrder): string {
  const of = (colours: readonly number[] | undefined, what: string): string[] =>
    colours ? [`${coloursIn(colours)} of ${what}`] : []
  return [...of(columns, 'columns'), ...of(rows, 'rows')].join(' + ')
}
