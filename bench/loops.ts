/**
 * bench loops: small work, many times: loops of scalars and small vectors with their gradients, batches of scalar programs, and what a run
 * itself costs, against the same by hand in JavaScript.
 * Invariant: one worker; both run in turns on the same data, and their results are compared before either is timed.
 * May not: let a hand-written peer do less than the program does.
 */
import { type Benchmark, type Row, rounded, type Times } from './bench.ts'
import { interleave } from './interleave.ts'
import { arm } from './loops/arm.ts'
import { apart, type Peer } from './loops/case.ts'
import { lorenz } from './loops/lorenz.ts'
import { lstm } from './loops/lstm.ts'
import { oneOp, product, whole } from './loops/rosenbrock.ts'

interface LoopsRow extends Row {
  /** Milliseconds a run. */
  readonly ms: Times
  readonly byHand?: Times
  /** `ms` over `byHand`. */
  readonly ratio?: number
  readonly bar: Peer['bar']
  /** MiB of resident memory that many runs added. */
  readonly grown?: number
  /** Largest difference of the results, in parts of the largest. */
  readonly apart: number
}

const AGREE = 1e-9
/** MiB that many runs may add where they keep nothing: what the engine itself needs meanwhile. */
const FLAT = 8

export const loops: Benchmark<LoopsRow> = {
  name: 'loops',
  question: 'loops, batches and runs of small programs: how far from code written by hand?',
  async *rows({ quick }) {
    const [steps, size] = quick ? [10, 4] : [1000, 200]
    const cases = [
      () => lorenz(steps),
      () => (quick ? lstm(8, 3) : lstm(4096, 14)),
      () => arm(quick ? 5 : 4096),
      oneOp,
      () => product(size),
      () => whole(size),
    ]
    yield await footprint(quick ? 1_000 : 1_000_000)
    for (const make of cases)
      yield await measure(await make(), quick ? { rounds: 1, slice: 1 } : { rounds: 9, slice: 40 })
  },
  heading: `${'case'.padEnd(34)}${'ms'.padStart(10)}${'by hand'.padStart(10)}${'ratio'.padStart(8)}${'bar'.padStart(12)}${'apart'.padStart(10)}`,
  line: (r) => {
    const bar = 'times' in r.bar ? `${r.bar.times}x` : `${r.bar.ms} ms`
    const hand = r.byHand ? [r.byHand.median.toPrecision(3), r.ratio!.toFixed(2)] : ['', '']
    return `${r.case.padEnd(34)}${r.ms.median.toPrecision(3).padStart(10)}${hand[0]!.padStart(10)}${hand[1]!.padStart(8)}${bar.padStart(12)}${r.apart.toExponential(0).padStart(10)}`
  },
  summary: (rows) => {
    const quick = (r: LoopsRow) => ('times' in r.bar ? r.ratio! <= r.bar.times : r.ms.median <= r.bar.ms)
    const met = rows.filter((r) => quick(r) && (r.grown ?? 0) <= FLAT)
    return `${met.length} of ${rows.length} within their bar`
  },
}

/** Runs of a small program, one after another: their time, and what they leave in memory. */
async function footprint(runs: number): Promise<LoopsRow> {
  const { ours, bar, close } = await oneOp()
  for (let i = 0; i < 10_000; i++) ours()
  const [before, start] = [process.memoryUsage.rss(), performance.now()]
  for (let i = 0; i < runs; i++) ours()
  const each = rounded((performance.now() - start) / runs)
  const grown = Number(((process.memoryUsage.rss() - before) / 2 ** 20).toFixed(2))
  await close()
  const name = `${runs.toLocaleString('en')} runs of one op: +${grown} MiB`
  return { bench: 'loops', case: name, ms: { median: each, p25: each, p75: each, runs }, bar, grown, apart: 0 }
}

async function measure(peer: Peer, rounds: { readonly rounds: number; readonly slice: number }): Promise<LoopsRow> {
  const { ours, byHand, bar } = peer
  const difference = byHand ? apart(ours(), byHand()) : 0
  if (!(difference < AGREE)) throw new Error(`bench loops: ${peer.name}: results differ by ${difference}`)
  const times = interleave({ ours: () => void ours(), byHand: () => void (byHand ?? ours)() }, rounds)
  await peer.close()
  const { ours: ms, byHand: hand } = times
  return {
    bench: 'loops',
    case: peer.name,
    ms,
    ...(byHand && { byHand: hand, ratio: rounded(ms.median / hand.median) }),
    bar,
    apart: difference,
  }
}
