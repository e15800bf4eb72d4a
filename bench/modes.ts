/**
 * bench modes: is the direction that the planner picks for a full Jacobian the faster one, and are its predictions right?
 * Invariant: forward, reverse and auto are the same request on the same data, run in turns on one worker.
 * May not: tell the planner what was measured.
 */
import { compile, jacobian, type Mode } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import { type Benchmark, quantile, rounded } from './bench.ts'
import { interleave } from './interleave.ts'
import { declare, type ModeCase, type ModesRow, modeCases, quickCases } from './mode-cases.ts'
import { picture } from './modes-svg.ts'

export const modes: Benchmark<ModesRow> = {
  name: 'modes',
  question: 'full Jacobians: is the direction that auto chooses the faster one?',
  async *rows({ quick }) {
    for (const one of quick ? quickCases : modeCases)
      yield await measure(one, quick ? { rounds: 2, slice: 2 } : { rounds: 9, slice: 25 })
  },
  heading: `${'case'.padEnd(44)} ${'predicted ms'.padStart(21)} ${'measured ms'.padStart(30)}   chosen    winner\n${' '.repeat(44)} ${'forward'.padStart(10)} ${'reverse'.padStart(10)} ${'forward'.padStart(10)} ${'reverse'.padStart(9)} ${'auto'.padStart(9)}`,
  line: (r) => {
    const numbers = [r.predicted.forward, r.predicted.reverse, r.ms.forward, r.ms.reverse, r.ms.auto]
    const cells = numbers.map((x) => x.toPrecision(3).padStart(10)).join('')
    return `${r.case.padEnd(44)} ${cells}   ${r.chosen.padEnd(9)} ${r.winner.padEnd(9)}${r.pickedWinner ? '' : ' ← slower'}`
  },
  summary: (rows) => {
    const share = (of: readonly ModesRow[]): string =>
      `${of.length} of ${rows.length} (${((100 * of.length) / rows.length).toFixed(0)} %)`
    const picked = rows.filter((r) => r.pickedWinner)
    const close = rows.filter((r) => r.ratioWithin2)
    const faster = rows.filter((r) => r.ms.auto * 1.2 < r.ms[r.winner]).length
    const ratios = rows.flatMap((r) => [r.ms.forward / r.predicted.forward, r.ms.reverse / r.predicted.reverse])
    const [low, middle, high] = [0.05, 0.5, 0.95].map((q) => quantile(ratios, q).toPrecision(2))
    return [
      `picked the faster direction, or better: ${share(picked)} (ties within 1.2x count), ≥ ${100 * PICKED} %: ${picked.length >= PICKED * rows.length}; faster than both by 1.2x: ${faster}`,
      `predicted forward : reverse within 2x of the measured: ${share(close)}, ≥ ${100 * CLOSE} %: ${close.length >= CLOSE * rows.length}`,
      `measured/predicted median ${middle}, 5–95 %: ${low}–${high}`,
    ].join('\n')
  },
  picture,
}

/** Shares of the cases that are promised. */
const PICKED = 0.95
const CLOSE = 0.9

/** Measured forward : reverse over predicted. */
const ratioError = ({ ms, predicted }: Pick<ModesRow, 'ms' | 'predicted'>): number =>
  ms.forward / ms.reverse / (predicted.forward / predicted.reverse)

async function measure(one: ModeCase, rounds: { readonly rounds: number; readonly slice: number }): Promise<ModesRow> {
  const { p, inputs } = declare(one)
  const backend = wasm({ threads: 1, v8Flags: true })
  const load = (mode: Mode) => compile(jacobian(p, { of: 'y', wrt: 'x', mode }), { backend, seed: 1 })
  const exe = { forward: await load('forward'), reverse: await load('reverse'), auto: await load('auto') }
  const x = Float32Array.from({ length: inputs }, (_, i) => Math.sin(i))
  const run = (mode: keyof typeof exe) => () => void exe[mode].runSync({ x }, { views: true })
  const times = interleave({ forward: run('forward'), reverse: run('reverse'), auto: run('auto') }, rounds)
  const { chosen, candidates } = exe.auto.plan.orders['dy_dx']!
  const outputs = exe.auto.plan.outputs.find((o) => o.name === 'y')!.shape.reduce((n, d) => n * d, 1)
  const ms = { forward: times.forward.median, reverse: times.reverse.median, auto: times.auto.median }
  const winner = ms.forward <= ms.reverse ? 'forward' : 'reverse'
  // Where auto takes a global order, its plan is that order's plan, and so is its time.
  const taken = chosen === 'forward' || chosen === 'reverse' ? ms[chosen] : ms.auto
  const priceOf = (name: string): number => candidates.find((c) => c.name === name)!.predictedMs
  await Promise.all(Object.values(exe).map((e) => e.close()))
  const predicted = { forward: priceOf('forward'), reverse: priceOf('reverse'), auto: priceOf(chosen) }
  return {
    bench: 'modes',
    case: p.name,
    inputs,
    outputs,
    chosen,
    winner,
    pickedWinner: rounded(taken) <= 1.2 * ms[winner],
    ratioWithin2: Math.abs(Math.log2(ratioError({ ms, predicted }))) <= 1,
    predicted,
    ms,
    times,
  }
}
