/**
 * bench kernels: how near do contractions come to the bare micro-kernel, and to memory, in every shape?
 * Invariant: a case and the bare micro-kernel of its dtype run in turns on one worker, in processor time, so that other work on the machine
 * spreads figures but does not bend them; ratios are medians of those of each round in which the bare one ran alike before and after, because
 * a core whose neighbour wakes slows down for seconds.
 * May not: choose shapes that a fast path happens to like: sizes follow from lists.
 */
import { compile, f32, f64, program } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { type Bare, bareTile } from './bare.ts'
import { type Benchmark, quantile, type Row, rounded, type Times } from './bench.ts'
import { inRounds, processorTime } from './interleave.ts'

type Float = 'f32' | 'f64'

/** By how much the time of the bare micro-kernel may change, and rounds that suffice. */
const [STEADY, FEWEST] = [0.05, 5]
type Operand = ReturnType<typeof op.neg>

interface KernelRow extends Row {
  readonly dtype: Float
  readonly gflops: number
  /** Of the bare micro-kernel's rate. */
  readonly ofBare: number
  /** Gigabytes of operands a second, each read once. */
  readonly bandwidth: number
  readonly ms: Times
  readonly bare: Times
  /** Of f64, of the rate of the same in f32. */
  readonly ofSingle?: number
  /** The least that `ofBare` should be, or `ofSingle` of f64, where something was asked for. */
  readonly bar?: number
  readonly met?: boolean
}

/** Square products of f32, of the bare micro-kernel's rate; of f64, of the rate in f32. */
const [BAR, DOUBLE] = [0.9, 0.45]

interface Case {
  readonly name: string
  readonly dtype: Float
  readonly left: readonly number[]
  readonly right: readonly number[]
  readonly flops: number
  readonly bar?: number
  compute(a: Operand, b: Operand): Operand
}

const size = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1)

function* products(dtype: Float, sizes: readonly number[]): Generator<Case> {
  const turned = (x: Operand, yes: boolean): Operand => (yes ? op.transpose(x) : x)
  for (const n of sizes)
    for (const [left, right] of [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ] as const) {
      const name = `product ${n} ${left ? 'T' : 'N'}${right ? 'T' : 'N'}`
      const compute = (a: Operand, b: Operand) => op.matmul(turned(a, left), turned(b, right))
      const bar = dtype === 'f32' ? BAR : DOUBLE
      yield { name, dtype, left: [n, n], right: [n, n], flops: 2 * n ** 3, bar, compute }
    }
}

function* narrow(n: number): Generator<Case> {
  const base = { dtype: 'f32', right: [n, n] } as const
  for (const m of [2, 4, 8, 16]) {
    const sizes = { ...base, left: [m, n], flops: 2 * m * n * n }
    yield { ...sizes, name: `${m} rows · ${n}²`, compute: op.matmul }
    yield { ...sizes, name: `${m} rows · ${n}²ᵀ`, compute: (a, b) => op.matmul(a, op.transpose(b)) }
  }
  const vector = { ...base, left: [n], flops: 2 * n * n }
  yield { ...vector, name: `vector · ${n}²`, compute: op.matmul }
  yield { ...vector, name: `${n}² · vector`, compute: (a, b) => op.matmul(b, a) }
}

function* batched(sizes: readonly number[]): Generator<Case> {
  for (const n of sizes) {
    const batch = Math.ceil(2 ** 20 / n ** 3)
    const shape = [batch, n, n]
    const flops = 2 * batch * n ** 3
    yield { name: `${batch} × ${n}²`, dtype: 'f32', left: shape, right: shape, flops, compute: op.matmul }
  }
}

/** [N, C, H, W] by [O, C / groups, K, K], and its gradients by both. */
function* convolution(
  x: readonly number[],
  w: readonly number[],
  o: { padding?: number; stride?: number; groups?: number },
): Generator<Case> {
  const [n, c, side] = x as [number, number, number]
  const [out, , k] = w as [number, number, number]
  const { padding = 0, stride = 1, groups = 1 } = o
  const to = Math.floor((side + 2 * padding - k) / stride) + 1
  const flops = (2 * n * out * to * to * k * k * c) / groups
  const name = `conv ${k}×${k} ${c} → ${out}, ${n} × ${side}²${stride > 1 ? `, stride ${stride}` : ''}${groups > 1 ? `, ${groups} groups` : ''}`
  const y = [n, out, to, to]
  const by = { stride, groups, padding }
  yield { name, dtype: 'f32', left: x, right: w, flops, compute: (a, b) => op.conv2d(a, b, by) }
  if (stride > 1 || groups > 1) return
  const back = k - 1 - padding
  const turned = (b: Operand) => op.flip(op.transpose(b, [1, 0, 2, 3]), [2, 3])
  yield {
    name: `${name}, by input`,
    dtype: 'f32',
    left: y,
    right: w,
    flops,
    compute: (a, b) => op.conv2d(a, turned(b), { padding: back }),
  }
  const swapped = (a: Operand) => op.transpose(a, [1, 0, 2, 3])
  const weights = (a: Operand, b: Operand) => swapped(op.conv2d(swapped(a), swapped(b), { padding }))
  yield { name: `${name}, by weights`, dtype: 'f32', left: x, right: y, flops, compute: weights }
}

function* cases(quick: boolean): Generator<Case> {
  if (quick) {
    yield* products('f32', [32])
    yield* products('f64', [32])
    yield* convolution([1, 2, 8, 8], [3, 2, 3, 3], { padding: 1 })
    return
  }
  yield* products('f32', [256, 512, 1024, 2048])
  yield* products('f64', [256, 1024])
  yield* batched([4, 8, 16, 32, 64])
  yield* narrow(1024)
  yield* narrow(4096)
  for (const [x, w, o] of [
    [[16, 32, 14, 14], [64, 32, 5, 5], { padding: 2 }],
    [[16, 1, 28, 28], [32, 1, 5, 5], { padding: 2 }],
    [[16, 64, 28, 28], [64, 64, 3, 3], { padding: 1 }],
    [[16, 64, 28, 28], [64, 64, 1, 1], {}],
    [[16, 32, 28, 28], [64, 32, 3, 3], { padding: 1, stride: 2 }],
    [[16, 64, 28, 28], [64, 1, 3, 3], { padding: 1, groups: 64 }],
  ] as const)
    yield* convolution(x, w, o)
}

/** A case ready to run on one worker. */
async function ready(one: Case, dtype: Float) {
  const type = { f32, f64 }[dtype]
  const p = program({
    name: one.name,
    inputs: { a: type(...one.left), b: type(...one.right) },
    outputs: ({ a, b }) => ({ y: one.compute(a, b) }),
  })
  const exe = await compile(p, { backend: wasm({ threads: 1, v8Flags: true }) })
  const { a, b } = exe.inputs
  for (const x of [a, b]) for (let i = 0; i < x.length; i++) x[i] = Math.sin(i)
  return { run: (): void => void exe.runSync({ a, b }, { views: true }), close: () => exe.close() }
}

/** Rounds in which the processor kept its speed, as far as the bare micro-kernel tells, which ran before and after; or all, if those are few. */
function steady(bare: readonly number[]): readonly number[] {
  const kept = [...bare.keys()].slice(1).filter((i) => Math.abs(bare[i - 1]! / bare[i]! - 1) < STEADY)
  return kept.length >= FEWEST ? kept : [...bare.keys()]
}

async function measure(one: Case, bare: Bare, quick: boolean): Promise<KernelRow> {
  const own = await ready(one, one.dtype)
  const twin = one.dtype === 'f64' ? await ready(one, 'f32') : undefined
  const work: { readonly [name: string]: () => void } = {
    ...{ run: own.run, bare: bare.run },
    ...(twin && { single: twin.run }),
  }
  const { times, medians } = inRounds(
    work,
    quick ? { rounds: 2, slice: 2 } : { rounds: 25, slice: 25, clock: processorTime },
  )
  await own.close()
  await twin?.close()
  const { run, bare: alone, single } = medians
  const rounds = steady(alone!)
  /** By how much the rate of ours is that of the other, round by round. */
  const against = (others: readonly number[], flops: number): number =>
    rounded(
      quantile(
        rounds.map((i) => (others[i]! * flops) / run![i]!),
        0.5,
      ),
    )
  const ofBare = against(alone!, one.flops / bare.flops)
  const ofSingle = single && against(single, 1)
  const held = ofSingle ?? ofBare
  return {
    bench: 'kernels',
    case: one.name,
    dtype: one.dtype,
    gflops: rounded(one.flops / times['run']!.median / 1e6),
    ofBare,
    ...(ofSingle !== undefined && { ofSingle }),
    bandwidth: rounded(
      ((size(one.left) + size(one.right)) * (one.dtype === 'f64' ? 8 : 4)) / times['run']!.median / 1e6,
    ),
    ms: times['run']!,
    bare: times['bare']!,
    ...(one.bar !== undefined && { bar: one.bar, met: held >= one.bar }),
  }
}

export const kernels: Benchmark<KernelRow> = {
  name: 'kernels',
  question: 'products and convolutions: how near to the bare micro-kernel, and to memory?',
  async *rows({ quick }) {
    wasm({ threads: 1, v8Flags: true })
    const bare = { f32: await bareTile('f32'), f64: await bareTile('f64') }
    for (const one of cases(quick)) yield await measure(one, bare[one.dtype], quick)
  },
  heading: `${'case'.padEnd(48)} dtype ${'GFLOP/s'.padStart(9)} ${'of bare'.padStart(8)} ${'GB/s'.padStart(7)} ${'ms'.padStart(9)}  25–75 %`,
  line: (r) =>
    `${r.case.padEnd(48)} ${r.dtype}   ${r.gflops.toFixed(1).padStart(9)} ${r.ofBare.toFixed(2).padStart(8)} ${r.bandwidth.toFixed(1).padStart(7)} ${r.ms.median.toPrecision(3).padStart(9)}  ${r.ms.p25.toPrecision(3)}–${r.ms.p75.toPrecision(3)}`,
  summary: (rows) => {
    const least = (of: readonly (number | undefined)[]): string =>
      Math.min(...of.filter((x) => x !== undefined)).toFixed(2)
    const judged = rows.filter((r) => r.bar !== undefined)
    const whole = (d: Float): string => least(judged.filter((r) => r.dtype === d).map((r) => r.ofBare))
    return `square products: at least ${whole('f32')} (f32), ${whole('f64')} (f64) of the bare micro-kernel (bar ${BAR} for f32), f64 at least ${least(rows.map((r) => r.ofSingle))} of f32 (bar ${DOUBLE}) · ${judged.filter((r) => r.met).length} of ${judged.length} bars met`
  },
}
