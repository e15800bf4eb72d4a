/**
 * bench orders: what a better order of multiplication gains, and what planning and products with a Jacobian take: chains of layers and nets whose ways fork
 * against both global modes as taught, examples one by one against the full Jacobian of their batch, entries against the dense matrix; all with their bars.
 * May not: measure (order-rows.ts and order-limits.ts do).
 */
import type { Benchmark } from './bench.ts'
import { declare } from './mode-cases.ts'
import { encoder, hugeLayers, residual, residualBlocks, residualLayers } from './order-cases.ts'
import { type LimitRow, memoryRows, planningRow } from './order-limits.ts'
import { entriesRow, examplesRow, netRow, type OrdersRow } from './order-rows.ts'

/** Bars: at least so many times faster than the better, and than the worse global mode, as taught. */
const NOT_SLOWER = 1 / 1.1
const chains: readonly (readonly [widths: readonly number[], better: number, worse: number])[] = [
  [[512, 64, 64, 512], 1.5, 1.5],
  [[512, 16, 512, 16, 512], 2.5, 2.5],
  [[1024, 256, 64, 16], NOT_SLOWER, 20],
  [[16, 64, 256, 1024], NOT_SLOWER, 20],
]
const RESIDUAL = { widths: [512, 16, 512, 16, 512], bar: { better: 2, worse: 2 } }
const BLOCKS = { count: 4, width: 512, waist: 16, bar: { better: 1.5, worse: 1.5 } }
const ENCODER = { words: 8, width: 32, bar: { better: NOT_SLOWER, worse: NOT_SLOWER } }
const EXAMPLES = { batch: 32, widths: [64, 96, 48], bar: 30 }
const DENSE = 50

export const orders: Benchmark<OrdersRow | LimitRow> = {
  name: 'orders',
  question: 'how much faster is the chosen order than forward, reverse, or the full Jacobian of a batch?',
  async *rows({ quick }) {
    const rounds = quick ? { rounds: 2, slice: 2 } : { rounds: 15, slice: 40 }
    const small = (n: number): number => (quick ? Math.max(2, Math.ceil(n / 32)) : n)
    for (const [layers, better, worse] of chains) {
      const { p } = declare({ layers: layers.map(small) })
      yield await netRow(p, { better, worse }, rounds, `tanh ${p.name}`)
    }
    yield await netRow(residual(RESIDUAL.widths.map(small)), RESIDUAL.bar, rounds)
    const { count, width, waist } = BLOCKS
    yield await netRow(residualBlocks(count, small(width), small(waist)), BLOCKS.bar, rounds)
    yield await netRow(encoder(small(ENCODER.words), quick ? 8 : ENCODER.width), ENCODER.bar, rounds)
    yield await examplesRow(quick ? 4 : EXAMPLES.batch, EXAMPLES.widths.map(small), EXAMPLES.bar, rounds)
    yield await entriesRow(declare({ elementwise: small(2048), depth: 1 }).p, DENSE, rounds)
    yield await entriesRow(declare({ signal: small(2000), channels: [1, 1], kernel: 9 }).p, DENSE, rounds)
    for (const residual of [true, false]) {
      const net = residualLayers(quick ? 40 : 1000, quick ? 4 : 64, { residual })
      for (const mode of ['reverse', 'auto'] as const) yield planningRow(net.name, net, mode, quick ? 1 : 5)
    }
    for (const layer of hugeLayers(quick ? 1000 : 1_000_000, 8)) yield* memoryRows(layer)
  },
  heading: `${'case'.padEnd(62)} ${'chosen'.padEnd(8)} ${'ms'.padStart(9)}   ${'times faster than (bar)'.padEnd(34)} than our own`,
  line: (r) => ('most' in r ? limitLine(r) : gainLine(r)),
  summary: (rows) => `${rows.filter((r) => r.met).length} of ${rows.length} cases reach all of their bars`,
}

const verdict = (met: boolean): string => (met ? 'true ' : 'FALSE')

function gainLine(r: OrdersRow): string {
  const gains = Object.entries(r.gain).map(([k, g]) => `${k} ${g.toPrecision(3)} (${r.bar[k]!.toPrecision(2)})`)
  const ours = Object.entries(r.ours).map(([k, g]) => `${k} ${g.toPrecision(3)}`)
  const ms = r.ms['auto']!.median.toPrecision(3).padStart(9)
  return `${r.case.padEnd(62)} ${r.chosen.padEnd(8)} ${ms}   ${verdict(r.met)} ${gains.join(' · ').padEnd(34)} ${ours.join(' · ')}`
}

function limitLine(r: LimitRow): string {
  const beside = Object.entries(r.beside).map(([k, n]) => `${k} ${n}`)
  return `${r.case.padEnd(62)} ${''.padEnd(8)} ${''.padStart(9)}   ${verdict(r.met)} ${`${r.measured} ${r.unit} (≤ ${r.most})`.padEnd(34)} ${beside.join(' · ')}`
}
