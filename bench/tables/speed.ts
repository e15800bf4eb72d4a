/**
 * Tables of how fast it is: beside other libraries, by hand, against bare loops, from a start, with more workers.
 * May not: show a figure that is not in a file of results.
 */
import type { Times } from '../bench.ts'
import { workloads } from '../compare/workloads.ts'
import { results, type Saved, short, table } from './table.ts'

interface PeerRow extends Saved {
  readonly ms: { readonly [peer: string]: Times }
  readonly times: { readonly [peer: string]: number }
  readonly bar?: number
}

export function peers(): string {
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

export function loops(): string {
  interface Row extends Saved {
    readonly ms: Times
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

export function kernels(): string {
  interface Row extends Saved {
    readonly dtype: string
    readonly gflops: number
    readonly ofBare: number
    readonly ofSingle?: number
    readonly bar?: number
  }
  const some = /^product (256|512|1024|2048) NN|^product 1024 (TN|NT|TT)|32 → 64, 16 × 14²|^vector · 1024|^256 × 16/
  const rows = results<Row>('kernels').filter((r) => some.test(r.case))
  const share = (x: number | undefined): string => (x === undefined ? '' : `${Math.round(100 * x)} %`)
  return table(
    ['kernel', 'dtype', 'GFLOP/s', 'of the bare micro-kernel', 'of the same in f32', 'goal'],
    rows.map((r) => [r.case, r.dtype, short(r.gflops), share(r.ofBare), share(r.ofSingle), share(r.bar)]),
  )
}

export function train(): string {
  interface Row extends Saved {
    readonly ms: Times
    readonly kernels: number
    readonly ratio: number
    readonly bar: number
  }
  return table(
    ['step or chain', 'kernels', 'against its products, or its elementary functions, alone', 'goal'],
    results<Row>('train').map((r) => [r.case, String(r.kernels), `${short(r.ratio)} ×`, `${r.bar} ×`]),
  )
}

export function startup(): string {
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

export function workers(): string {
  interface Row extends Saved {
    readonly ms: { readonly [workers: string]: Times | number }
    readonly speedup?: number
    readonly crowded?: number
    readonly spin?: number
    readonly bar: string
    readonly met: boolean | string
  }
  const figure = (x: number | undefined): string => (x === undefined ? '' : `${short(x)} ×`)
  return table(
    [
      'milliseconds',
      'one worker',
      'two',
      'speed-up',
      'twice as many workers as cores take',
      'two threads that only spin',
      'goal',
      'met',
    ],
    results<Row>('workers').map((r) => {
      const [one, two] = Object.values(r.ms).map((t) => short(typeof t === 'number' ? t : t.median))
      const met = typeof r.met === 'string' ? r.met : r.met ? 'yes' : 'no'
      return [r.case, one!, two ?? '', figure(r.speedup), figure(r.crowded), figure(r.spin), r.bar, met]
    }),
  )
}
