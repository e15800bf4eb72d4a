/**
 * bench accuracy: every unary function in f32, by the wasm backend, against the float64 oracle: the largest error in units of the
 * last place, and where. All 2³² inputs, or a sample that takes every so many-th bit pattern.
 * Invariant: the oracle is `evaluate` in f64, which shares nothing with the approximations of plans.
 * May not: skip an input: where the oracle is NaN, so must the result be; where it rounds to an infinity, that one.
 */
import { compile, evaluate, f32, f64, type Program, program } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { type Benchmark, type Row, rounded } from './bench.ts'

interface AccuracyRow extends Row {
  readonly ulp: number
  readonly at: number
  readonly got: number
  readonly want: number
  readonly inputs: number
}

const { exp, exp2, expm1, log, log1p, log2, log10, sqrt, rsqrt, cbrt, sin, cos, tan, asin, acos, atan } = op
const { sinh, cosh, tanh, asinh, acosh, atanh, sigmoid, softplus, logit, erf, erfc, erfinv, lgamma, digamma } = op
const exponential = { exp, exp2, expm1, log, log1p, log2, log10, sqrt, rsqrt, cbrt }
const trigonometric = { sin, cos, tan, asin, acos, atan }
const hyperbolic = { sinh, cosh, tanh, asinh, acosh, atanh, sigmoid, softplus, logit }
const functions = { ...exponential, ...trigonometric, ...hyperbolic, erf, erfc, erfinv, lgamma, digamma }
type Name = keyof typeof functions

/** Largest error that is promised. */
const PROMISE = 2
/** Error of a result that is the f32 nearest to the oracle's, at most: no need to look closer. */
const NEAREST = 0.5
const ALL = 2 ** 32
const CHUNK = 2 ** 16

export const accuracy: Benchmark<AccuracyRow> = {
  name: 'accuracy',
  question: 'how many units in the last place are the unary functions off in f32, at most?',
  async *rows({ quick, sample, only }) {
    for (const name of (Object.keys(functions) as Name[]).filter((n) => !only || only.includes(n)))
      yield await worst(name, Math.min(ALL, sample ?? (quick ? CHUNK : ALL)))
  },
  heading: `${'function'.padEnd(12)} ${'ulp'.padStart(8)} ${'at'.padStart(16)} ${'inputs'.padStart(14)}`,
  line: (r) =>
    `${r.case.padEnd(12)} ${String(r.ulp).padStart(8)} ${r.at.toPrecision(9).padStart(16)} ${r.inputs.toLocaleString('en').padStart(14)}`,
  summary: (rows) => `${rows.filter((r) => r.ulp <= PROMISE).length} of ${rows.length} within ${PROMISE} ulp`,
}

async function worst(name: Name, inputs: number): Promise<AccuracyRow> {
  const single = program({ inputs: { x: f32(CHUNK) }, outputs: ({ x }) => ({ y: functions[name](x) }) })
  const double = program({ inputs: { x: f64(CHUNK) }, outputs: ({ x }) => ({ y: functions[name](x) }) }) as Program
  await using exe = await compile(single, { backend: wasm({ threads: 1 }) })
  const x = new Float32Array(CHUNK)
  let most: AccuracyRow = { bench: 'accuracy', case: name, ulp: NEAREST, at: 0, got: 0, want: 0, inputs }
  for (let first = 0; first < inputs; first += CHUNK) {
    fill(x, first, ALL / inputs)
    const got = exe.runSync({ x }, { views: true }).y
    const want = evaluate(double.graph, { x: { dtype: 'f64', shape: [CHUNK], data: new Float64Array(x) } })['y']!.data
    for (let i = 0; i < CHUNK; i++) {
      if (got[i] === Math.fround(want[i]!)) continue
      const ulp = error(got[i]!, want[i]!)
      if (ulp > most.ulp) most = { ...most, ulp, at: x[i]!, got: got[i]!, want: want[i]! }
    }
  }
  return { ...most, ulp: rounded(most.ulp) }
}

/** Bit patterns first, first + 1 …, each `step` apart. */
function fill(x: Float32Array, first: number, step: number): void {
  const bits = new Uint32Array(x.buffer)
  for (let i = 0; i < bits.length; i++) bits[i] = Math.floor((first + i) * step)
}

/** |got − want| in units of the last place of the f32 nearest to `want`. */
export function error(got: number, want: number): number {
  const nearest = Math.fround(want)
  if (Object.is(got, nearest) || (got === 0 && nearest === 0)) return got === want ? 0 : distance(got, want)
  if (!Number.isFinite(got) || !Number.isFinite(nearest)) return Number.POSITIVE_INFINITY
  return distance(got, want)
}
function distance(got: number, want: number): number {
  if (!Number.isFinite(got)) return 0
  const exponent = want === 0 ? -126 : Math.floor(Math.log2(Math.abs(want)))
  return Math.abs(got - want) / 2 ** (Math.max(exponent, -126) - 23)
}
