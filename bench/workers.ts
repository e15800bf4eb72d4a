/**
 * bench workers: what a second worker gains, what more workers than cores cost, and what workers do to the rest of the process.
 * Invariant: wall time; one, two and twice as many workers as cores take turns on the same program and data. Before each case the machine itself is
 * asked: two threads that only spin. Where they do not scale, neither can anything else, and the row says so.
 * May not: judge a machine that is busy with something else.
 */

import { availableParallelism } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { compile, f32, program } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { type Benchmark, type Row, rounded, type Times } from './bench.ts'
import { cotangent, type Ready } from './compare/cotangent.ts'
import { workloads } from './compare/workloads.ts'
import { interleave } from './interleave.ts'

interface WorkersRow extends Row {
  /** By number of workers; one figure under another name where workers are not what is compared. */
  readonly ms: { readonly [workers: string]: Times | number }
  /** One worker's time over two workers'. */
  readonly speedup?: number
  /** Time of twice as many workers as cores over that of as many as cores. */
  readonly crowded?: number
  /** How much faster two threads spin than one. */
  readonly spin?: number
  readonly bar: string
  readonly met: boolean | 'skipped: the machine does not scale'
}

const SCALES = 1.9
const CROWDED = 1.2

export const workers: Benchmark<WorkersRow> = {
  name: 'workers',
  question: 'what do two workers gain over one, and what do workers do to the process they serve?',
  async *rows({ quick }) {
    const rounds = quick ? { rounds: 1, slice: 1 } : { rounds: 9, slice: 120 }
    const cases = workloads(quick).filter(
      (w) => w.name === (quick ? 'product 8' : 'product 1024') || w.kind === 'lenet',
    )
    for (const { name, kind, data } of cases)
      yield await scaling(name, kind === 'lenet' ? 1.6 : 1.8, (threads) => cotangent(kind, data(), threads), rounds)
    const n = quick ? 1000 : 2 ** 16
    yield await scaling(`exp chain of ${n}`, 1.6, (threads) => expChain(n, threads), rounds)
    yield await delay(quick)
    yield await idle(quick)
  },
  heading: `${'case'.padEnd(34)}${'1'.padStart(9)}${'2'.padStart(9)}${'speedup'.padStart(9)}${'crowded'.padStart(9)}${'spin'.padStart(7)}  bar`,
  line: (r) => {
    const figure = (t: Times | number | undefined): string =>
      (t === undefined ? '' : (typeof t === 'number' ? t : t.median).toPrecision(3)).padStart(9)
    const [first, second] = Object.values(r.ms)
    const rest = [r.speedup, r.crowded].map((x) => (x?.toFixed(2) ?? '').padStart(9)).join('')
    return `${r.case.padEnd(34)}${figure(first)}${figure(second)}${rest}${(r.spin?.toFixed(2) ?? '').padStart(7)}  ${r.bar}: ${r.met}`
  },
  summary: (rows) => {
    const judged = rows.filter((r) => typeof r.met === 'boolean')
    return `${judged.filter((r) => r.met).length} of ${judged.length} within their bar, ${rows.length - judged.length} skipped`
  },
}

async function scaling(
  name: string,
  bar: number,
  make: (threads: number) => Promise<Ready>,
  rounds: { readonly rounds: number; readonly slice: number },
): Promise<WorkersRow> {
  const many = 2 * availableParallelism()
  const [one, two, crowd] = [await make(1), await make(2), await make(many)]
  const spin = rounded(await spinScale(rounds.rounds > 1 ? 150 : 1))
  const ms = interleave({ one: () => void one.run(), two: () => void two.run(), crowd: () => void crowd.run() }, rounds)
  const speedup = rounded(ms.one.median / ms.two.median)
  const crowded = rounded(ms.crowd.median / ms.two.median)
  return {
    bench: 'workers',
    case: name,
    ms: { 1: ms.one, 2: ms.two, [many]: ms.crowd },
    ...{ speedup, crowded, spin },
    bar: `≥ ${bar} ×, crowded ≤ ${CROWDED} ×`,
    met: spin < SCALES ? 'skipped: the machine does not scale' : speedup >= bar && crowded <= CROWDED,
  }
}

/** Eight exponentials, each of the last, over an array that stays in the second cache. */
async function expChain(n: number, threads: number): Promise<Ready> {
  const p = program({
    inputs: { x: f32(n) },
    outputs({ x }) {
      let y = x
      for (let i = 0; i < 8; i++) y = op.exp(op.neg(y))
      return { y }
    },
  })
  const exe = await compile(p, { backend: wasm({ threads, v8Flags: true }) })
  exe.inputs.x.set(Float32Array.from({ length: n }, (_, i) => Math.sin(i)))
  return { run: () => void exe.runSync(exe.inputs, { views: true }), outputs: () => ({}) }
}

const spinner = `
const { parentPort, workerData } = require('node:worker_threads')
const spin = (n) => { let x = 1; for (let i = 0; i < n; i++) x = Math.imul(x, 1664525) + 1013904223; return x }
spin(1e6)
parentPort.on('message', (n) => { const began = process.hrtime.bigint(); spin(n); parentPort.postMessage(Number(process.hrtime.bigint() - began) / 1e6) })
`
/** Twice the time of one thread over that of two at once, each the best of five: what the machine can do while it is otherwise as busy as it is. */
async function spinScale(ms: number): Promise<number> {
  const threads = [0, 1].map(() => new Worker(spinner, { eval: true }))
  const spin = (thread: Worker, n: number): Promise<number> =>
    new Promise((resolve) => {
      thread.once('message', resolve)
      thread.postMessage(n)
    })
  const n = Math.ceil((ms * 1e6) / (await spin(threads[0]!, 1e6)))
  let [alone, both] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let i = 0; i < 5; i++) {
    alone = Math.min(alone, await spin(threads[0]!, n))
    both = Math.min(both, Math.max(...(await Promise.all(threads.map((t) => spin(t, n))))))
  }
  await Promise.all(threads.map((t) => t.terminate()))
  return (2 * alone) / both
}

/** Milliseconds that 99 of 100 turns of the event loop are late by: while nothing runs, and while a long run does. */
async function delay(quick: boolean): Promise<WorkersRow> {
  const n = quick ? 16 : 1024
  const data = workloads(false)[0]!.data
  const p = program({ inputs: { a: f32(n, n) }, outputs: ({ a }) => ({ c: op.matmul(a, op.matmul(a, a)) }) })
  const exe = await compile(p, { backend: wasm({ threads: Math.max(1, availableParallelism() - 1), v8Flags: true }) })
  exe.inputs.a.set(data()['a']!.data.subarray(0, n * n))
  const p99 = async (during: () => Promise<unknown>): Promise<number> => {
    const lateness = monitorEventLoopDelay({ resolution: 1 })
    lateness.enable()
    const end = performance.now() + (quick ? 10 : 2000)
    do await during()
    while (performance.now() < end)
    lateness.disable()
    return rounded(lateness.percentile(99) / 1e6)
  }
  await exe.run(exe.inputs)
  const quiet = await p99(() => sleep(5))
  const running = await p99(() => exe.run(exe.inputs))
  await exe.close()
  return {
    bench: 'workers',
    case: 'event-loop delay, p99: idle, running',
    ms: { idle: quiet, running },
    bar: '≤ idle + 5 ms',
    met: running <= quiet + 5,
  }
}

/** Processor time of a second in which workers wait for the next run. */
async function idle(quick: boolean): Promise<WorkersRow> {
  const exe = await compile(program({ inputs: { x: f32(64) }, outputs: ({ x }) => ({ y: op.exp(x) }) }), {
    backend: wasm({ threads: 2 }),
  })
  await exe.run(exe.inputs)
  await sleep(quick ? 10 : 200)
  const before = process.cpuUsage()
  await sleep(quick ? 10 : 1000)
  const { user, system } = process.cpuUsage(before)
  await exe.close()
  const ms = rounded((user + system) / 1e3)
  return { bench: 'workers', case: 'processor time of an idle second', ms: { idle: ms }, bar: '≤ 10 ms', met: ms <= 10 }
}
