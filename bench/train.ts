/**
 * bench train: what a step costs beyond what it cannot avoid: a training step against its products of matrices alone, a sum of an elementwise
 * chain with its gradient against its two elementary functions alone.
 * Invariant: one worker; both run in turns. Flops are those of the plan: an elementary function counts as `target.transcendental`.
 * May not: leave out of a step what training needs (Adam, loss, bias gradients).
 */
import {
  adam,
  compile,
  f32,
  glorotUniform,
  i32,
  type Program,
  program,
  train as training,
  type Value,
  valueAndGrad,
} from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { type Benchmark, type Row, rounded, type Times } from './bench.ts'
import { interleave } from './interleave.ts'

interface TrainRow extends Row {
  readonly kernels: number
  readonly ms: Times
  /** What it cannot avoid, alone. */
  readonly least: Times
  /** `ms` over `least`. */
  readonly ratio: number
  readonly gflops: number
  /** Memory that must be read and written at least, by time. */
  readonly gbps: number
}

interface Case {
  readonly name: string
  readonly whole: Program
  readonly least: Program
  readonly bytes: number
}

const steps = [
  { widths: [784, 128, 10], batch: 64 },
  { widths: [784, 512, 512, 10], batch: 64 },
  { widths: [784, 512, 512, 10], batch: 512 },
]
const quickSteps = [{ widths: [12, 8, 3], batch: 4 }]

export const train: Benchmark<TrainRow> = {
  name: 'train',
  question:
    'training steps and fused chains: how far from their products alone, and from their elementary functions alone?',
  async *rows({ quick }) {
    const rounds = quick ? { rounds: 1, slice: 1 } : { rounds: 15, slice: 60 }
    const n = quick ? 1000 : 2 ** 22
    const cases = [...(quick ? quickSteps : steps).map(step), chain(n, ['x']), chain(n, ['a', 'b'])]
    for (const one of cases) yield await measure(one, rounds)
  },
  heading: `${'case'.padEnd(36)}${'kernels'.padStart(8)}${'ms'.padStart(9)}${'least'.padStart(9)}${'ratio'.padStart(7)}${'GFLOP/s'.padStart(9)}${'GB/s'.padStart(7)}`,
  line: (r) => {
    const numbers = [r.ms.median.toPrecision(3), r.least.median.toPrecision(3)].map((x) => x.padStart(9)).join('')
    return `${r.case.padEnd(36)}${String(r.kernels).padStart(8)}${numbers}${r.ratio.toFixed(2).padStart(7)}${r.gflops.toFixed(1).padStart(9)}${r.gbps.toFixed(1).padStart(7)}`
  },
  summary: (rows) => {
    const within = rows.filter((r) => r.ratio <= 1.25)
    return `${within.length} of ${rows.length} within 1.25 of what they cannot avoid`
  },
}

type Layers = readonly (readonly [m: number, n: number])[]

/** One Adam step of a network with tanh, and its products alone: forward, by weights, and by inputs but for the first layer's. */
function step({ widths, batch }: { readonly widths: readonly number[]; readonly batch: number }): Case {
  const layers: Layers = widths.slice(1).map((n, i) => [widths[i]!, n])
  const state: { [name: string]: Value } = {}
  for (const [i, [m, n]] of layers.entries()) {
    state[`w${i}`] = f32(m, n).init(glorotUniform())
    state[`b${i}`] = f32(n)
  }
  const network = program({
    name: 'network',
    inputs: { x: f32(batch, widths[0]!), y: i32(batch) },
    state,
    outputs: (v) => {
      let h = v['x']!
      for (const i of layers.keys()) {
        const z = op.add(op.matmul(h, v[`w${i}`]!), v[`b${i}`]!)
        h = i === layers.length - 1 ? z : op.tanh(z)
      }
      return { loss: op.crossEntropy(h, v['y']!) }
    },
  })
  const weights = layers.reduce((sum, [m, n]) => sum + (m + 1) * n, 0)
  const whole = training(network, { minimize: 'loss', with: adam() }) as unknown as Program
  // Parameters and both moments are read and written.
  return { name: `${widths.join('-')}, batch ${batch}`, whole, least: products(layers, batch), bytes: 24 * weights }
}

function products(layers: Layers, batch: number): Program {
  const state: { [name: string]: Value } = {}
  for (const [i, [m, n]] of layers.entries()) {
    state[`h${i}`] = f32(batch, m).init(glorotUniform())
    state[`w${i}`] = f32(m, n).init(glorotUniform())
    state[`d${i}`] = f32(batch, n).init(glorotUniform())
  }
  return program({
    name: 'products',
    inputs: {},
    state,
    outputs: (v) => {
      const made = layers.flatMap((_, i) => {
        const [h, w, d] = [v[`h${i}`]!, v[`w${i}`]!, v[`d${i}`]!]
        const back = i === 0 ? [] : [[`x${i}`, op.matmul(d, op.transpose(w))] as const]
        return [[`z${i}`, op.matmul(h, w)] as const, [`g${i}`, op.matmul(op.transpose(h), d)] as const, ...back]
      })
      return Object.fromEntries(made)
    },
  }) as unknown as Program
}

/** y = Σ tanh(a·x + b)·exp(−x²) and its gradient; against Σ tanh(x) + exp(x). */
function chain(n: number, wrt: readonly string[]): Case {
  const state = { x: f32(n).init(glorotUniform()) }
  const y = program({
    name: 'chain',
    inputs: { a: f32(), b: f32() },
    state,
    outputs: ({ x, a, b }) => ({
      y: op.sum(op.mul(op.tanh(op.add(op.mul(a, x), b)), op.exp(op.neg(op.mul(x, x))))),
    }),
  })
  const least = program({
    name: 'functions',
    inputs: {},
    state,
    outputs: ({ x }) => ({ y: op.sum(op.add(op.tanh(x), op.exp(x))) }),
  })
  return {
    name: `chain of ${n}, gradient by ${wrt.join(' and ')}`,
    whole: valueAndGrad(y as unknown as Program, { of: 'y', wrt: [...wrt] }) as Program,
    least: least as unknown as Program,
    bytes: (wrt.includes('x') ? 8 : 4) * n,
  }
}

async function measure(one: Case, rounds: { readonly rounds: number; readonly slice: number }): Promise<TrainRow> {
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
    gflops: perSecond(whole.plan.cost.flops),
    gbps: perSecond(one.bytes),
  }
}
