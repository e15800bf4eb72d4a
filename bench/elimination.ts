/**
 * bench elimination: how many multiplications does the search save over forward, reverse and Markowitz, and over published orders; and how much
 * faster are Jacobians of scientific programs than forward and reverse?
 * Invariant: `chosen` is the worst of the seeds. Graphs made by others come from ../shared/data; without that folder, only seeded random ones.
 * May not: give the search more than its 2 seconds.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eliminationGraph, eliminationOrder } from 'cotangent'
import { type Benchmark, quantile, type Row, rounded, type Times } from './bench.ts'
import { type ChainRow, chainLine, chainRows } from './elimination/chains.ts'
import { measureTask, type TaskRow, taskLine, tasksSummary } from './elimination/measure.ts'
import { tasks } from './elimination/tasks/index.ts'
import { randomElimination } from './random-elimination.ts'

type Published = { readonly [order: string]: number }

interface EliminationRow extends Row {
  readonly forward: number
  readonly reverse: number
  readonly markowitz: number
  readonly chosen: number
  readonly published?: Published
  /** What each seed found. */
  readonly seeds: { readonly [seed: string]: number }
  /** No order takes fewer multiplications, so far as a proof went; `proven`: the best order found takes no more. */
  readonly bound: number
  readonly proven: boolean
  /** Some seed ran out of time before its budget. */
  readonly truncated: boolean
  /** `chosen` at most, where something is promised; with it, that the counts are the published ones, and no seed took longer than it may. */
  readonly bar?: number
  readonly met: boolean
  readonly ms: Times
}
interface Case {
  readonly name: string
  readonly document: { readonly published?: Published }
}

const SEEDS = [1, 2, 3]
const SECONDS = 2
/** Milliseconds that a search may need beyond them to end. */
const GRACE = 100
/** Multiplications at most: of the published graphs, no more than by the reinforcement learning of AlphaGrad. */
const bars: { readonly [graph: string]: number } = { RoeFlux_1d: 300, RobotArm_6DOF: 221, HumanHeartDipole: 148 }
/** Sets of eliminated vertices to look at for a proof. */
const PROOF = 600

export const elimination: Benchmark<EliminationRow | ChainRow | TaskRow> = {
  name: 'elimination',
  question: 'how many multiplications does the search for an elimination order save, and how much time?',
  async *rows({ quick }) {
    for (const one of quick ? random([20]) : [...published(), ...random([60, 120, 250, 500])])
      yield measure(one, quick ? 2_000 : 300_000)
    yield* chainRows(quick)
    for (const task of quick ? tasks.slice(0, 1) : tasks) yield await measureTask(task, quick)
  },
  heading: `${'case'.padEnd(24)}${['forward', 'reverse', 'markowitz', 'chosen'].map((h) => h.padStart(10)).join('')}  best published  bound   seconds`,
  line: (r) => ('examples' in r ? taskLine(r) : 'factors' in r ? chainLine(r) : graphLine(r)),
  summary: (all) => {
    const rows = all.filter((r) => 'seeds' in r)
    const known = rows.filter((r) => r.published)
    const good = known.filter((r) => r.chosen <= Math.min(...Object.values(r.published!))).length
    const saved = rows.map((r) => Math.min(r.forward, r.reverse, r.markowitz) / r.chosen)
    const others = known.length
      ? `${good} of ${known.length} at least as good as published`
      : 'no graphs in ../shared/data'
    const graphs = `${others} · best of forward, reverse, Markowitz over chosen: median ${quantile(saved, 0.5).toFixed(2)} · worst of seeds ${SEEDS.join(', ')}`
    const met = all.filter((r) => r.met).length
    return `${graphs}\n${tasksSummary(all.filter((r) => 'examples' in r))}\n${met} of ${all.length} cases reach all of their bars`
  },
}

function graphLine(r: EliminationRow): string {
  const counts = [r.forward, r.reverse, r.markowitz, r.chosen].map((n) => String(n).padStart(10)).join('')
  const best = r.published ? String(Math.min(...Object.values(r.published))) : ''
  const bound = `${r.proven ? '=' : '≥'} ${r.bound}`
  const seconds = (r.ms.median / 1000).toFixed(2)
  return `${r.case.padEnd(24)}${counts}${best.padStart(16)}${bound.padStart(7)}${seconds.padStart(10)}${r.truncated ? ' (cut short)' : ''}  ${r.met}${r.bar === undefined ? '' : ` (≤ ${r.bar})`}`
}

function published(): Case[] {
  const folder = join(import.meta.dirname, '../../shared/data/elimination')
  if (!existsSync(folder)) return []
  const files = readdirSync(folder).filter((f) => f.endsWith('.json'))
  return files.map((f) => ({ name: f.slice(0, -5), document: JSON.parse(readFileSync(join(folder, f), 'utf8')) }))
}

function random(sizes: readonly number[]): Case[] {
  return sizes.map((n) => ({ name: `random ${n}`, document: randomElimination(n, 8, n) as Case['document'] }))
}

function measure({ name, document }: Case, evaluations: number): EliminationRow {
  const graph = eliminationGraph(document)
  const runs = SEEDS.map((seed) => {
    const began = performance.now()
    const expired = () => performance.now() - began > 1000 * SECONDS
    const found = eliminationOrder(graph, { seed, evaluations, proof: PROOF, expired })
    return { seed, found, ms: performance.now() - began }
  })
  const { forward, reverse, markowitz } = runs[0]!.found
  const chosen = Math.max(...runs.map(({ found }) => found.chosen))
  const bar = bars[name]
  const counts: Published = { forward, reverse, markowitz }
  const same = Object.entries(counts).every(([order, n]) => n === (document.published?.[order] ?? n))
  const inTime = runs.every(({ ms }) => ms <= 1000 * SECONDS + GRACE)
  const [median, p25, p75] = [0.5, 0.25, 0.75].map((q) =>
    rounded(
      quantile(
        runs.map(({ ms }) => ms),
        q,
      ),
    ),
  )
  return {
    ...{ bench: 'elimination', case: name, forward, reverse, markowitz },
    ...{ chosen, met: chosen <= (bar ?? chosen) && same && inTime },
    ...(bar !== undefined && { bar }),
    ...(document.published && { published: document.published }),
    seeds: Object.fromEntries(runs.map(({ seed, found }) => [seed, found.chosen])),
    bound: Math.max(...runs.map(({ found }) => found.bound)),
    proven: runs.some(({ found }) => found.proven),
    truncated: runs.some(({ found }) => found.truncated),
    ms: { median: median!, p25: p25!, p75: p75!, runs: runs.length },
  }
}
