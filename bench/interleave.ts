/**
 * Times several functions against each other: round after round, each in turn, so that a machine that slows down slows all of them.
 * Invariant: a figure is the median over rounds of a round's median.
 */
import { Bench } from 'tinybench'
import { quantile, rounded, type Times } from './bench.ts'

/** Time that this process spent computing: on a busy machine, what is left of the wall's. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e3
}

interface Rounds {
  readonly rounds: number
  /** Milliseconds a function gets in a round; it runs once at least. */
  readonly slice: number
  /** Milliseconds. Default: the wall's. */
  readonly clock?: () => number
}

type Work<K extends string> = { readonly [name in K]: () => void }

export const interleave = <K extends string>(work: Work<K>, rounds: Rounds): { readonly [name in K]: Times } =>
  inRounds(work, rounds).times

/** The same, and each round's median of each, so that what ran in the same round can be compared. */
export function inRounds<K extends string>(
  work: Work<K>,
  { rounds, slice, clock = () => performance.now() }: Rounds,
): { readonly times: { readonly [name in K]: Times }; readonly medians: { readonly [name in K]: readonly number[] } } {
  const names = Object.keys(work) as K[]
  const medians = new Map<K, number[]>(names.map((n) => [n, []]))
  let runs = 0
  for (const name of names) work[name]() // the first call compiles
  for (let round = 0; round < rounds; round++)
    for (const name of names) {
      const bench = new Bench({ time: slice, now: clock, iterations: 1, warmup: false, throws: true }).add(
        name,
        work[name],
      )
      const result = bench.runSync()[0]!.result
      if (!('latency' in result)) throw new Error(`bench: ${name} was not measured`)
      medians.get(name)!.push(result.latency.p50)
      runs += result.latency.samplesCount
    }
  const times = (values: readonly number[]): Times => ({
    median: rounded(quantile(values, 0.5)),
    p25: rounded(quantile(values, 0.25)),
    p75: rounded(quantile(values, 0.75)),
    runs: Math.round(runs / names.length),
  })
  const each = <T>(of: (values: readonly number[]) => T) =>
    Object.fromEntries(names.map((n) => [n, of(medians.get(n)!)])) as { [name in K]: T }
  return { times: each(times), medians: each((values) => values) }
}

/** Between which the median of what was drawn lies, nineteen times of twenty or more: two of the values, by the binomial distribution. */
export function medianBounds(values: readonly number[]): { readonly low: number; readonly high: number } {
  const sorted = [...values].sort((a, b) => a - b)
  const n = sorted.length
  let [outside, term, k] = [0, 0.5 ** n, 0]
  for (; k < n && outside + term <= 0.025; k++) {
    outside += term
    term *= (n - k) / (k + 1)
  }
  const at = Math.max(0, k - 1)
  return { low: sorted[at]!, high: sorted[n - 1 - at]! }
}
