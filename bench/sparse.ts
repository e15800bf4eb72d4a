/**
 * bench sparse: the entries of a sparse Jacobian against the full matrix, by forward or reverse, and as the planner would make it.
 * Invariant: both run in turns on the same data, on one worker, and their entries agree.
 * May not: count where a row's entries stand as work: that is known when it is planned.
 */
import { type Csr, compile, f32, jacobian, program } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { type Benchmark, type Row, rounded, type Times } from './bench.ts'
import { interleave } from './interleave.ts'
import { declare } from './mode-cases.ts'

interface SparseRow extends Row {
  readonly inputs: number
  readonly outputs: number
  readonly entries: number
  readonly chosen: string
  /** What the full matrix takes, over what its entries alone take: by the better global order, and by the order that the planner picks. */
  readonly gain: { readonly global: number; readonly full: number }
  /** Promised of `gain.global`. */
  readonly bar: number
  /** Largest difference of entries. */
  readonly apart: number
  readonly ms: { readonly sparse: Times; readonly full: Times; readonly global: Times }
}

/** u and its neighbours on a grid. */
function grid(n: number) {
  return program({
    name: `grid ${n} × ${n}`,
    inputs: { x: f32(n, n) },
    outputs({ x }) {
      const p = op.pad(x, [
        [1, 1],
        [1, 1],
      ])
      const at = (i: number, j: number) => op.slice(p, [i, i + n], [j, j + n])
      return { y: op.expr`${at(0, 1)} + ${at(2, 1)} + ${at(1, 0)} + ${at(1, 2)} - 4 * ${x} + exp(${x})` }
    },
  })
}

export const sparse: Benchmark<SparseRow> = {
  name: 'sparse',
  question: 'how much faster are the entries of a sparse Jacobian than the full matrix?',
  async *rows({ quick }) {
    const rounds = quick ? { rounds: 2, slice: 2 } : { rounds: 15, slice: 40 }
    const size = (n: number): number => (quick ? Math.ceil(n / 40) : n)
    yield await measure(declare({ elementwise: size(2048), depth: 1 }).p, 50, rounds)
    yield await measure(declare({ signal: size(2000), channels: [1, 1], kernel: 9 }).p, 50, rounds)
    yield await measure(grid(quick ? 4 : 40), 1, rounds)
  },
  heading: `${'case'.padEnd(28)} ${'entries'.padStart(8)} ${'chosen'.padEnd(22)} ${'ms'.padStart(9)} ${'full ms'.padStart(9)} ${'global ms'.padStart(9)}   times faster than both (bar)`,
  line: (r) =>
    `${r.case.padEnd(28)} ${String(r.entries).padStart(8)} ${r.chosen.padEnd(22)} ${r.ms.sparse.median.toPrecision(3).padStart(9)} ${r.ms.full.median.toPrecision(3).padStart(9)} ${r.ms.global.median.toPrecision(3).padStart(9)}   ${r.gain.full.toPrecision(3)}, ${r.gain.global.toPrecision(3)} (${r.bar})`,
  summary: (rows) => `${rows.filter((r) => r.gain.global >= r.bar).length} of ${rows.length} cases reach their bars`,
}

async function measure(
  p: ReturnType<typeof grid> | ReturnType<typeof declare>['p'],
  bar: number,
  rounds: { readonly rounds: number; readonly slice: number },
): Promise<SparseRow> {
  const options = { backend: wasm({ threads: 1, v8Flags: true }), seed: 1 }
  const request = { of: 'y', wrt: 'x' } as const
  const own = await compile(jacobian(p as ReturnType<typeof grid>, { ...request, format: 'csr' }), options)
  const full = await compile(jacobian(p as ReturnType<typeof grid>, request), options)
  const { candidates } = full.plan.orders['dy_dx']!
  const [mode] = (['forward', 'reverse'] as const).toSorted((a, b) => price(candidates, a) - price(candidates, b))
  const global = await compile(jacobian(p as ReturnType<typeof grid>, { ...request, mode: mode! }), options)
  const inputs = p.graph.inputs[0]!.shape.reduce<number>((n, d) => n * (d as number), 1)
  const x = Float32Array.from({ length: inputs }, (_, i) => Math.sin(i))
  const J = own.runSync({ x }).dy_dx
  const all: Float32Array = full.runSync({ x }).dy_dx
  const times = interleave(
    {
      sparse: () => void own.runSync({ x }, { views: true }),
      full: () => void full.runSync({ x }, { views: true }),
      global: () => void global.runSync({ x }, { views: true }),
    },
    rounds,
  )
  const { chosen, text } = own.plan.orders['dy_dx']!
  await Promise.all([own.close(), full.close(), global.close()])
  return {
    bench: 'sparse',
    case: p.name,
    inputs,
    outputs: J.shape[0],
    entries: J.values.length,
    chosen: `${chosen} ${text ?? ''}`.trim(),
    gain: {
      global: rounded(times.global.median / times.sparse.median),
      full: rounded(times.full.median / times.sparse.median),
    },
    bar,
    apart: apart(J, all),
    ms: times,
  }
}

const price = (candidates: readonly { readonly name: string; readonly predictedMs: number }[], name: string): number =>
  candidates.find((c) => c.name === name)!.predictedMs

/** What is not among the entries counts as 0. */
function apart({ indptr, indices, values, shape: [m, n] }: Csr, all: Float32Array): number {
  const rest = all.slice()
  for (let i = 0; i < m; i++) for (let e = indptr[i]!; e < indptr[i + 1]!; e++) rest[i * n + indices[e]!]! -= values[e]!
  return rest.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
}
