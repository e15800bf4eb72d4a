/**
 * Proposes a bracketing of the chain between the values that every path passes through. Runs without a product between two cuts are no
 * segment of their own; costs are predicted seconds, counted from the work of one seed.
 * (Naumann 2024; Griewank & Naumann, "Accumulating Jacobians as chained sparse matrix products", 2003.)
 */
import type { Chain, Problem, Work } from '../../core/ir.ts'
import type { Target } from '../target.ts'
import { bracket, type ChainCosts, prefixSums } from './bracket.ts'
import type { Proposal, Strategy } from './strategy.ts'

/** Cuts considered; beyond, the narrowest. */
const MOST_CUTS = 63
/** A bracketing must be predicted to win by this much before it is built and priced. */
const GAIN = 1.1

export const chain: Strategy = {
  kind: 'chain',
  propose: (problem, { target, asked, memory }): Proposal => {
    const all = problem.chain()
    if (all.cuts.length === 0)
      return { impossible: 'no value lies on all paths from what is differentiated by to the result' }
    const cuts = worthwhile(problem, all)
    if (cuts.length === 0 && !asked) return undefined
    const most =
      memory === undefined ? undefined : (memory - problem.bytes * problem.inputs * problem.outputs) / problem.bytes
    const costs = costsOf(segmentsOf(problem, all, cuts), target, most)
    const { cost, steps } = bracket(costs)
    if (cost === Number.POSITIVE_INFINITY) return { impossible: `every bracketing holds more than ${memory} bytes` }
    return asked || cost * GAIN < cheapestGlobal(costs) ? { kind: 'chain', cuts, steps } : undefined
  },
}

/** Of cuts joined by links without products, the narrowest (the last of equals); none where an end is as narrow. */
function worthwhile(problem: Problem, { cuts, links }: Chain): number[] {
  const chosen: number[] = []
  const size = (c: number): number => cuts[c] ?? problem.outputs
  let narrowest: number | undefined
  let bound = problem.inputs
  for (let c = 0; c <= cuts.length; c++) {
    if (links[c]!.multiplications > 0) {
      if (narrowest !== undefined) chosen.push(narrowest)
      narrowest = undefined
      bound = Number.POSITIVE_INFINITY
    }
    if (c === cuts.length) break
    const least = narrowest === undefined ? bound : size(narrowest)
    if (narrowest === undefined ? size(c) < least : size(c) <= least) narrowest = c
  }
  if (narrowest !== undefined && size(narrowest) < problem.outputs) chosen.push(narrowest)
  if (chosen.length <= MOST_CUTS) return chosen
  const kept = new Set(chosen.toSorted((a, b) => size(a) - size(b) || a - b).slice(0, MOST_CUTS))
  return chosen.filter((c) => kept.has(c))
}

interface Segment {
  readonly inputs: number
  readonly outputs: number
  readonly links: readonly Work[]
  /** Its widest value, ends excluded. */
  readonly inner: number
}
function segmentsOf(problem: Problem, { cuts, links, inner }: Chain, chosen: readonly number[]): Segment[] {
  const ends = [...chosen, cuts.length]
  return ends.map((end, i) => {
    const start = i === 0 ? -1 : ends[i - 1]!
    return {
      inputs: cuts[start] ?? problem.inputs,
      outputs: cuts[end] ?? problem.outputs,
      links: links.slice(start + 1, end + 1),
      inner: Math.max(...inner.slice(start + 1, end + 1), ...cuts.slice(start + 1, end)),
    }
  })
}

/** A multiplication and an addition; an element read or written. */
const FLOPS = 2
const BYTES = 4

/** `most`: entries that may be held. */
function costsOf(segments: readonly Segment[], target: Target, most: number | undefined): ChainCosts {
  const product = FLOPS / target.contractionFlops.f32
  const seed = ({ multiplications, elements }: Work): number =>
    multiplications * product + (elements * BYTES) / target.bandwidth
  const each = segments.map((s) => s.links.reduce((sum, l) => sum + seed(l), 0))
  const fixed = segments.map((s) => s.links.reduce((sum, l) => sum + l.steps * target.overhead, 0))
  const dense = (i: number, seeds: number, links: readonly Work[]): number =>
    seeds * (each[i]! - avoided(links) * product) + fixed[i]!
  return {
    sizes: Float64Array.from([segments[0]!.inputs, ...segments.map((s) => s.outputs)]),
    tangents: Float64Array.from(segments, (s, i) => dense(i, s.inputs, s.links)),
    cotangents: Float64Array.from(segments, (s, i) => dense(i, s.outputs, s.links.toReversed())),
    seed: prefixSums(each),
    fixed: prefixSums(fixed),
    multiplication: product,
    product: target.overhead,
    ...(most !== undefined && { memory: { most, inner: Float64Array.from(segments, (s) => s.inner) } }),
  }
}

/** Unit seeds through the whole, by the same costs. */
function cheapestGlobal({ sizes, tangents, cotangents, seed, fixed, memory }: ChainCosts): number {
  const q = tangents.length
  const widest = Math.max(...sizes.subarray(1, q), ...(memory?.inner ?? []))
  const fits = (seeds: number): number =>
    seeds * widest <= (memory?.most ?? Number.POSITIVE_INFINITY) ? 1 : Number.POSITIVE_INFINITY
  return Math.min(
    fits(sizes[0]!) * (tangents[0]! + sizes[0]! * (seed[q]! - seed[1]!) + fixed[q]! - fixed[1]!),
    fits(sizes[q]!) * (cotangents[q - 1]! + sizes[q]! * seed[q - 1]! + fixed[q - 1]!),
  )
}

/** The product that unit seeds meet first costs nothing: they select its rows. */
function avoided(links: readonly Work[]): number {
  const first = links.find((l) => l.multiplications > 0)
  return first?.steps === 1 ? first.multiplications : 0
}
