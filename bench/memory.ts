/**
 * bench memory: how close does placement come to the lower bound, and how long does it search?
 * Invariant: every figure is a peak that was placed; `ms` is one run, cheap orders included, of one core. Instances made by others
 * come from ../shared/data; without that folder there are only rectangles cut at random, whose optimum is known, and models.
 * May not: give the search more nodes than `nodes`.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Block, parseBuffers, place, plan } from 'cotangent'
import { type Benchmark, type Judged, judged, type Row, rounded, verdict } from './bench.ts'
import { cutting } from './memory/cuttings.ts'
import { type Model, mobilenets, models, opResults } from './memory/models.ts'

export interface MemoryRow extends Row, Judged {
  readonly peak: number
  readonly bound: number
  readonly proven: boolean
  /** What was asked for; 0: the least. */
  readonly capacity: number
  readonly fits: boolean
  readonly nodes: number
  /** Nodes of the published search, if it was run. */
  readonly published?: number
  /** Of a plan: its arena had kernels run in the declared order. */
  readonly declared?: number
  /** All buffers side by side. */
  readonly naive: number
  readonly ms: number
}

/** Capacity, seconds, and what the published search visits below it. */
const instances: readonly (readonly [file: string, capacity: number, seconds: number, published?: number])[] = [
  ['A', 1_048_576, 2.5, 116_412],
  ['B', 1_048_576, 2.5, 102_692],
  ['C', 1_048_576, 2.5, 30_642],
  ['D', 1_048_576, 2.5, 11_582],
  ['E', 1_048_576, 2.5, 154_625],
  ['F', 1_048_576, 2.5, 52_454],
  ['C', 1_039_360, 30],
  ['D', 1_042_432, 30],
]
/** Seconds for those with published counts. */
const TOGETHER = 6
const NODES = 1_000_000

export const memory: Benchmark<MemoryRow> = {
  name: 'memory',
  question: 'placement: how close to the lower bound, after how long a search?',
  async *rows({ quick }) {
    if (!quick) yield* published()
    for (const count of quick ? [40] : [80, 120, 160, 240])
      for (const dropped of quick ? [0] : [0, Math.round(count / 20)]) yield cut(count, dropped)
    for (const which of [1, 2] as const) yield ops(which)
    if (!quick) for (const model of mobilenets) yield planned(model, true)
    for (const model of models(quick)) yield planned(model, false)
  },
  heading: `${'case'.padEnd(26)}${['naive', 'bound', 'peak', 'above'].map((h) => h.padStart(13)).join('')}     nodes        ms`,
  line: (r) => {
    const bytes = [r.naive, r.bound, r.peak].map((n) => n.toLocaleString('en-US').padStart(13)).join('')
    const above = `${(100 * (r.peak / r.bound - 1)).toFixed(2)} %`.padStart(13)
    const notes = [
      ...(r.capacity > 0 && !r.fits ? [`misses ${r.capacity}`] : []),
      ...(r.published === undefined ? [] : [`published search: ${r.published}`]),
      ...(r.declared === undefined ? [] : [`declared order: ${r.declared.toLocaleString('en-US')}`]),
    ]
    return `${r.case.padEnd(26)}${bytes}${above}${String(r.nodes).padStart(10)}${String(r.ms).padStart(10)}${verdict(r)}${notes.map((n) => `  ${n}`).join('')}`
  },
  summary: (rows) => {
    const asked = rows.filter((r) => r.capacity > 0)
    const free = rows.filter((r) => r.capacity === 0)
    const worst = Math.max(...free.map((r) => r.peak / r.bound))
    return `${asked.filter((r) => r.fits).length} of ${asked.length} capacities reached · without one, peak / bound at most ${worst.toFixed(4)} · ${judged(rows)}`
  },
}

function placed(name: string, blocks: readonly Block[], capacity: number): MemoryRow {
  const began = performance.now()
  const { peak, bound, proven, nodes } = place(blocks, {
    strategy: 'exact',
    nodes: NODES,
    ...(capacity > 0 && { capacity }),
  })
  const ms = rounded(performance.now() - began)
  const naive = blocks.reduce((n, b) => n + b.size, 0)
  const fits = capacity === 0 || peak <= capacity
  return { bench: 'memory', case: name, peak, bound, proven, capacity, fits, nodes, naive, ms }
}

function* published(): Iterable<MemoryRow> {
  const folder = join(import.meta.dirname, '../../shared/data/minimalloc')
  if (!existsSync(folder)) return
  const all: MemoryRow[] = []
  for (const [file, capacity, seconds, count] of instances) {
    const { blocks } = parseBuffers(readFileSync(join(folder, `${file}.1048576.csv`), 'utf8'))
    const row = placed(`${file} in ${capacity}`, blocks, capacity)
    const same = count && place(blocks, { strategy: 'exact', published: true, capacity, nodes: 10 * count }).nodes
    const strict = count === undefined ? '' : `, ${count.toLocaleString('en-US')} nodes as published`
    const met = row.fits && row.ms <= 1000 * seconds && same === count
    const made = { ...row, ...(same && { published: same }), bar: `fits, ≤ ${seconds} s${strict}`, met }
    if (count !== undefined) all.push(made)
    yield made
  }
  const sum = (key: 'peak' | 'bound' | 'naive' | 'nodes' | 'ms' | 'capacity') => all.reduce((n, r) => n + r[key], 0)
  const [ms, fits] = [rounded(sum('ms')), all.every((r) => r.fits)]
  yield {
    ...{ bench: 'memory', case: 'A to F together', peak: sum('peak'), bound: sum('bound'), naive: sum('naive'), ms },
    ...{ proven: all.every((r) => r.proven), capacity: sum('capacity'), fits, nodes: sum('nodes') },
    ...{ bar: `≤ ${TOGETHER} s`, met: fits && ms <= 1000 * TOGETHER },
  }
}

function cut(count: number, dropped: number): MemoryRow {
  const problems = [1, 2, 3, 4, 5].map((seed) => cutting(seed, count, 1000, 2000, dropped))
  const rows = problems.map(({ blocks, optimum }) => placed('', blocks, optimum))
  const worst = rows.reduce((a, b) => (b.peak > a.peak ? b : a))
  const [nodes, ms] = [rows.reduce((n, r) => n + r.nodes, 0), rounded(rows.reduce((n, r) => n + r.ms, 0))]
  const fits = rows.every((r) => r.fits)
  return { ...worst, case: `5 × ${count} cut, ${dropped} left out`, fits, nodes, ms, bar: 'the optimum', met: fits }
}

/** The results of a network's ops, each in memory of its own: what is published for MobileNets. */
function ops(which: 1 | 2): MemoryRow {
  const results = opResults(which)
  const blocks = results.map(([elements, until], i): Block => {
    return { id: i, size: 4 * elements, first: i, last: Math.min(results.length - 1, i + until) }
  })
  const row = placed(`ops of MobileNet v${which}`, blocks, 0)
  return { ...row, bar: 'the bound', met: row.peak === row.bound }
}

/** `least`: at the bound, and not a hundredth above it. */
function planned({ name, program }: Model, least: boolean): MemoryRow {
  const declared = plan(program(), { reorder: false }).memory.peak
  const began = performance.now()
  const { peak, bound, proven, naive } = plan(program()).memory
  const ms = rounded(performance.now() - began)
  return {
    ...{ bench: 'memory', case: `plan of ${name}`, peak, bound, proven, capacity: 0, fits: true },
    ...{ nodes: 0, declared, naive, ms },
    ...(least ? { bar: 'the bound', met: peak === bound } : { bar: '≤ 1.01 × bound', met: peak <= 1.01 * bound }),
  }
}
