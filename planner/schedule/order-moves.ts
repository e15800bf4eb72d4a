/**
 * Local search over orders: where most bytes are alive, what made too early is made later, and what lets go of bytes is run earlier.
 * Invariant: keeps all edges; each round lowers the peak, or the search ends; a budget of items looked at, never of seconds.
 * May not: make the peak higher.
 */
import { emptyMemory, peakOf, run } from './order-peak.ts'
import type { OrderProblem } from './order-problem.ts'

/** Items that trials may run, all together: a few per cent of the time that planning so many takes. */
const BUDGET = 1e5
/** Trials in a round. */
const TRIALS = 60

export function moved(p: OrderProblem, start: readonly number[]): readonly number[] {
  const before = predecessors(p)
  let best = start
  let peak = peakOf(p, start)
  for (let left = BUDGET / Math.max(1, start.length); left > 0; ) {
    let found: readonly number[] | undefined
    const trials = neighbours(p, before, best)
    for (const trial of trials) {
      left--
      const reached = peakOf(p, trial, peak)
      if (reached < peak) [found, peak] = [trial, reached]
    }
    if (!found) return best
    best = found
  }
  return best
}

function predecessors(p: OrderProblem): number[][] {
  const before = p.after.map((): number[] => [])
  for (const [i, list] of p.after.entries()) for (const j of list) before[j]!.push(i)
  return before
}

/** Orders with one item elsewhere: out of the way of the peak, or before it. */
function neighbours(
  p: OrderProblem,
  before: readonly (readonly number[])[],
  order: readonly number[],
): readonly (readonly number[])[] {
  const at = new Int32Array(order.length)
  for (const [k, i] of order.entries()) at[i] = k
  const m = emptyMemory(p)
  let peak = -1
  let where = 0
  for (const [k, i] of order.entries()) {
    const during = run(p, m, i)
    if (during > peak) [peak, where] = [during, k]
  }
  const found: (readonly number[])[] = []
  for (let k = where - 1; k >= 0 && found.length < TRIALS / 2; k--) {
    const until = Math.min(order.length, ...p.after[order[k]!]!.map((j) => at[j]!))
    if (until > where + 1) found.push(shifted(order, k, until - 1))
  }
  for (let k = where + 1; k < order.length && found.length < TRIALS; k++) {
    const from = Math.max(0, ...before[order[k]!]!.map((j) => at[j]! + 1))
    if (from <= where) found.push(shifted(order, k, where), ...(from < where ? [shifted(order, k, from)] : []))
  }
  return found
}

/** The item at `from` comes to stand at `to`. */
function shifted(order: readonly number[], from: number, to: number): readonly number[] {
  const next = [...order]
  const [item] = next.splice(from, 1)
  next.splice(to, 0, item!)
  return next
}
