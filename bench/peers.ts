/**
 * bench peers: the same workloads in Cotangent, jax-js, TensorFlow.js and PyTorch, each in a process of its own.
 * Invariant: one worker each; all take turns, round after round, on the same data; results are compared with ours before any is timed. Times are
 * of processors: medians over rounds of a round's mean.
 * May not: leave out a workload that a peer wins. Peers that are not installed are absent from the rows.
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type Benchmark, quantile, type Row, rounded, type Times } from './bench.ts'
import { type Answer, type Child, names, start } from './compare/child.ts'
import { type Workload, workloads } from './compare/workloads.ts'

interface PeerRow extends Row {
  /** By peer. */
  readonly ms: { readonly [peer: string]: Times }
  /** How many times our time a peer takes. */
  readonly times: { readonly [peer: string]: number }
  /** Largest difference to our results, in parts of the largest of each output. */
  readonly apart: { readonly [peer: string]: number }
  /** Why a peer has no figure. */
  readonly failed: { readonly [peer: string]: string }
  /** Against jax-js. */
  readonly bar?: number
  readonly gflops?: number
}

const AGREE = 1e-4
/** A run that takes longer is timed once. */
const LONG = 5000

export const peers: Benchmark<PeerRow> = {
  name: 'peers',
  question: 'the same work in other libraries, on the same data, in the same run: how long does it take?',
  async *rows({ quick, only }) {
    const folder = process.env['COTANGENT_PEERS'] ?? join(import.meta.dirname, 'peers')
    const python = process.env['PYTHON'] ?? 'python3'
    const all = names.map((name) => start(name, { threads: 1, folder, python }))
    try {
      for (const workload of workloads(quick))
        if (!only || only.some((part) => workload.name.includes(part)))
          yield await measure(workload, all, quick ? { rounds: 1, slice: 1 } : { rounds: 7, slice: 120 })
    } finally {
      for (const child of all) child.stop()
    }
  },
  heading: `${'milliseconds of processor time'.padEnd(58)}${names.map((n) => n.padStart(11)).join('')}   apart`,
  line: (r) =>
    r.case.padEnd(58) +
    names.map((n) => (r.ms[n]?.median.toPrecision(3) ?? (r.failed[n] ? '–' : '')).padStart(11)).join('') +
    `   ${Math.max(0, ...Object.values(r.apart)).toExponential(0)}`,
  summary: (rows) => {
    const barred = rows.filter((r) => r.bar !== undefined && r.times['jax-js'] !== undefined)
    const met = barred.filter((r) => r.times['jax-js']! >= r.bar!)
    const failed = new Map(
      rows.flatMap((r) => Object.entries(r.failed).map(([peer, why]) => [`${peer}: ${why}`, r.case])),
    )
    const notes = [...failed].map(([why, where]) => `\n  ${why} (${where})`).join('')
    return `${met.length} of ${barred.length} at least as much faster than jax-js as they should be; ${availableParallelism()} cores${notes}`
  },
}

interface Rounds {
  readonly rounds: number
  readonly slice: number
}

async function measure(workload: Workload, all: readonly Child[], { rounds, slice }: Rounds): Promise<PeerRow> {
  const failed: { [peer: string]: string } = {}
  const apart: { [peer: string]: number } = {}
  const taking: { readonly child: Child; readonly medians: number[]; runs: number }[] = []
  let ours: Answer | undefined
  for (const child of all) {
    const first = await child.prepare(workload)
    ours ??= first
    if (ours.error !== undefined) throw new Error(`bench peers: ${workload.name}: ${ours.error}`)
    if (first.error !== undefined) failed[child.name] = first.error
    else {
      const difference = differ(first.outputs!, ours.outputs!)
      if (child !== all[0]) apart[child.name] = rounded(difference)
      if (!(difference <= (workload.apart ?? AGREE))) failed[child.name] = `differs by ${difference.toExponential(1)}`
      else if (first.ms! > LONG) taking.push({ child, medians: [first.ms!], runs: 1 })
      else taking.push({ child, medians: [], runs: 0 })
    }
  }
  const turns = taking.filter((t) => t.medians.length === 0)
  for (let round = 0; round < rounds; round++)
    for (const turn of turns) {
      const { ms, runs, error } = await turn.child.measure(slice)
      if (error === undefined) turn.medians.push(ms!)
      else failed[turn.child.name] = error
      turn.runs += runs ?? 0
    }
  return row(workload, taking, apart, failed)
}

function row(
  { name, flops, bar }: Workload,
  taking: readonly { readonly child: Child; readonly medians: readonly number[]; readonly runs: number }[],
  apart: PeerRow['apart'],
  failed: PeerRow['failed'],
): PeerRow {
  const times = taking
    .filter(({ medians }) => medians.length > 0)
    .map(({ child, medians, runs }) => {
      const at = (q: number): number => rounded(quantile(medians, q))
      return [child.name, { median: at(0.5), p25: at(0.25), p75: at(0.75), runs }] as const
    })
  const ms: PeerRow['ms'] = Object.fromEntries(times)
  const ours = ms['cotangent']!.median
  return {
    bench: 'peers',
    case: name,
    ms,
    times: Object.fromEntries(times.slice(1).map(([peer, t]) => [peer, rounded(t.median / ours)])),
    apart,
    failed,
    ...(bar !== undefined && { bar }),
    ...(flops !== undefined && { gflops: rounded(flops / ours / 1e6) }),
  }
}

type Coded = NonNullable<Answer['outputs']>
/** Of the worst output that the peer gives; infinite where it gives none, or one that we do not. */
function differ(got: Coded, want: Coded): number {
  if (Object.keys(got).length === 0) return Number.POSITIVE_INFINITY
  return Math.max(
    ...Object.entries(got).map(([name, text]) => {
      const [a, b] = [decode(text), decode(want[name] ?? '')]
      if (a.length !== b.length || b.length === 0) return Number.POSITIVE_INFINITY
      let [largest, difference] = [0, 0]
      for (let i = 0; i < b.length; i++) {
        largest = Math.max(largest, Math.abs(b[i]!))
        difference = Math.max(difference, Math.abs(a[i]! - b[i]!))
        if (Number.isNaN(a[i]!)) return Number.NaN
      }
      return difference / (largest || 1)
    }),
  )
}
const decode = (text: string): Float32Array => new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer)
