/**
 * `cotangent bench`: a Jacobian of a model, forward, reverse and as the planner chooses: predicted, and measured in turns.
 * Invariant: all three run on the same values, round after round, so that a machine that slows down slows all of them.
 * May not: tell the planner what was measured.
 */
import { compile, type Executable } from '../backends/compile.ts'
import { wasm } from '../backends/wasm/index.ts'
import { badOption } from '../core/errors.ts'
import type { DType } from '../core/ir.ts'
import type { AnyProgram } from '../core/program.ts'
import { count } from '../core/shape.ts'
import { type Derivative, derivative, jacobianOf } from './explain.ts'
import type { Model } from './model.ts'
import { writeProfile } from './profile.ts'
import { bar, compiling } from './progress.ts'

export interface BenchFlags extends Derivative {
  readonly sizes?: { readonly [name: string]: number }
  readonly threads: number | 'auto'
  readonly rounds: number
  readonly json?: true
  readonly profile?: string
}
const modes = ['forward', 'reverse', 'auto'] as const
type ByMode<T> = { readonly [mode in (typeof modes)[number]]: T }

/** Milliseconds that a mode gets in a round; it runs once at least. */
const SLICE = 50

export async function bench(model: Model, flags: BenchFlags): Promise<string> {
  const asked = derivative(flags)
  if (asked === undefined) throw badOption('bench', 'without --of and --wrt', 'say of what, by what')
  const p = model.program('infer')
  const backend = wasm({ threads: flags.threads, v8Flags: true })
  const load = (mode: (typeof modes)[number], profile = false): Promise<Executable> =>
    compile(jacobianOf(p, asked, mode), {
      ...{ backend, profile },
      onProgress: compiling(),
      ...(flags.sizes && { sizes: flags.sizes }),
    }) as Promise<Executable>
  const exe = { forward: await load('forward'), reverse: await load('reverse'), auto: await load('auto') }
  const ms = measure(exe, flags.rounds)
  const name = `d${asked.of}_d${asked.wrt[0]}`
  const row = report(p, asked, exe, ms, exe.auto.plan.orders[name]?.chosen ?? 'auto')
  await Promise.all(modes.map((mode) => exe[mode].close()))
  if (flags.profile !== undefined) await profiled(await load('auto', true), flags.rounds, flags.profile)
  return flags.json ? JSON.stringify(row) : table(row)
}

/** Other code than was measured: it writes down when each step starts and ends. */
async function profiled(exe: Executable, runs: number, file: string): Promise<void> {
  const inputs = feeds(exe)
  for (let run = 0; run < runs; run++) exe.runSync(inputs as never)
  await writeProfile(file, exe.profile())
  await exe.close()
}

/** Values of moderate size, the same for every mode. */
function feeds(exe: Executable): { readonly [name: string]: number[] } {
  const value: Readonly<Record<DType, (i: number) => number>> = {
    f32: Math.sin,
    f64: Math.sin,
    i32: () => 0,
    u8: (i) => i % 256,
    bool: (i) => i % 2,
  }
  return Object.fromEntries(
    exe.plan.inputs.map(({ name, dtype, shape }) => [
      name,
      Array.from({ length: count(shape) }, (_, i) => value[dtype](i + 1)),
    ]),
  )
}

/** Medians over rounds of a round's median. */
function measure(exe: ByMode<Executable>, rounds: number): ByMode<number> {
  const inputs = feeds(exe.auto)
  const run = (mode: (typeof modes)[number]) => exe[mode].runSync(exe[mode].inputs as never, { views: true })
  for (const mode of modes) exe[mode].runSync(inputs as never, { views: true })
  const medians: { [mode in (typeof modes)[number]]: number[] } = { forward: [], reverse: [], auto: [] }
  const progress = bar('measuring', rounds)
  for (let round = 0; round < rounds; round++) {
    for (const mode of modes) {
      const times: number[] = []
      const end = performance.now() + SLICE
      do {
        const started = performance.now()
        run(mode)
        times.push(performance.now() - started)
      } while (performance.now() < end)
      medians[mode].push(median(times))
    }
    progress.update(round + 1)
  }
  progress.stop()
  const figure = (mode: (typeof modes)[number]): number => rounded(median(medians[mode]))
  return { forward: figure('forward'), reverse: figure('reverse'), auto: figure('auto') }
}
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
const rounded = (x: number): number => Number(x.toPrecision(4))

interface BenchRow {
  readonly bench: 'modes'
  readonly case: string
  /** Values of all that is differentiated by, and of what is differentiated. */
  readonly inputs: number
  readonly outputs: number
  readonly chosen: string
  readonly winner: 'forward' | 'reverse'
  /** What was chosen is the faster direction, or within 1.2x of it. */
  readonly pickedWinner: boolean
  readonly predicted: ByMode<number>
  readonly ms: ByMode<number>
}

function report(
  p: AnyProgram,
  { of, wrt }: Required<Derivative>,
  exe: ByMode<Executable>,
  ms: ByMode<number>,
  chosen: string,
): BenchRow {
  const { plan } = exe.auto
  const sizeOf = (name: string): number => {
    const port = [...plan.inputs, ...plan.state, ...plan.outputs].find((x) => x.name === name)
    return port ? count(port.shape) : 0
  }
  const winner = ms.forward <= ms.reverse ? 'forward' : 'reverse'
  return {
    bench: 'modes',
    case: `d${of}_d${wrt.join(',')} of ${p.name}`,
    inputs: wrt.reduce((n, name) => n + sizeOf(name), 0),
    outputs: sizeOf(of),
    chosen,
    winner,
    pickedWinner: ms.auto <= 1.2 * ms[winner],
    predicted: {
      forward: exe.forward.plan.cost.predictedMs,
      reverse: exe.reverse.plan.cost.predictedMs,
      auto: plan.cost.predictedMs,
    },
    ms,
  }
}

function table(row: BenchRow): string {
  const line = (mode: (typeof modes)[number]): string =>
    `${(mode === 'auto' ? `auto (${row.chosen})` : mode).padEnd(18)}${String(row.predicted[mode]).padStart(14)}${String(row.ms[mode]).padStart(14)}`
  return [
    `${row.case}    ${row.inputs} → ${row.outputs} values`,
    `${''.padEnd(18)}${'predicted ms'.padStart(14)}${'measured ms'.padStart(14)}`,
    ...modes.map(line),
    row.pickedWinner ? `auto is as fast as ${row.winner}, or faster` : `auto is slower than ${row.winner}`,
  ].join('\n')
}
