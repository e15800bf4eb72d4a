/**
 * The tables of figures in the README, made from bench/results/*.json.
 * Invariant: no figure in them that is not in a file of results; a marker `<!-- table NAME -->` says where each stands.
 * May not: measure.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Times } from './bench.ts'
import { workloads } from './compare/workloads.ts'

interface Saved {
  readonly case: string
  readonly ms: Times & { readonly [name: string]: unknown }
}
interface PeerRow {
  readonly case: string
  readonly ms: { readonly [peer: string]: Times }
  readonly times: { readonly [peer: string]: number }
  readonly bar?: number
}

const results = <R>(name: string): readonly R[] => {
  const text = readFileSync(join(import.meta.dirname, 'results', `${name}.json`), 'utf8')
  return (JSON.parse(text) as { readonly rows: readonly R[] }).rows
}
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [`| ${head.join(' | ')} |`, `|${head.map(() => '---|').join('')}`, ...rows.map((r) => `| ${r.join(' | ')} |`)].join(
    '\n',
  )

/** Three digits, never as a power of ten. */
const short = (x: number): string => (x >= 100 ? String(Math.round(x)) : String(Number(x.toPrecision(3))))

const shown = [
  '1024→16→1024',
  '1024→256→64→16',
  '16→64→256→1024',
  '16→256→4096',
  '512→16→512→16→512',
  '256→128→64→32→32→64→128→256→256',
  '1024→1024',
]
function modes(): string {
  interface Row extends Saved {
    readonly chosen: string
  }
  const rows = results<Row>('modes')
  return table(
    ['tanh layers', 'forward', 'reverse', 'auto', 'chosen'],
    shown.map((name) => {
      const { ms, chosen } = rows.find((r) => r.case === name)!
      const times = ['forward', 'reverse', 'auto'].map((m) => (ms[m] as number).toFixed(2))
      return [name.replaceAll('→', ' → '), ...times, chosen]
    }),
  )
}

function peers(): string {
  const rows = results<PeerRow>('peers')
  const columns = ['cotangent', 'jax-js', 'tfjs', 'torch']
  const ordered = workloads(false).flatMap(({ name }) => rows.filter((r) => r.case === name))
  return table(
    ['ms of processor time', 'Cotangent', 'jax-js', 'TensorFlow.js', 'PyTorch', 'jax-js : ours', 'goal'],
    ordered.map((r) => {
      const times = r.times['jax-js']
      return [
        r.case,
        ...columns.map((c) => (r.ms[c] ? short(r.ms[c].median) : '–')),
        times === undefined ? '–' : `${short(times)} ×`,
        r.bar === undefined ? '' : `${r.bar} ×`,
      ]
    }),
  )
}

function loops(): string {
  interface Row extends Saved {
    readonly byHand?: Times
    readonly ratio?: number
    readonly bar: { readonly times: number } | { readonly ms: number }
  }
  return table(
    ['milliseconds', 'Cotangent', 'by hand in JavaScript', 'ratio', 'goal'],
    results<Row>('loops').map((r) => [
      r.case,
      short(r.ms.median),
      r.byHand ? short(r.byHand.median) : '',
      r.ratio === undefined ? '' : `${short(r.ratio)} ×`,
      'times' in r.bar ? `${r.bar.times} ×` : `${r.bar.ms} ms`,
    ]),
  )
}

function kernels(): string {
  interface Row extends Saved {
    readonly dtype: string
    readonly gflops: number
    readonly ofBare: number
  }
  const some = /^product (256|512|1024|2048) NN|^product 1024 (TN|NT|TT)|32 → 64, 16 × 14²|^vector · 1024|^256 × 16/
  const rows = results<Row>('kernels').filter((r) => some.test(r.case))
  return table(
    ['kernel', 'dtype', 'GFLOP/s', 'of the bare micro-kernel'],
    rows.map((r) => [r.case, r.dtype, short(r.gflops), `${Math.round(100 * r.ofBare)} %`]),
  )
}

function train(): string {
  interface Row extends Saved {
    readonly kernels: number
    readonly ratio: number
    readonly bar: number
  }
  return table(
    ['step or chain', 'kernels', 'against its products, or its elementary functions, alone', 'goal'],
    results<Row>('train').map((r) => [r.case, String(r.kernels), `${short(r.ratio)} ×`, `${r.bar} ×`]),
  )
}

function startup(): string {
  interface Row extends Saved {
    readonly cpu: Times
    readonly ratio?: number
    readonly bar?: string
  }
  return table(
    ['ms of processor time', 'Cotangent', 'ratio', 'goal'],
    results<Row>('startup').map((r) => [
      r.case,
      short(r.cpu.median),
      r.ratio === undefined ? '' : `${short(r.ratio)} ×`,
      r.bar ?? '',
    ]),
  )
}

const all: { readonly [name: string]: () => string } = { modes, peers, loops, kernels, train, startup }

const marked = /(<!-- table (\w+) -->\n)[\s\S]*?(<!-- end -->)/g

/** `text` with the tables as the results are now. */
export const withTables = (text: string): string =>
  text.replace(marked, (_, before: string, name: string, after: string) => `${before}\n${all[name]!()}\n\n${after}`)
