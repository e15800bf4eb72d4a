/**
 * bench checkpoint: what does it cost to fit a budget, and how much of that is proven to be needed?
 * Invariant: every cost is that of a schedule, every bound is proven; `ms` is one run of one core. Costs are multiples of `once`.
 * May not: give the solver more than 60 seconds, or ask it where nothing is left open.
 */
import { type RematGraph, remat, rematExact, revolve, revolveCost } from 'cotangent'
import { highsSolver } from 'cotangent/backends'
import { type Benchmark, type Judged, judged, type Row, rounded, verdict } from './bench.ts'
import { randomChain, unet, unitChain, vgg19 } from './checkpoint/graphs.ts'
import { heldPeak, keeping } from './checkpoint/keeping.ts'
import { leastAdvances } from './checkpoint/least-advances.ts'

export interface CheckpointRow extends Row, Judged {
  readonly nodes: number
  /** Bytes, or of Revolve: slots. */
  readonly budget: number
  readonly cost: number
  /** The cost of everything once. */
  readonly once: number
  readonly bound: number
  readonly optimal: boolean
  readonly by: string
  /** What is known from elsewhere: the optimum, or the best that was found. */
  readonly known?: number
  readonly ms: number
}

const SECONDS = 60

export const checkpoint: Benchmark<CheckpointRow> = {
  name: 'checkpoint',
  question: 'recomputation: what does a budget of memory cost, and what of that is proven?',
  async *rows({ quick }) {
    for (const [steps, slots] of [[1000, 10], [100_000, 30]] as const) yield loop(steps, slots) // biome-ignore format: a table
    yield loops(quick ? 40 : 200, 12)
    for (const [every, budget, cost] of [[1, 81_723_296, 58_896_187_392], [5, 69_447_584, 72_512_667_648]] as const) // biome-ignore format: a table
      yield kept(every, budget, cost)
    const vgg = solved('VGG19, optimum', vgg19(), 51_380_224, 58_982_891_520)
    yield { ...vgg, bar: `${shown(vgg.known!)}, ≤ 2 s`, met: vgg.cost === vgg.known && vgg.ms <= 2000 }
    for (const [k, [n, slots, known]] of unitChains.entries()) {
      const row = solved(`${n} equal steps`, unitChain(n), slots, known)
      const { cost } = row
      yield {
        ...row,
        ...(k < PROVEN ? { bar: `= ${known}`, met: cost === known } : { bar: `≤ ${known}`, met: cost <= known }),
      }
    }
    if (quick) return
    for (const n of [25, 50, 100, 150]) {
      const graph = randomChain(n)
      yield solved(`chain of ${n}`, graph, Math.floor(least(graph, 1 / 3)))
    }
    for (const [levels, convolutions] of [[1, 2], [2, 1], [3, 1], [3, 2], [4, 2]] as const) // biome-ignore format: a table
      for (const share of [0.8, 0]) yield* branched(levels, convolutions, share)
  },
  heading: `${'case'.padEnd(22)}${'nodes'.padStart(6)}${'budget'.padStart(12)}${'cost'.padStart(10)}${'bound'.padStart(10)}        ms`,
  line: (r) => {
    const [cost, bound] = [r.cost / r.once, r.bound / r.once].map((x) => x.toFixed(4).padStart(10))
    const proof = r.optimal ? 'optimal' : `gap ${(100 * (r.cost / r.bound - 1)).toFixed(2)} %`
    const known = r.known === undefined ? '' : r.cost === r.known ? ', as known' : `, known ${r.known}`
    const budget = r.budget.toLocaleString('en-US').padStart(12)
    return `${r.case.padEnd(22)}${String(r.nodes).padStart(6)}${budget}${cost}${bound}${String(r.ms).padStart(10)}  ${proof}, ${r.by}${known}${verdict(r)}`
  },
  summary: (rows) => {
    const known = rows.filter((r) => r.known !== undefined)
    const open = rows.filter((r) => !r.optimal && r.by !== 'rule')
    const gap = Math.max(0, ...open.map((r) => 100 * (r.cost / r.bound - 1)))
    return `${known.filter((r) => r.cost <= r.known!).length} of ${known.length} known costs reached · all but ${open.length} of ${rows.length} proven optimal, the others within ${gap.toFixed(2)} % · ${judged(rows)}`
  },
}

/** Steps, slots, total cost: the first five are proven elsewhere, the others the best that was found. */
const unitChains: readonly (readonly [steps: number, slots: number, cost: number])[] = [
  [8, 5, 22],
  [8, 6, 21],
  [8, 7, 20],
  [16, 8, 43],
  [16, 10, 41],
  [16, 6, 47],
  [24, 8, 67],
  [32, 10, 89],
]
const PROVEN = 5

const shown = (n: number): string => n.toLocaleString('en-US')

/** Every number of steps and slots up to these, added up. */
function loops(steps: number, slots: number): CheckpointRow {
  const began = performance.now()
  const least = leastAdvances(steps, slots)
  let [once, cost, bound, count, equal] = [0, 0, 0, 0, 0]
  for (let s = 1; s <= slots; s++)
    for (let l = 1; l <= steps; l++) {
      const { cost: own } = loop(l, s)
      once += 2 * l - 1
      cost += own
      bound += l + least[s]![l]!
      count++
      if (own === l + least[s]![l]!) equal++
    }
  return {
    ...{ bench: 'checkpoint', case: `up to ${steps} equal steps`, nodes: steps, budget: slots, once, cost, bound },
    ...{ optimal: equal === count, by: 'revolve', ms: rounded(performance.now() - began) },
    ...{ bar: `the least of dynamic programming, all ${shown(count)}`, met: equal === count },
  }
}

/** VGG19 with every so manieth value kept, as published: nothing leaves early. */
function kept(every: number, budget: number, known: number): CheckpointRow {
  const graph = vgg19()
  const began = performance.now()
  const cost = keeping(graph, every).reduce((sum, i) => sum + graph.nodes[i]!.cost, 0)
  const peak = heldPeak(graph, every)
  const ms = rounded(performance.now() - began)
  const once = graph.nodes.reduce((sum, n) => sum + n.cost, 0)
  const own = { budget: peak, cost, bound: once, optimal: cost === once, by: 'rule', ms, known }
  const made = row(every === 1 ? 'VGG19, all kept' : 'VGG19, every 5th kept', graph, own)
  return { ...made, bar: `${shown(known)} at ${shown(budget)}`, met: cost === known && peak === budget }
}

function loop(steps: number, slots: number): CheckpointRow {
  const began = performance.now()
  let advanced = 0
  for (const action of revolve(steps, slots)) if (action.kind === 'advance') advanced += action.to - action.from
  const ms = rounded(performance.now() - began)
  // Each step runs once forward besides, when it is reversed.
  const [cost, bound] = [steps + advanced, steps + revolveCost(steps, slots)]
  return {
    ...{ bench: 'checkpoint', case: 'loop of equal steps', nodes: steps, budget: slots, once: 2 * steps - 1 },
    ...{ cost, bound, optimal: cost === bound, by: 'revolve', ms },
  }
}

function solved(name: string, graph: RematGraph, budget: number, known?: number): CheckpointRow {
  const began = performance.now()
  const { cost, bound, optimal, by } = remat(graph, budget)
  const ms = rounded(performance.now() - began)
  return row(name, graph, { budget, cost, bound, optimal, by, ms, ...(known !== undefined && { known }) })
}

/** By search, and where that leaves a gap in a small graph, by the solver, which then must not be worse. */
async function* branched(levels: number, convolutions: number, share: number): AsyncIterable<CheckpointRow> {
  const graph = unet(levels, convolutions)
  const name = `U-Net of ${levels} × ${convolutions}`
  const budget = least(graph, share)
  const quick = solved(name, graph, budget)
  // The first way of evicting, with what is superfluous taken back.
  const eviction = remat(graph, budget, { expired: () => true }).cost
  yield { ...quick, bar: 'no dearer than eviction', met: quick.cost <= eviction }
  if (quick.optimal || graph.nodes.length > 24) return
  const began = performance.now()
  const { cost, bound, optimal, by } = await rematExact(graph, budget, await highsSolver(), { seconds: SECONDS })
  const ms = rounded(performance.now() - began)
  const made = row(`${name}, HiGHS`, graph, { budget, cost, bound, optimal, by, ms })
  yield { ...made, bar: `exact where proven in ${SECONDS} s`, met: !optimal || cost <= quick.cost }
}

type Found = Pick<CheckpointRow, 'budget' | 'cost' | 'bound' | 'optimal' | 'by' | 'ms' | 'known'>
function row(name: string, { nodes }: RematGraph, found: Found): CheckpointRow {
  const once = nodes.reduce((sum, n) => sum + n.cost, 0)
  return { bench: 'checkpoint', case: name, nodes: nodes.length, once, ...found }
}

/** `share` of what everything once takes, or the largest working set, if that is more. */
function least(graph: RematGraph, share: number): number {
  const { nodes } = graph
  const whole = remat(graph, Number.MAX_SAFE_INTEGER).peak
  const sets = nodes.map(({ deps }, i) => [...new Set([i, ...deps])].reduce((sum, d) => sum + nodes[d]!.bytes, 0))
  return Math.max(...sets, Math.floor(share * whole))
}
