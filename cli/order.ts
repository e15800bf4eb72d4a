/**
 * `cotangent order`: a vertex elimination order of a computational graph, beside what forward, reverse and Markowitz cost.
 * Invariant: the same file, seed and seconds give the same order, unless the seconds ran out, which the result says.
 */
import { eliminationDocument } from '../core/errors.ts'
import { type Elimination, eliminationOrder } from '../planner/order/elimination.ts'
import { eliminationGraph } from '../planner/order/elimination-graph.ts'

export interface OrderFlags {
  readonly seconds: number
  readonly seed: number
  readonly json?: true
}

/** The budget that a second stands for: what one core prices with time to spare, for graphs of about a hundred vertices. */
const EVALUATIONS_A_SECOND = 150_000
/** Sets looked at for a proof, where the search did not meet its bound. */
const SETS_A_SECOND = 300

/** `text`: a document as `eliminationGraph` takes it. */
export function order(text: string, { seconds, seed, json }: OrderFlags): string {
  const deadline = performance.now() + 1000 * seconds
  const result = eliminationOrder(eliminationGraph(parsed(text)), {
    seed,
    evaluations: Math.ceil(seconds * EVALUATIONS_A_SECOND),
    proof: Math.ceil(seconds * SETS_A_SECOND),
    expired: () => performance.now() > deadline,
  })
  return json ? JSON.stringify(result) : table(result, seconds)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw eliminationDocument('the document', `is not JSON: ${(error as Error).message}`)
  }
}

function table(e: Elimination, seconds: number): string {
  const counts = { forward: e.forward, reverse: e.reverse, markowitz: e.markowitz, chosen: e.chosen }
  const width = Math.max(...Object.values(counts).map((n) => grouped(n).length))
  const rows = Object.entries(counts).map(([name, n]) => {
    const ratio = name === 'chosen' || e.chosen === 0 ? '' : `   ×${(n / e.chosen).toFixed(2)}`
    return `${name.padEnd(11)} ${grouped(n).padStart(width)}${ratio}`
  })
  const ended = e.truncated ? `; ended by --seconds ${seconds}` : ''
  const head = `${'order'.padEnd(11)} ${'mul'.padStart(width)}`
  const bound = `bound       ${grouped(e.bound).padStart(width)}   proven: ${e.proven ? 'yes' : 'no'}`
  return [head, ...rows, bound, `searched    ${grouped(e.evaluations)} orders${ended}`].join('\n')
}

const grouped = (n: number): string => n.toLocaleString('en-US')
