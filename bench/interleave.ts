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

export function interleave<K extends string>(
  work: { readonly [name in K]: () => void },
  { rounds, slice, clock = () => performance.now() }: Rounds,
): { readonly [name in K]: Times } {
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
  return Object.fromEntries(names.map((n) => [n, times(medians.get(n)!)])) as { [name in K]: Times }
}
