/**
 * bench startup: what it takes before the first result.
 * Invariant: processes are started in turns, and their processor time is counted as well as the wall's; the package is used as it is built, so build it
 * first. jax-js is measured where it is installed (see bench peers).
 * COTANGENT_NODES names executables of other versions of Node, with colons between, to start a process with as well.
 * First runs are those of processes that have run nothing yet (first-run.ts).
 * May not: keep anything from one start to the next, but for the row that is about what is kept.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compile, f32, type Node, program } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { type Benchmark, quantile, type Row, rounded, type Times } from './bench.ts'
import { processorTime } from './interleave.ts'

interface StartRow extends Row {
  readonly ms: Times
  /** Of the processor, where it was counted. */
  readonly cpu?: Times
  /** What it is compared with, and how many times that it takes. */
  readonly peer?: { readonly name: string; readonly ms: Times; readonly cpu: Times }
  readonly ratio?: number
  readonly bar?: string
}

const root = join(import.meta.dirname, '..')
const nodes = [process.execPath, ...(process.env['COTANGENT_NODES']?.split(':') ?? [])]

export const startup: Benchmark<StartRow> = {
  name: 'startup',
  question: 'how long until the first result: of a process, of a large graph, of a program planned before?',
  async *rows({ quick }) {
    if (existsSync(join(root, 'dist/index.js'))) for (const node of nodes) yield* firstGradients(quick ? 1 : 15, node)
    yield* firstRuns(quick)
    const n = quick ? 100 : 10_000
    const rounds = quick ? 1 : 3
    const first = await large(n, rounds)
    yield { ...first, bar: '≤ 2000 ms' }
    const double = await large(2 * n, rounds)
    const ratio = rounded(double.cpu!.median / first.cpu!.median)
    yield { ...double, ratio, bar: '≤ 2.4 × half of it' }
    yield await again(n, rounds)
  },
  heading: `${'case'.padEnd(46)}${'ms'.padStart(9)}${'cpu ms'.padStart(9)}${'ratio'.padStart(8)}  bar`,
  line: (r) =>
    `${r.case.padEnd(46)}${r.ms.median.toPrecision(3).padStart(9)}${(r.cpu?.median.toPrecision(3) ?? '').padStart(9)}${(r.ratio?.toFixed(2) ?? '').padStart(8)}  ${r.bar ?? ''}`,
  summary: (rows) => {
    const [first] = rows
    return first?.peer ? `jax-js: ${first.peer.ms.median} ms, ${first.peer.cpu.median} ms of the processor` : ''
  },
}

const times = (values: readonly number[]): Times => ({
  median: rounded(quantile(values, 0.5)),
  p25: rounded(quantile(values, 0.25)),
  p75: rounded(quantile(values, 0.75)),
  runs: values.length,
})

interface Started {
  readonly ms: number
  readonly cpu: number
  readonly value: number
}
function started(node: string, file: string, args: readonly string[]): Started | undefined {
  const path = join(import.meta.dirname, 'compare', file)
  const { stdout, status } = spawnSync(node, [path, ...args], { encoding: 'utf8' })
  return status === 0 ? JSON.parse(stdout) : undefined
}

/** Process start → first gradient of an MLP: of a process that plans, and of one that finds plan and code in a folder. */
function* firstGradients(rounds: number, node: string): Iterable<StartRow> {
  const folder = process.env['COTANGENT_PEERS'] ?? join(import.meta.dirname, 'peers')
  const plans = mkdtempSync(join(tmpdir(), 'cotangent-plans-'))
  started(node, 'first-gradient.mjs', [plans])
  const [ours, kept, peer]: [Started[], Started[], Started[]] = [[], [], []]
  for (let i = 0; i < rounds; i++) {
    ours.push(started(node, 'first-gradient.mjs', [])!)
    kept.push(started(node, 'first-gradient.mjs', [plans])!)
    const other = started(node, 'first-gradient-jax-js.mjs', [folder])
    if (other) peer.push(other)
  }
  rmSync(plans, { recursive: true })
  const [, version] = /^v(\d+\.\d+)/.exec(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout) ?? []
  const suffix = node === process.execPath ? '' : `, Node ${version}`
  for (const [name, own] of [
    [`process start → gradient of 784-128-10${suffix}`, ours],
    [`the same, plan and code kept in a folder${suffix}`, kept],
  ] as const) {
    if (peer[0] && Math.abs(peer[0].value - own[0]!.value) > 1e-5) throw new Error('bench startup: gradients differ')
    yield { bench: 'startup', case: name, ...of(own), ...against(own, peer), bar: '≤ 0.6 × jax-js' }
  }
}

const of = (all: readonly Started[]) => ({ ms: times(all.map((s) => s.ms)), cpu: times(all.map((s) => s.cpu)) })

/** The ratio is that of the processor's time, round by round. */
function against(own: readonly Started[], peer: readonly Started[]): Pick<StartRow, 'peer' | 'ratio'> {
  if (peer.length < own.length) return {}
  const ratio = quantile(
    own.map((s, i) => s.cpu / peer[i]!.cpu),
    0.5,
  )
  return { peer: { name: 'jax-js', ...of(peer) }, ratio: rounded(ratio) }
}

interface FirstRun {
  readonly name: string
  readonly first: { readonly ms: number; readonly cpu: number }
  readonly tenth: { readonly ms: number; readonly cpu: number }
}
/** Medians over processes: the first run of a program, against the tenth. */
function* firstRuns(quick: boolean): Iterable<StartRow> {
  const file = join(import.meta.dirname, 'first-run.ts')
  const args = ['--conditions=cotangent-source', '--import', 'tsx', file, ...(quick ? ['--quick'] : [])]
  const all = Array.from({ length: quick ? 1 : 5 }, (): FirstRun[] => {
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: root })
    if (status !== 0) throw new Error(`bench startup: ${stderr}`)
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  })
  for (const [i, { name }] of all[0]!.entries()) {
    const of = all.map((runs) => runs[i]!)
    yield {
      bench: 'startup',
      case: `first run: ${name}`,
      ms: times(of.map((r) => r.first.ms)),
      cpu: times(of.map((r) => r.first.cpu)),
      ratio: rounded(
        quantile(
          of.map((r) => r.first.ms / r.tenth.ms),
          0.5,
        ),
      ),
      bar: 'of the tenth',
    }
  }
}

/** A chain of `n` operations, every other one with a constant of its own. */
const chain = (n: number) =>
  program({
    inputs: { x: f32(64) },
    outputs({ x }) {
      let y: Node = x
      for (let i = 0; i < n; i++) y = i % 2 ? op.sin(y) : op.mul(y, 1 + i / n)
      return { y }
    },
  })

async function measured(rounds: number, what: () => Promise<void>): Promise<Pick<StartRow, 'ms' | 'cpu'>> {
  const [wall, cpu]: [number[], number[]] = [[], []]
  for (let i = 0; i < rounds; i++) {
    const [began, spent] = [performance.now(), processorTime()]
    await what()
    wall.push(performance.now() - began)
    cpu.push(processorTime() - spent)
  }
  return { ms: times(wall), cpu: times(cpu) }
}

async function large(n: number, rounds: number): Promise<StartRow> {
  const spent = await measured(rounds, async () => {
    const exe = await compile(chain(n), { backend: wasm({ threads: 1 }) })
    exe.runSync(exe.inputs)
    await exe.close()
  })
  return { bench: 'startup', case: `${n.toLocaleString('en')} nodes: declare → first run`, ...spent }
}

/** Declared, found and run again by a backend that has planned it before. */
async function again(n: number, rounds: number): Promise<StartRow> {
  const backend = wasm({ threads: 1 })
  const run = async (): Promise<void> => {
    const exe = await compile(chain(n), { backend })
    exe.runSync(exe.inputs)
    await exe.close()
  }
  await run()
  return { bench: 'startup', case: `${n.toLocaleString('en')} nodes, planned before`, ...(await measured(rounds, run)) }
}
