/**
 * bench target: the constants that the planner prices kernels with, measured by programs that are limited by one of them each.
 * Invariant: one worker; every figure is in the unit of `Target`.
 * May not: change the constants: they are committed, so that plans are the same on every machine.
 */
import { compile, f32, f64, plan, program, wasmTarget } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { type Benchmark, quantile, type Row, rounded, type Times } from './bench.ts'
import { interleave } from './interleave.ts'

type Float = 'f32' | 'f64'
type Compute = (x: Operand) => Operand
type Operand = ReturnType<typeof op.neg>

interface TargetRow extends Row {
  readonly committed: number
  readonly measured: number
  readonly ms: Times
}

const SMALL = 16_384
const floats = { f32, f64 }

export const target: Benchmark<TargetRow> = {
  name: 'target',
  question: 'are the constants that the planner prices kernels with those of this machine?',
  async *rows({ quick }) {
    for (const dtype of ['f32', 'f64'] as const) {
      const n = quick ? 64 : 512
      const committed = wasmTarget.contractionFlops[dtype]
      yield row(
        `contractionFlops.${dtype}`,
        committed,
        await time([n, n], dtype, (x) => op.matmul(x, x)),
        (s) => (2 * n ** 3) / s,
      )
      yield row(
        `loopFlops.${dtype}`,
        wasmTarget.loopFlops[dtype],
        await time([SMALL], dtype, polynomial),
        (s) => (2 * DEGREE * SMALL) / s,
      )
    }
    const each = await Promise.all(
      [op.exp, op.log, op.sin, op.cos, op.tanh, op.sigmoid].map((f) => time([SMALL], 'f32', f)),
    )
    const middle = each.find(
      (t) =>
        t.median >=
        quantile(
          each.map((e) => e.median),
          0.5,
        ),
    )!
    yield row('transcendental', wasmTarget.transcendental, middle, (s) => (s / SMALL) * wasmTarget.loopFlops.f32)
    for (const side of quick ? [16] : [200, 256]) {
      const turned = await time([side, side], 'f32', (x) => op.transpose(x))
      yield row(
        `scattered, ${side}×${side}`,
        wasmTarget.scattered,
        turned,
        (s) => (s / side ** 2) * wasmTarget.loopFlops.f32,
      )
    }
    const wide = quick ? 32 : 1024
    const lines = await time([wide, wide], 'f32', (x) => op.transpose(x))
    yield row('bandwidth, scattered', wasmTarget.bandwidth, lines, (s) => ((64 + 4) * wide ** 2) / s)
    const large = quick ? 2 ** 16 : 2 ** 24
    yield row(
      'bandwidth',
      wasmTarget.bandwidth,
      await time([large], 'f32', (x) => op.add(x, 1)),
      (s) => (8 * large) / s,
    )
    const normalise: Compute = (x) => repeat(x, 100, (y) => op.div(y, op.sum(y)))
    yield row('overhead', wasmTarget.overhead, await time([8], 'f32', normalise), (s) => s / steps(normalise))
  },
  heading: `${'constant'.padEnd(24)} ${'committed'.padStart(12)} ${'measured'.padStart(12)} ${'ratio'.padStart(8)}`,
  line: (r) =>
    `${r.case.padEnd(24)} ${r.committed.toPrecision(3).padStart(12)} ${r.measured.toPrecision(3).padStart(12)} ${(r.measured / r.committed).toFixed(2).padStart(8)}`,
  summary: (rows) =>
    `${rows.filter((r) => Math.abs(Math.log2(r.measured / r.committed)) <= 0.5).length} of ${rows.length} within a factor of 1.4`,
}

const row = (name: string, committed: number, ms: Times, of: (seconds: number) => number): TargetRow => ({
  bench: 'target',
  case: name,
  committed,
  measured: rounded(of(ms.median / 1e3)),
  ms,
})

const repeat = (x: Operand, times: number, f: Compute): Operand => {
  let y = x
  for (let i = 0; i < times; i++) y = f(y)
  return y
}
const DEGREE = 16
const polynomial: Compute = (x) => repeat(x, DEGREE, (y) => op.add(op.mul(y, x), 0.5))

const declare = (shape: readonly number[], dtype: Float, f: Compute) =>
  program({ inputs: { x: floats[dtype](...shape) }, outputs: ({ x }) => ({ y: f(x) }) })
const steps = (f: Compute): number => plan(declare([8], 'f32', f)).steps.length

async function time(shape: readonly number[], dtype: Float, f: Compute): Promise<Times> {
  await using exe = await compile(declare(shape, dtype, f), { backend: wasm({ threads: 1, v8Flags: true }) })
  const { x } = exe.inputs
  for (let i = 0; i < x.length; i++) x[i] = 0.5 + 0.4 * Math.sin(i)
  const run = (): void => void exe.runSync({ x }, { views: true })
  return interleave({ run }, { rounds: 9, slice: 20 }).run
}
