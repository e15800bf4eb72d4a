/**
 * What a benchmark is: one question, a stream of rows that answer it, and a line for people.
 * Invariant: a row is plain data with the fields that the documentation names; people and programs read the same rows.
 * May not: print (main.ts does).
 */

/** Times in milliseconds over rounds. */
export interface Times {
  readonly median: number
  readonly p25: number
  readonly p75: number
  readonly runs: number
}
export interface Row {
  readonly bench: string
  readonly case: string
}
/** A row that is held to a bar. */
export interface Judged {
  /** In words. */
  readonly bar?: string
  readonly met?: boolean
}
/** What rows with a bar add up to. */
export function judged(rows: readonly Judged[]): string {
  const held = rows.filter((r) => r.met !== undefined)
  return `${held.filter((r) => r.met).length} of ${held.length} bars met`
}
/** The bar of a row, at the end of its line. */
export const verdict = ({ bar, met }: Judged): string => (bar === undefined ? '' : `  ${bar}: ${met}`)

export interface BenchOptions {
  /** Tiny cases, one round: does it run at all? */
  readonly quick: boolean
  /** How many inputs to take, where there are too many. */
  readonly sample?: number | undefined
  /** Cases to run, by name. Default: all. */
  readonly only?: readonly string[] | undefined
}
export interface Benchmark<R extends Row = Row> {
  readonly name: string
  readonly question: string
  /** Rows as they are measured. */
  rows(options: BenchOptions): AsyncIterable<R>
  readonly heading: string
  /** A row as a line below the heading. */
  line(row: R): string
  /** What the rows add up to. */
  summary(rows: readonly R[]): string
  /** The rows as an SVG document. */
  picture?(rows: readonly R[]): string
}

/** Lets benchmarks of different rows stand in one list. */
export function benchmark<R extends Row>(b: Benchmark<R>): Benchmark {
  return b as unknown as Benchmark
}

/** Four digits: more is noise. */
export const rounded = (x: number): number => Number(x.toPrecision(4))

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = q * (sorted.length - 1)
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!]
  return low + (at - Math.floor(at)) * (high - low)
}
