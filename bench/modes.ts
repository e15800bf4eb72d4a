/**
 * bench modes: is the direction that the planner picks for a full Jacobian the faster one, and are its predictions right?
 * Invariant: forward, reverse and auto are the same request on the same data, run in turns on one worker.
 * May not: tell the planner what was measured.
 */
import { compile, f32, glorotUniform, jacobian, type Mode, program, type Value } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { type Benchmark, type Row, rounded, type Times } from './bench.ts'
import { interleave } from './interleave.ts'

interface ByMode<T> {
  readonly forward: T
  readonly reverse: T
  readonly auto: T
}
interface ModesRow extends Row {
  readonly inputs: number
  readonly outputs: number
  readonly chosen: string
  /** Measured. */
  readonly winner: 'forward' | 'reverse'
  /** The chosen direction is the winner, or within 1.2x of it. */
  readonly pickedWinner: boolean
  /** Milliseconds. */
  readonly predicted: ByMode<number>
  readonly ms: ByMode<number>
  readonly times: ByMode<Times>
}

/** Widths of a chain of dense layers with tanh; 'elementwise' is tanh of a scaled input, of any width. */
type Case = readonly number[] | { readonly elementwise: number; readonly depth: number }

const cases: readonly Case[] = [
  [16, 16],
  [256, 256],
  [1024, 1024],
  [4096, 16],
  [16, 4096],
  [2048, 256],
  [256, 2048],
  [64, 64, 64, 64, 64],
  [256, 256, 256, 256],
  [512, 512, 512],
  [1024, 512, 16],
  [1024, 256, 64, 16],
  [4096, 256, 16],
  [512, 128, 64],
  [16, 512, 1024],
  [16, 64, 256, 1024],
  [16, 256, 4096],
  [64, 128, 512],
  [256, 16, 256],
  [1024, 16, 1024],
  [1024, 32, 256],
  [256, 32, 1024],
  [64, 1024, 64],
  { elementwise: 16, depth: 4 },
  { elementwise: 1024, depth: 1 },
  { elementwise: 2048, depth: 4 },
]
const quickCases: readonly Case[] = [[16, 16], [32, 16], [16, 8, 32], { elementwise: 16, depth: 2 }]

export const modes: Benchmark<ModesRow> = {
  name: 'modes',
  question: 'full Jacobians: is the direction that auto chooses the faster one?',
  async *rows({ quick }) {
    for (const one of quick ? quickCases : cases)
      yield await measure(one, quick ? { rounds: 2, slice: 2 } : { rounds: 9, slice: 25 })
  },
  heading: `${'case'.padEnd(22)} ${'predicted ms'.padStart(21)} ${'measured ms'.padStart(30)}   chosen    winner\n${' '.repeat(22)} ${'forward'.padStart(10)} ${'reverse'.padStart(10)} ${'forward'.padStart(10)} ${'reverse'.padStart(9)} ${'auto'.padStart(9)}`,
  line: (r) => {
    const numbers = [r.predicted.forward, r.predicted.reverse, r.ms.forward, r.ms.reverse, r.ms.auto]
    const cells = numbers.map((x) => x.toPrecision(3).padStart(10)).join('')
    return `${r.case.padEnd(22)} ${cells}   ${r.chosen.padEnd(9)} ${r.winner.padEnd(9)}${r.pickedWinner ? '' : ' ← slower'}`
  },
  summary: (rows) => {
    const picked = rows.filter((r) => r.pickedWinner).length
    const ratios = rows
      .flatMap((r) => [r.ms.forward / r.predicted.forward, r.ms.reverse / r.predicted.reverse])
      .sort((a, b) => a - b)
    const [low, middle, high] = [0.05, 0.5, 0.95].map((q) =>
      ratios[Math.round(q * (ratios.length - 1))]!.toPrecision(2),
    )
    return `${picked} of ${rows.length} picked the faster direction (ties within 1.2x count) · measured/predicted median ${middle}, 5–95 %: ${low}–${high}`
  },
}

function declare(one: Case) {
  const chain = 'elementwise' in one
  const widths = chain ? [one.elementwise] : one
  const layers = chain ? [] : widths.slice(1)
  const state: { [name: string]: Value } = chain
    ? { w: f32(one.elementwise).init(glorotUniform()) }
    : Object.fromEntries(layers.map((n, i) => [`w${i}`, f32(widths[i]!, n).init(glorotUniform())]))
  const p = program({
    name: chain ? `elementwise ${one.elementwise}` : widths.join('→'),
    inputs: { x: f32(widths[0]!) },
    state,
    outputs: (v) => {
      let y = v['x']!
      if (chain) for (let i = 0; i < one.depth; i++) y = op.tanh(op.mul(y, v['w']!))
      for (const name of layers.keys()) y = op.tanh(op.matmul(y, v[`w${name}`]!))
      return { y }
    },
  })
  return { p, inputs: widths[0]!, outputs: widths.at(-1)! }
}

async function measure(one: Case, rounds: { readonly rounds: number; readonly slice: number }): Promise<ModesRow> {
  const { p, inputs, outputs } = declare(one)
  const backend = wasm({ threads: 1, v8Flags: true })
  const load = (mode: Mode) => compile(jacobian(p, { of: 'y', wrt: 'x', mode }), { backend, seed: 1 })
  const exe = { forward: await load('forward'), reverse: await load('reverse'), auto: await load('auto') }
  const x = Float32Array.from({ length: inputs }, (_, i) => Math.sin(i))
  const run = (mode: keyof typeof exe) => () => void exe[mode].runSync({ x }, { views: true })
  const times = interleave({ forward: run('forward'), reverse: run('reverse'), auto: run('auto') }, rounds)
  const { chosen, candidates } = exe.auto.plan.orders['dy_dx']!
  const ms = { forward: times.forward.median, reverse: times.reverse.median, auto: times.auto.median }
  const winner = ms.forward <= ms.reverse ? 'forward' : 'reverse'
  const priceOf = (name: string): number => candidates.find((c) => c.name === name)!.predictedMs
  await Promise.all(Object.values(exe).map((e) => e.close()))
  return {
    bench: 'modes',
    case: p.name,
    inputs,
    outputs,
    chosen,
    winner,
    pickedWinner: rounded(ms[chosen as 'forward' | 'reverse']) <= 1.2 * ms[winner],
    predicted: { forward: priceOf('forward'), reverse: priceOf('reverse'), auto: priceOf(chosen) },
    ms,
    times,
  }
}
