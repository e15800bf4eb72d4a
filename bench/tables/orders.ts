/**
 * Tables of what the choice of an order gains, in time and in multiplications.
 * May not: show a figure that is not in a file of results.
 */
import type { Times } from '../bench.ts'
import { results, type Saved, short, table } from './table.ts'

const shown = [
  '1024→16→1024',
  '1024→256→64→16',
  '16→64→256→1024',
  '16→256→4096',
  '512→16→512→16→512',
  '256→128→64→32→32→64→128→256→256',
  '1024→1024',
]
export function modes(): string {
  interface Row extends Saved {
    readonly ms: { readonly [mode: string]: number | Times }
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

export function orders(): string {
  interface Row extends Saved {
    readonly chosen: string
    readonly gain: { readonly [over: string]: number }
    readonly ours: { readonly [over: string]: number }
    readonly bar: { readonly [over: string]: number }
    readonly ms: { readonly auto: Times }
  }
  /** What is to stay below a limit. */
  interface Limited extends Omit<Saved, 'ms'> {
    readonly measured: number
    readonly most: number
    readonly unit: string
  }
  const times = (gain: { readonly [over: string]: number }): string =>
    Object.entries(gain)
      .map(([over, g]) => `${over} ${short(g)} ×`)
      .join(', ')
  return table(
    ['Jacobian of', 'chosen', 'ms', 'faster than as taught', 'goal', 'than our own'],
    results<Row | Limited>('orders').map((r) =>
      'most' in r
        ? [r.case, '', '', `${r.measured} ${r.unit}`, `≤ ${r.most} ${r.unit}`, '']
        : [
            r.case.replaceAll('→', ' → '),
            r.chosen,
            short(r.ms.auto.median),
            times(r.gain),
            times(r.bar),
            times(r.ours),
          ],
    ),
  )
}

export function sparse(): string {
  interface Row extends Saved {
    readonly entries: number
    readonly chosen: string
    readonly gain: { readonly global: number; readonly full: number }
    readonly bar: number
    readonly ms: { readonly sparse: Times }
  }
  return table(
    [
      'Jacobian of',
      'entries',
      'chosen',
      'ms',
      'faster than the full matrix by forward or reverse',
      'goal',
      'than our full matrix',
    ],
    results<Row>('sparse').map((r) => [
      r.case,
      r.entries.toLocaleString('en'),
      r.chosen,
      short(r.ms.sparse.median),
      `${short(r.gain.global)} ×`,
      `${r.bar} ×`,
      `${short(r.gain.full)} ×`,
    ]),
  )
}

export function elimination(): string {
  interface Row extends Saved {
    readonly forward: number
    readonly reverse: number
    readonly markowitz: number
    readonly chosen: number
    readonly bound: number
    readonly proven: boolean
    readonly published?: { readonly [order: string]: number }
  }
  return table(
    ['graph', 'forward', 'reverse', 'Markowitz', 'chosen', 'no order takes less than', 'best published'],
    results<Saved & Partial<Row>>('elimination').flatMap((row) => {
      if (row.bound === undefined) return []
      const r = row as Row
      const counts = [r.forward, r.reverse, r.markowitz, r.chosen, r.bound].map((n) => n.toLocaleString('en'))
      const best = r.published ? String(Math.min(...Object.values(r.published))) : ''
      return [[r.case, ...counts, best]]
    }),
  )
}
