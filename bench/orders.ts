/**
 * bench orders: what a better order of multiplication gains: chains of layers against both global orders, and examples one by one against the full
 * Jacobian of their batch.
 * Invariant: all of a case run in turns on the same data, on one worker, and agree.
 * May not: tell the planner what was measured.
 */
import { compile, f32, glorotUniform, jacobian, type Mode, program } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { type Benchmark, type Row, rounded, type Times } from './bench.ts'
import { interleave } from './interleave.ts'
import { declare } from './mode-cases.ts'

interface OrdersRow extends Row {
  readonly chosen: string
  /** How many times faster than what else could be done: the better global order and the worse, or the full Jacobian. */
  readonly gain: { readonly [over: string]: number }
  readonly bar: { readonly [over: string]: number }
  /** Largest difference of entries, relative to the largest entry. */
  readonly apart: number
  readonly ms: { readonly [name: string]: Times }
}
interface Rounds {
  readonly rounds: number
  readonly slice: number
}

/** Bars: at least so many times faster than the better, and than the worse global order. */
const chains: readonly (readonly [widths: readonly number[], better: number, worse: number])[] = [
  [[512, 64, 64, 512], 1.5, 1.5],
  [[512, 16, 512, 16, 512], 2.5, 2.5],
  [[1024, 256, 64, 16], 1 / 1.1, 20],
  [[16, 64, 256, 1024], 1 / 1.1, 20],
]
const EXAMPLES = { batch: 32, widths: [64, 96, 48] }

export const orders: Benchmark<OrdersRow> = {
  name: 'orders',
  question: 'how much faster is the chosen order than forward, reverse, or the full Jacobian of a batch?',
  async *rows({ quick }) {
    const rounds = quick ? { rounds: 2, slice: 2 } : { rounds: 15, slice: 40 }
    const small = (n: number): number => (quick ? Math.max(2, n / 32) : n)
    for (const [widths, better, worse] of chains) yield await chainRow(widths.map(small), { better, worse }, rounds)
    yield await examplesRow(quick ? 4 : EXAMPLES.batch, EXAMPLES.widths.map(small), rounds)
  },
  heading: `${'case'.padEnd(34)} ${'chosen'.padEnd(8)} ${'ms'.padStart(9)}   times faster than (bar)`,
  line: (r) => {
    const gains = Object.entries(r.gain).map(([k, g]) => `${k} ${g.toPrecision(3)} (${r.bar[k]!.toPrecision(2)})`)
    return `${r.case.padEnd(34)} ${r.chosen.padEnd(8)} ${r.ms['auto']!.median.toPrecision(3).padStart(9)}   ${gains.join(' · ')}`
  },
  summary: (rows) => {
    const met = rows.filter((r) => Object.entries(r.gain).every(([k, g]) => g >= r.bar[k]!)).length
    return `${met} of ${rows.length} cases reach all of their bars`
  },
}

/** What is used of an executable, whatever its program. */
type Compiled = {
  readonly runSync: (inputs: never, options: { views: true }) => { readonly [name: string]: unknown }
  readonly close: () => Promise<void>
  readonly plan: { readonly orders: { readonly [name: string]: { readonly chosen: string } } }
}

async function chainRow(widths: readonly number[], bar: OrdersRow['bar'], rounds: Rounds): Promise<OrdersRow> {
  const { p, inputs } = declare({ layers: widths })
  const backend = wasm({ threads: 1, v8Flags: true })
  const load = (mode: Mode) => compile(jacobian(p, { of: 'y', wrt: 'x', mode }), { backend, seed: 1 })
  const exe = { forward: await load('forward'), reverse: await load('reverse'), auto: await load('auto') }
  const x = sines(inputs)
  const { times, apart } = timed(exe as never, x, rounds)
  const global = [times['forward']!.median, times['reverse']!.median]
  const gain = {
    better: Math.min(...global) / times['auto']!.median,
    worse: Math.max(...global) / times['auto']!.median,
  }
  await closeAll(exe as never)
  return row(`tanh ${widths.join('→')}`, exe.auto.plan.orders['dy_dx']!.chosen, gain, bar, apart, times)
}

async function examplesRow(batch: number, widths: readonly number[], rounds: Rounds): Promise<OrdersRow> {
  const [n, h, m] = widths as [number, number, number]
  const p = program({
    name: 'batch',
    inputs: { x: f32('B', n) },
    state: { w: f32(n, h).init(glorotUniform()), v: f32(h, m).init(glorotUniform()) },
    outputs: ({ x, w, v }) => ({ y: op.tanh(op.matmul(op.tanh(op.matmul(x, w)), v)) }),
  })
  const options = { backend: wasm({ threads: 1, v8Flags: true }), seed: 1, sizes: { B: batch } }
  const exe = {
    auto: await compile(jacobian(p, { of: 'y', wrt: 'x', perExample: 'B' }), options),
    full: await compile(jacobian(p, { of: 'y', wrt: 'x' }), options),
  }
  const x = sines(batch * n)
  const block = (values: Float32Array, name: string): Float32Array =>
    name === 'auto'
      ? values
      : values.filter((_, i) => Math.floor(i / (m * batch * n)) === Math.floor((i % (batch * n)) / n))
  const { times, apart } = timed(exe as never, x, rounds, block)
  const gain = { full: times['full']!.median / times['auto']!.median }
  await closeAll(exe as never)
  const name = `${batch} examples of ${widths.join('→')}`
  return row(name, exe.auto.plan.orders['dy_dx']!.chosen, gain, { full: 30 }, apart, times)
}

const sines = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(i))

function timed(
  exe: { readonly [name: string]: Compiled },
  x: Float32Array,
  rounds: Rounds,
  entries: (values: Float32Array, name: string) => Float32Array = (values) => values,
) {
  const names = Object.keys(exe)
  const value = (name: string): Float32Array =>
    entries(Float32Array.from(exe[name]!.runSync({ x } as never, { views: true })['dy_dx'] as Float32Array), name)
  const auto = value('auto')
  const largest = auto.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  const apart = names
    .map((name) => value(name).reduce((most, v, i) => Math.max(most, Math.abs(v - auto[i]!)), 0))
    .reduce((a, b) => Math.max(a, b))
  const work = Object.fromEntries(
    names.map((name) => [name, () => void exe[name]!.runSync({ x } as never, { views: true })]),
  )
  return { times: interleave(work, rounds), apart: rounded(apart / largest) }
}
const closeAll = (exe: { readonly [name: string]: Compiled }): Promise<unknown> =>
  Promise.all(Object.values(exe).map((e) => e.close()))

function row(
  name: string,
  chosen: string,
  gain: OrdersRow['gain'],
  bar: OrdersRow['bar'],
  apart: number,
  ms: OrdersRow['ms'],
): OrdersRow {
  const short = Object.fromEntries(Object.entries(gain).map(([k, g]) => [k, rounded(g)]))
  return { bench: 'orders', case: name, chosen, gain: short, bar, apart, ms }
}
