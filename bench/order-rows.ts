/**
 * What `bench orders` times: the chosen order of a Jacobian against both global modes as they are taught, and against our own.
 * As taught, and as every library has it, a Jacobian is one product for each unit vector: a batch of them is data, pushed (or pulled) through in one pass.
 * Our own global orders begin with the rows of the first matrix instead, so that product is not there to be saved.
 * Invariant: all of a case run in turns on the same data, on one worker, and agree.
 * May not: tell the planner what was measured.
 */
import { type Csr, compile, f32, glorotUniform, jacobian, jvp, type Mode, program, vjp, vmap } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { type Row, rounded, type Times } from './bench.ts'
import { interleave } from './interleave.ts'
import type { declare } from './mode-cases.ts'
import type { encoder, residual } from './order-cases.ts'

type Ratios = { readonly [over: string]: number }
export interface OrdersRow extends Row {
  readonly chosen: string
  /** How many times faster than what else is done: the better and the worse global mode as taught; or the full Jacobian. Bars are of these. */
  readonly gain: Ratios
  /** The same against our own global orders, or our own full Jacobian. */
  readonly ours: Ratios
  readonly bar: Ratios
  readonly met: boolean
  /** Largest difference of entries, relative to the largest entry. */
  readonly apart: number
  readonly ms: { readonly [name: string]: Times }
}
export interface Rounds {
  readonly rounds: number
  readonly slice: number
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
type Contestants = { readonly [name: string]: Contestant }
const ofJacobian: Contestant['entries'] = (result) => Float32Array.from(result['dy_dx'] as Float32Array)

export type Net = ReturnType<typeof declare>['p'] | ReturnType<typeof residual> | ReturnType<typeof encoder>
const options = () => ({ backend: wasm({ threads: 1, v8Flags: true }), seed: 1 })
const named = { of: 'y', wrt: 'x' } as const
const size = (shape: readonly unknown[]): number => shape.reduce<number>((n, d) => n * (d as number), 1)
const sines = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(i))

/** Full Jacobians: chosen, by each global mode as taught, and by each of our own. */
export async function netRow(net: Net, bar: Ratios, rounds: Rounds, name = net.name): Promise<OrdersRow> {
  const p = net as ReturnType<typeof residual>
  const x = sines(size(p.graph.inputs[0]!.shape))
  const own = async (mode: Mode): Promise<Contestant> => ({
    exe: (await compile(jacobian(p, { ...named, mode }), options())) as Compiled,
    inputs: { x },
    entries: ofJacobian,
  })
  const auto = await compile(jacobian(p, named), options())
  const contestants: Contestants = {
    forward: await own('forward'),
    reverse: await own('reverse'),
    auto: { exe: auto as Compiled, inputs: { x }, entries: ofJacobian },
    ...(await asTaught(p, x)),
  }
  const { times, apart } = timed(contestants, rounds)
  const over = (...names: string[]): Ratios => {
    const ratios = names.map((n) => times[n]!.median / times['auto']!.median)
    return { better: Math.min(...ratios), worse: Math.max(...ratios) }
  }
  const { chosen } = auto.plan.orders['dy_dx']!
  const gain = over('forward as taught', 'reverse as taught')
  return row({ case: name, chosen, gain, ours: over('forward', 'reverse'), bar, apart, ms: times })
}

async function asTaught(net: Net, x: Float32Array): Promise<Contestants> {
  const p = net as ReturnType<typeof residual>
  const [n, m] = [x.length, size(p.graph.outputs[0]!.node.shape)]
  const pushed = await compile(vmap(jvp(p, named), { over: 'x_tangent', size: n }), options())
  const pulled = await compile(vmap(vjp(p, named), { over: 'y_cotangent', size: m }), options())
  return {
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
}
const identity = (n: number): Float32Array => Float32Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0))
const transposed = (values: Float32Array, rows: number, columns: number): Float32Array =>
  Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!)

/** The entries of a sparse Jacobian, against the dense one: as taught, and our own. */
export async function entriesRow(net: Net, bar: number, rounds: Rounds): Promise<OrdersRow> {
  const p = net as ReturnType<typeof residual>
  const x = sines(size(p.graph.inputs[0]!.shape))
  const auto = await compile(jacobian(p, { ...named, format: 'csr' }), options())
  const full = await compile(jacobian(p, named), options())
  const at = positionsOf(auto.runSync({ x })['dy_dx'] as Csr)
  const picked = (all: Float32Array): Float32Array => Float32Array.from(at, (k) => all[k]!)
  const taught = Object.entries(await asTaught(net, x)).map(([name, c]) => [
    name,
    { ...c, entries: (r: never) => picked(c.entries(r)) },
  ])
  const contestants: Contestants = {
    auto: { exe: auto as Compiled, inputs: { x }, entries: (r) => Float32Array.from((r['dy_dx'] as Csr).values) },
    full: { exe: full as Compiled, inputs: { x }, entries: (r) => picked(r['dy_dx'] as Float32Array) },
    ...(Object.fromEntries(taught) as Contestants),
  }
  const { times, apart } = timed(contestants, rounds)
  const over = (name: string): number => times[name]!.median / times['auto']!.median
  const gain = { dense: Math.min(over('forward as taught'), over('reverse as taught')) }
  const { chosen } = auto.plan.orders['dy_dx']!
  const ours = { dense: over('full') }
  return row({ case: `entries of ${p.name}`, chosen, gain, ours, bar: { dense: bar }, apart, ms: times })
}

/** Where the entries stand in the dense matrix. */
const positionsOf = ({ indptr, indices, shape: [, columns] }: Csr): number[] =>
  [...indptr.subarray(0, -1)].flatMap((from, i) =>
    Array.from(indices.subarray(from, indptr[i + 1]), (j) => i * columns + j),
  )

/** Jacobians of each of a batch's examples, against the full one of the batch. */
export async function examplesRow(
  batch: number,
  widths: readonly number[],
  bar: number,
  rounds: Rounds,
): Promise<OrdersRow> {
  const [n, h, m] = widths as [number, number, number]
  const p = program({
    name: 'batch',
    inputs: { x: f32('B', n) },
    state: { w: f32(n, h).init(glorotUniform()), v: f32(h, m).init(glorotUniform()) },
    outputs: ({ x, w, v }) => ({ y: op.tanh(op.matmul(op.tanh(op.matmul(x, w)), v)) }),
  })
  const sized = { ...options(), sizes: { B: batch } }
  const x = sines(batch * n)
  const auto = await compile(jacobian(p, { ...named, perExample: 'B' }), sized)
  const full = await compile(jacobian(p, named), sized)
  const contestants: Contestants = {
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
  const name = `${batch} examples of ${widths.join('→')}`
  return row({ case: name, chosen, gain, ours: {}, bar: { full: bar }, apart, ms: times })
}

/** All in turns; then all are closed. */
function timed(contestants: Contestants, rounds: Rounds) {
  const run = ({ exe, inputs }: Contestant) => exe.runSync(inputs as never, { views: true })
  const results = Object.entries(contestants).map(([name, c]) => [name, c.entries(run(c))] as const)
  const auto = results.find(([name]) => name === 'auto')![1]
  const largest = auto.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  const apart = results
    .map(([, values]) => values.reduce((most, v, i) => Math.max(most, Math.abs(v - auto[i]!)), 0))
    .reduce((a, b) => Math.max(a, b))
  const work = Object.fromEntries(Object.entries(contestants).map(([name, c]) => [name, () => void run(c)]))
  const times = interleave(work, rounds)
  for (const { exe } of Object.values(contestants)) void exe.close()
  return { times, apart: rounded(apart / largest) }
}

const short = (ratios: Ratios): Ratios => Object.fromEntries(Object.entries(ratios).map(([k, g]) => [k, rounded(g)]))
const row = (r: Omit<OrdersRow, 'bench' | 'met'>): OrdersRow => ({
  ...{ bench: 'orders', ...r, gain: short(r.gain), ours: short(r.ours) },
  met: Object.entries(r.gain).every(([over, g]) => g >= r.bar[over]!),
})
