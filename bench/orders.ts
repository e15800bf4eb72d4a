/**
 * bench orders: what a better order of multiplication gains: chains of layers, and blocks with a way round them, against both global orders, ours and as taught, and examples one by one
 * against the full Jacobian of their batch.
 * As taught, a Jacobian is one product for each unit vector: a batch of them is pushed (or pulled) through as data. Our own global orders begin with the
 * rows of the first matrix instead, so that product is not there to be saved.
 * Invariant: all of a case run in turns on the same data, on one worker, and agree.
 * May not: tell the planner what was measured.
 */
import { compile, f32, glorotUniform, jacobian, jvp, type Mode, program, vjp, vmap } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { type Benchmark, type Row, rounded, type Times } from './bench.ts'
import { interleave } from './interleave.ts'
import { declare } from './mode-cases.ts'
import { residual, residualBlocks } from './order-cases.ts'

interface OrdersRow extends Row {
  readonly chosen: string
  /** How many times faster than what else is done: the better and the worse global order as taught; or the full Jacobian. Bars are of these. */
  readonly gain: { readonly [over: string]: number }
  /** The same against our own global orders. */
  readonly ours: { readonly [over: string]: number }
  readonly bar: { readonly [over: string]: number }
  /** Largest difference of entries, relative to the largest entry. */
  readonly apart: number
  readonly ms: { readonly [name: string]: Times }
}
interface Rounds {
  readonly rounds: number
  readonly slice: number
}

/** Bars: at least so many times faster than the better, and than the worse global order, as taught. */
const chains: readonly (readonly [widths: readonly number[], better: number, worse: number])[] = [
  [[512, 64, 64, 512], 1.5, 1.5],
  [[512, 16, 512, 16, 512], 2.5, 2.5],
  [[1024, 256, 64, 16], 1 / 1.1, 20],
  [[16, 64, 256, 1024], 1 / 1.1, 20],
]
const RESIDUAL = { widths: [512, 16, 512, 16, 512], bar: { better: 2, worse: 2 } }
const BLOCKS = { count: 4, width: 512, waist: 16, bar: { better: 1.5, worse: 1.5 } }
const EXAMPLES = { batch: 32, widths: [64, 96, 48] }

export const orders: Benchmark<OrdersRow> = {
  name: 'orders',
  question: 'how much faster is the chosen order than forward, reverse, or the full Jacobian of a batch?',
  async *rows({ quick }) {
    const rounds = quick ? { rounds: 2, slice: 2 } : { rounds: 15, slice: 40 }
    const small = (n: number): number => (quick ? Math.max(2, n / 32) : n)
    for (const [layers, better, worse] of chains) {
      const { p } = declare({ layers: layers.map(small) })
      yield await netRow(p, `tanh ${p.name}`, { better, worse }, rounds)
    }
    yield await netRow(residual(RESIDUAL.widths.map(small)), undefined, RESIDUAL.bar, rounds)
    const { count, width, waist } = BLOCKS
    yield await netRow(residualBlocks(count, small(width), small(waist)), undefined, BLOCKS.bar, rounds)
    yield await examplesRow(quick ? 4 : EXAMPLES.batch, EXAMPLES.widths.map(small), rounds)
  },
  heading: `${'case'.padEnd(34)} ${'chosen'.padEnd(8)} ${'ms'.padStart(9)}   ${'times faster than (bar)'.padEnd(34)} than our own`,
  line: (r) => {
    const gains = Object.entries(r.gain).map(([k, g]) => `${k} ${g.toPrecision(3)} (${r.bar[k]!.toPrecision(2)})`)
    const ours = Object.entries(r.ours).map(([k, g]) => `${k} ${g.toPrecision(3)}`)
    return `${r.case.padEnd(34)} ${r.chosen.padEnd(8)} ${r.ms['auto']!.median.toPrecision(3).padStart(9)}   ${gains.join(' · ').padEnd(34)} ${ours.join(' · ')}`
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
}
interface Contestant {
  readonly exe: Compiled
  readonly inputs: { readonly [name: string]: Float32Array }
  /** The entries of its result in the order of the Jacobian's, those alone that all have. */
  readonly entries: (result: { readonly [name: string]: unknown }) => Float32Array
}
const ofJacobian: Contestant['entries'] = (result) => Float32Array.from(result['dy_dx'] as Float32Array)

type Net = ReturnType<typeof declare>['p'] | ReturnType<typeof residual>
async function netRow(net: Net, name = net.name, bar: OrdersRow['bar'], rounds: Rounds): Promise<OrdersRow> {
  const p = net as ReturnType<typeof residual>
  const options = { backend: wasm({ threads: 1, v8Flags: true }), seed: 1 }
  const [n, m] = [p.graph.inputs[0]!, p.graph.outputs[0]!.node].map((v) => v.shape[0] as number) as [number, number]
  const x = sines(n)
  const named = { of: 'y', wrt: 'x' } as const
  const own = async (mode: Mode) => ({
    exe: (await compile(jacobian(p, { ...named, mode }), options)) as Compiled,
    inputs: { x },
    entries: ofJacobian,
  })
  const pushed = await compile(vmap(jvp(p, named), { over: 'x_tangent', size: n }), options)
  const pulled = await compile(vmap(vjp(p, named), { over: 'y_cotangent', size: m }), options)
  const auto = await compile(jacobian(p, named), options)
  const contestants: { readonly [name: string]: Contestant } = {
    forward: await own('forward'),
    reverse: await own('reverse'),
    auto: { exe: auto as Compiled, inputs: { x }, entries: ofJacobian },
    'forward as taught': {
      exe: pushed as Compiled,
      inputs: { x, x_tangent: identity(n) },
      entries: (r) => transposed(r['y_tangent'] as Float32Array, n, m),
    },
    'reverse as taught': {
      exe: pulled as Compiled,
      inputs: { x, y_cotangent: identity(m) },
      entries: (r) => Float32Array.from(r['x_cotangent'] as Float32Array),
    },
  }
  const { times, apart } = timed(contestants, rounds)
  const ratio = (name: string): number => times[name]!.median / times['auto']!.median
  const ranked = (ratios: readonly number[]) => ({ better: Math.min(...ratios), worse: Math.max(...ratios) })
  const gain = ranked(['forward as taught', 'reverse as taught'].map(ratio))
  const ours = ranked(['forward', 'reverse'].map(ratio))
  const { chosen } = auto.plan.orders['dy_dx']!
  await closeAll(contestants)
  return { ...row(name, chosen, gain, bar, apart, times), ours: shortened(ours) }
}

const identity = (n: number): Float32Array => Float32Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0))
const transposed = (values: Float32Array, rows: number, columns: number): Float32Array =>
  Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!)

async function examplesRow(batch: number, widths: readonly number[], rounds: Rounds): Promise<OrdersRow> {
  const [n, h, m] = widths as [number, number, number]
  const p = program({
    name: 'batch',
    inputs: { x: f32('B', n) },
    state: { w: f32(n, h).init(glorotUniform()), v: f32(h, m).init(glorotUniform()) },
    outputs: ({ x, w, v }) => ({ y: op.tanh(op.matmul(op.tanh(op.matmul(x, w)), v)) }),
  })
  const options = { backend: wasm({ threads: 1, v8Flags: true }), seed: 1, sizes: { B: batch } }
  const x = sines(batch * n)
  const auto = await compile(jacobian(p, { of: 'y', wrt: 'x', perExample: 'B' }), options)
  const full = await compile(jacobian(p, { of: 'y', wrt: 'x' }), options)
  const contestants: { readonly [name: string]: Contestant } = {
    auto: { exe: auto as Compiled, inputs: { x }, entries: ofJacobian },
    full: {
      exe: full as Compiled,
      inputs: { x },
      entries: (r) =>
        ofJacobian(r).filter((_, i) => Math.floor(i / (m * batch * n)) === Math.floor((i % (batch * n)) / n)),
    },
  }
  const { times, apart } = timed(contestants, rounds)
  const gain = { full: times['full']!.median / times['auto']!.median }
  const { chosen } = auto.plan.orders['dy_dx']!
  await closeAll(contestants)
  return row(`${batch} examples of ${widths.join('→')}`, chosen, gain, { full: 30 }, apart, times)
}

const sines = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(i))

function timed(contestants: { readonly [name: string]: Contestant }, rounds: Rounds) {
  const run = ({ exe, inputs }: Contestant) => exe.runSync(inputs as never, { views: true })
  const results = Object.entries(contestants).map(([name, c]) => [name, c.entries(run(c))] as const)
  const auto = results.find(([name]) => name === 'auto')![1]
  const largest = auto.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  const apart = results
    .map(([, values]) => values.reduce((most, v, i) => Math.max(most, Math.abs(v - auto[i]!)), 0))
    .reduce((a, b) => Math.max(a, b))
  const work = Object.fromEntries(Object.entries(contestants).map(([name, c]) => [name, () => void run(c)]))
  return { times: interleave(work, rounds), apart: rounded(apart / largest) }
}
const closeAll = (contestants: { readonly [name: string]: Contestant }): Promise<unknown> =>
  Promise.all(Object.values(contestants).map((c) => c.exe.close()))

function row(
  name: string,
  chosen: string,
  gain: OrdersRow['gain'],
  bar: OrdersRow['bar'],
  apart: number,
  ms: OrdersRow['ms'],
): OrdersRow {
  return { bench: 'orders', case: name, chosen, gain: shortened(gain), ours: {}, bar, apart, ms }
}
const shortened = (gain: OrdersRow['gain']): OrdersRow['gain'] =>
  Object.fromEntries(Object.entries(gain).map(([k, g]) => [k, rounded(g)]))
