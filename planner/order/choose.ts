/**
 * choose: the direction of each full Jacobian, by predicted time. Every candidate is built, optimised, fused and priced like the plan
 * itself would be, so the prediction is of the code that would run, not of a count of multiplications.
 * Invariant: pure; the same candidates give the same choice. A mode named by the user is obeyed, and still priced.
 * May not: measure.
 */

import { byDimensions, inlineRegions } from '../../core/differentiate/resolve.ts'
import type { Candidate, Choose, Graph } from '../../core/ir.ts'
import { bytesOf, count } from '../../core/shape.ts'
import { type Cost, costOfItems } from '../cost.ts'
import { fuse } from '../kernels/fuse.ts'
import type { Target } from '../target.ts'
import type { OrderReport } from '../types.ts'

export interface Chooser {
  readonly choose: Choose
  /** What was chosen and what the alternatives would have cost, by name of derivative. */
  readonly orders: { readonly [derivative: string]: OrderReport }
}

/** `optimise`: the passes of the plan. */
export function chooser(target: Target, optimise: (graph: Graph) => Graph): Chooser {
  const orders: { [derivative: string]: OrderReport } = {}
  const choose: Choose = (request, candidates, mode) => {
    const named = candidates.findIndex((c) => c.name === mode)
    const single = candidates.every((c) => c.seeds === 1)
    const priced = named >= 0 ? [] : candidates.map((c) => price(c, target, optimise))
    const chosen = named >= 0 ? named : single ? byDimensions(request, candidates, mode) : cheapest(candidates, priced)
    const report = reportOf(candidates, priced, chosen, mode)
    for (const name of request.split(' ')) orders[name] = report
    return chosen
  }
  return { choose, orders }
}

interface Priced extends Cost {
  readonly memory: number
}
function price(candidate: Candidate, target: Target, optimise: (graph: Graph) => Graph): Priced {
  const { items, table } = fuse(optimise(inlineRegions(candidate.build())), { fusion: true })
  const memory = table.values.reduce(
    (sum, v) => sum + (v.role === 'temporary' || v.role === 'output' ? count(v.shape) * bytesOf[v.dtype] : 0),
    0,
  )
  return { ...costOfItems(items, target), memory }
}

/** Predictions closer than this are a tie: then fewer seeds are simpler. */
const TIE = 1.05

function cheapest(candidates: readonly Candidate[], priced: readonly Priced[]): number {
  const best = priced.reduce((least, p) => Math.min(least, p.seconds), Number.POSITIVE_INFINITY)
  const tied = candidates.flatMap((c, i) => (priced[i]!.seconds <= TIE * best ? [{ i, seeds: c.seeds }] : []))
  return tied.reduce((a, b) => (b.seeds < a.seeds ? b : a)).i
}

function reportOf(
  candidates: readonly Candidate[],
  priced: readonly Priced[],
  chosen: number,
  mode: string,
): OrderReport {
  const dims = candidates.map((c) => `${c.name} ${c.seeds}`).join(', ')
  const reason = priced.length === 0 ? `${mode} was asked for` : `lowest predicted time; seeds: ${dims}`
  const listed = candidates.flatMap((c, i) => {
    const p = priced[i]
    return p
      ? [{ name: c.name, multiplications: p.multiplications, predictedMs: rounded(p.seconds * 1e3), bytes: p.memory }]
      : []
  })
  return { chosen: candidates[chosen]!.name, reason, candidates: listed }
}
/** Four digits: enough to compare, and free of noise in the last bits. */
const rounded = (x: number): number => Number(x.toPrecision(4))
