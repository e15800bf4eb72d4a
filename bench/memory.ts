/**
 * bench memory: how close does placement come to the lower bound, and how long does it search?
 * Invariant: every figure is a peak that was placed; `ms` is one run, cheap orders included, of one core. Instances made by others
 * come from ../shared/data; without that folder there are only rectangles cut at random, whose optimum is known, and models.
 * May not: give the search more nodes than `nodes`.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Block, parseBuffers, place, plan } from 'cotangent'
import { type Benchmark, type Row, rounded } from './bench.ts'
import { cutting } from './memory/cuttings.ts'
import { type Model, mobilenets, models, opResults } from './memory/models.ts'

interface MemoryRow extends Row {
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

/** Capacity, and what the published search visits below it. */
const instances: readonly (readonly [file: string, capacity: number, published?: number])[] = [
  ['A', 1_048_576, 116_412],
  ['B', 1_048_576, 102_692],
  ['C', 1_048_576, 30_642],
  ['D', 1_048_576, 11_582],
  ['E', 1_048_576, 154_625],
  ['F', 1_048_576, 52_454],
  ['C', 1_039_360],
  ['D', 1_042_432],
]
const NODES = 1_000_000

export const memory: Benchmark<MemoryRow> = {
  name: 'memory',
  question: 'placement: how close to the lower bound, after how long a search?',
  async *rows({ quick }) {
    if (!quick) yield* published()
    for (const count of quick ? [40] : [80, 120, 160, 240])
      for (const dropped of quick ? [0] : [0, Math.round(count / 20)]) yield cut(count, dropped)
    for (const which of [1, 2] as const) yield ops(which)
    for (const model of quick ? models(true) : [...mobilenets, ...models(false)]) yield planned(model)
  },
  heading: `${'case'.padEnd(26)}${['naive', 'bound', 'peak', 'above'].map((h) => h.padStart(13)).join('')}     nodes        ms`,
  line: (r) => {
    const bytes = [r.naive, r.bound, r.peak].map((n) => n.toLocaleString('en-US').padStart(13)).join('')
    const above = `${(100 * (r.peak / r.bound - 1)).toFixed(2)} %`.padStart(13)
    const notes = [
      ...(r.capacity > 0 ? [r.fits ? 'fits' : `misses ${r.capacity}`] : []),
      ...(r.published === undefined ? [] : [`published search: ${r.published}`]),
      ...(r.declared === undefined ? [] : [`declared order: ${r.declared.toLocaleString('en-US')}`]),
    ]
    return `${r.case.padEnd(26)}${bytes}${above}${String(r.nodes).padStart(10)}${String(r.ms).padStart(10)}  ${notes.join(', ')}`
  },
  summary: (rows) => {
    const asked = rows.filter((r) => r.capacity > 0)
    const free = rows.filter((r) => r.capacity === 0)
    const worst = Math.max(...free.map((r) => r.peak / r.bound))
    return `${asked.filter((r) => r.fits).length} of ${asked.length} capacities reached in ${rounded(asked.reduce((n, r) => n + r.ms, 0))} ms · without one, peak / bound at most ${worst.toFixed(4)}`
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
  for (const [file, capacity, count] of instances) {
    const { blocks } = parseBuffers(readFileSync(join(folder, `${file}.1048576.csv`), 'utf8'))
    const row = placed(`${file} in ${capacity}`, blocks, capacity)
    const same = count && place(blocks, { strategy: 'exact', published: true, capacity, nodes: 10 * count }).nodes
    yield { ...row, ...(same && { published: same }) }
  }
}

function cut(count: number, dropped: number): MemoryRow {
  const problems = [1, 2, 3, 4, 5].map((seed) => cutting(seed, count, 1000, 2000, dropped))
  const rows = problems.map(({ blocks, optimum }) => placed('', blocks, optimum))
  const worst = rows.reduce((a, b) => (b.peak > a.peak ? b : a))
  const [nodes, ms] = [rows.reduce((n, r) => n + r.nodes, 0), rounded(rows.reduce((n, r) => n + r.ms, 0))]
  return { ...worst, case: `5 × ${count} cut, ${dropped} left out`, fits: rows.every((r) => r.fits), nodes, ms }
}

/** The results of a network's ops, each in memory of its own: what is published for MobileNets. */
function ops(which: 1 | 2): MemoryRow {
  const results = opResults(which)
  const blocks = results.map(([elements, until], i): Block => {
    return { id: i, size: 4 * elements, first: i, last: Math.min(results.length - 1, i + until) }
  })
  return placed(`ops of MobileNet v${which}`, blocks, 0)
}

function planned({ name, program }: Model): MemoryRow {
  const declared = plan(program(), { reorder: false }).memory.peak
  const began = performance.now()
  const { peak, bound, proven, naive } = plan(program()).memory
  const ms = rounded(performance.now() - began)
  return {
    ...{ bench: 'memory', case: `plan of ${name}`, peak, bound, proven, capacity: 0, fits: true },
    ...{ nodes: 0, declared, naive, ms },
  }
}
