/**
 * Times the Jacobian of a task for many examples: forward, reverse and the order that the planner chooses, in turns.
 * Invariant: all run on the same points, on one worker, long enough to be timed, and agree.
 */
import { compile, jacobian, type Mode, vmap } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import { quantile, type Row, rounded, type Times } from '../bench.ts'
import { inRounds, medianBounds } from '../interleave.ts'
import { pointsOf, type Task } from './tasks/index.ts'

const orders = ['forward', 'reverse', 'auto'] as const
type Timed = (typeof orders)[number]

export interface TaskRow extends Row {
  /** Kind of the order chosen. */
  readonly kind: string
  /** Multiplications and divisions of one example, function included, where they were priced. */
  readonly multiplications: { readonly [order: string]: number }
  /** The better of forward and reverse over the chosen: the median over rounds; and at least, with a confidence of 95 %. */
  readonly gain: number
  readonly gainAtLeast: number
  /** What the latter may be at least. */
  readonly bar: number
  readonly met: boolean
  /** Largest difference between any two orders, relative to the largest entry. */
  readonly apart: number
  readonly examples: number
  readonly ms: { readonly [order in Timed]: Times }
}

/** An order chosen is no slower than the better global one by more than 1.1 ×, and their Jacobians agree to so much. */
const BAR = rounded(1 / 1.1)
const AGREE = 1e-10

/** So many examples that the fastest takes at least a millisecond: by the elements of all their Jacobians. */
const ELEMENTS = 2 ** 22
const MOST = 2 ** 16

export async function measureTask(task: Task, quick: boolean): Promise<TaskRow> {
  const examples = quick ? 8 : examplesOf(task)
  const backend = wasm({ threads: 1, v8Flags: true })
  const load = (mode: Mode) =>
    compile(vmap(jacobian(task.program, { of: 'y', wrt: 'x', mode }), { over: 'x', size: examples }), { backend })
  const exe = { forward: await load('forward'), reverse: await load('reverse'), auto: await load('auto') }
  const x = pointsOf(task, examples)
  const run = (order: Timed) => exe[order].runSync({ x }, { views: true }).dy_dx
  const values = orders.map((order) => Float64Array.from(run(order)))
  const [report] = Object.values(exe.auto.plan.orders)
  const { times: ms, medians } = inRounds(
    { forward: () => void run('forward'), reverse: () => void run('reverse'), auto: () => void run('auto') },
    quick ? { rounds: 2, slice: 2 } : { rounds: 25, slice: 20 },
  )
  await Promise.all(Object.values(exe).map((e) => e.close()))
  const better = ms.forward.median < ms.reverse.median ? medians.forward : medians.reverse
  const gains = medians.auto.map((auto, round) => better[round]! / auto)
  const gainAtLeast = rounded(medianBounds(gains).low)
  const furthest = rounded(apart(values))
  return {
    ...{ bench: 'elimination', case: task.name, kind: report!.chosen, examples, ms },
    multiplications: Object.fromEntries(
      report!.candidates.map((c) => [c.name, Math.round(c.multiplications / examples)]),
    ),
    ...{ gain: rounded(quantile(gains, 0.5)), gainAtLeast, bar: BAR, apart: furthest },
    met: gainAtLeast >= BAR && furthest <= AGREE,
  }
}

/** Columns as of the graphs: multiplications, and times faster than the better of forward and reverse. */
export function taskLine(r: TaskRow): string {
  const count = (order: string): string => String(r.multiplications[order] ?? '').padStart(10)
  const counts = `${count('forward')}${count('reverse')}${''.padStart(10)}${count(r.kind)}`
  const faster = `${r.gain.toFixed(2)} × faster (at least ${r.gainAtLeast.toFixed(2)})`
  return `${r.case.padEnd(24)}${counts}  ${r.met} ${r.kind}, ${faster}, ${r.ms.auto.median} ms for ${r.examples}`
}

export function tasksSummary(rows: readonly TaskRow[]): string {
  const met = rows.filter((r) => r.met).length
  const gains = rows.map((r) => r.gain)
  const agree = Math.max(...rows.map((r) => r.apart))
  return `tasks: ${met} of ${rows.length} surely within 1.1 × of the better of forward and reverse, median ${quantile(gains, 0.5).toFixed(2)} × faster; orders agree to ${agree.toExponential(0)}`
}

function examplesOf({ program: { inputs, graph } }: Task): number {
  const [n] = inputs.x.shape as [number]
  const [m] = graph.outputs[0]!.node.shape as [number]
  return Math.min(MOST, 2 ** Math.floor(Math.log2(ELEMENTS / (n * m))))
}

function apart([first, ...others]: readonly Float64Array[]): number {
  const largest = first!.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  const differences = others.map((o) => o.reduce((most, v, i) => Math.max(most, Math.abs(v - first![i]!)), 0))
  return Math.max(...differences) / largest
}
