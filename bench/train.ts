/**
 * bench train: what a step costs beyond what it cannot avoid: a training step against its products of matrices alone, a sum of an elementwise
 * chain with its gradient against its two elementary functions alone.
 * Invariant: one worker; both run in turns. Flops are those of the plan: an elementary function counts as `target.transcendental`.
 * May not: leave out of a step what training needs (Adam, loss, bias gradients).
 */
import { compile } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import { type Benchmark, type Row, rounded, type Times } from './bench.ts'
import { interleave } from './interleave.ts'
import { type TrainCase, trainCases } from './train-cases.ts'

interface TrainRow extends Row {
  readonly kernels: number
  readonly ms: Times
  /** What it cannot avoid, alone. */
  readonly least: Times
  /** `ms` over `least`. */
  readonly ratio: number
  /** The most that `ratio` should be. */
  readonly bar: number
  readonly gflops: number
  /** Memory that must be read and written at least, by time. */
  readonly gbps: number
}

export const train: Benchmark<TrainRow> = {
  name: 'train',
  question:
    'training steps and fused chains: how far from their products alone, and from their elementary functions alone?',
  async *rows({ quick }) {
    const rounds = quick ? { rounds: 1, slice: 1 } : { rounds: 15, slice: 60 }
    for (const one of trainCases(quick)) yield await measure(one, rounds)
  },
  heading: `${'case'.padEnd(36)}${'kernels'.padStart(8)}${'ms'.padStart(9)}${'least'.padStart(9)}${'ratio'.padStart(7)}${'bar'.padStart(6)}${'GFLOP/s'.padStart(9)}${'GB/s'.padStart(7)}`,
  line: (r) => {
    const numbers = [r.ms.median.toPrecision(3), r.least.median.toPrecision(3)].map((x) => x.padStart(9)).join('')
    return `${r.case.padEnd(36)}${String(r.kernels).padStart(8)}${numbers}${r.ratio.toFixed(2).padStart(7)}${String(r.bar).padStart(6)}${r.gflops.toFixed(1).padStart(9)}${r.gbps.toFixed(1).padStart(7)}`
  },
  summary: (rows) => {
    const within = rows.filter((r) => r.ratio <= r.bar)
    return `${within.length} of ${rows.length} as close to what they cannot avoid as they should be`
  },
}

async function measure(one: TrainCase, rounds: { readonly rounds: number; readonly slice: number }): Promise<TrainRow> {
  const backend = wasm({ threads: 1, v8Flags: true })
  const [whole, least] = [
    await compile(one.whole, { backend, seed: 1 }),
    await compile(one.least, { backend, seed: 1 }),
  ]
  const inputs = Object.fromEntries(
    whole.plan.inputs.map(({ name, dtype, shape }) => {
      const n = shape.reduce((a, b) => a * b, 1)
      const data =
        dtype === 'i32'
          ? Int32Array.from({ length: n }, (_, i) => i % 3)
          : Float32Array.from({ length: n }, (_, i) => Math.sin(i))
      return [name, shape.length === 0 ? data[0]! + 0.3 : data]
    }),
  )
  const times = interleave(
    { ms: () => void whole.runSync(inputs, { views: true }), least: () => void least.runSync({}, { views: true }) },
    rounds,
  )
  await Promise.all([whole.close(), least.close()])
  const perSecond = (count: number): number => rounded(count / times.ms.median / 1e6)
  return {
    bench: 'train',
    case: one.name,
    kernels: whole.plan.kernels.length,
    ms: times.ms,
    least: times.least,
    ratio: rounded(times.ms.median / times.least.median),
    bar: one.bar,
    gflops: perSecond(whole.plan.cost.flops),
    gbps: perSecond(one.bytes),
  }
}
