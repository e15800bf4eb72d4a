/**
 * Chains of blocks: which values to hold in each block, and which blocks to go through again, by dynamic programming over stretches of blocks
 * and over bytes, as `chain` does for single values. What is held for the way back of a block is used by all that goes before it.
 * Invariant: what it says fits, as far as results are read nowhere else. Of the ways of each block, and of stretches, the cheapest combination
 * unless a stretch has more of them than are kept. May not: know what a block consists of.
 */
import { type BlockWays, waysOf } from './block-ways.ts'
import { type Block, isSmall } from './blocks.ts'
import { cheapest, type Option, plus, thinned } from './chain-options.ts'
import { type RematGraph, type Schedule, usersOf } from './remat-graph.ts'

/** Ways × stretches × decisions that are looked at, and ways that a stretch keeps at most and at least. */
const EFFORT = 2e7
const [MOST, LEAST] = [2048, 16]
/** Decisions: a way of the first block, or, from here on, how many blocks to pass before the next one whose beginning is held. */
const PASS = 1024

interface Chain {
  readonly graph: RematGraph
  readonly blocks: readonly Block[]
  readonly ways: readonly BlockWays[]
  /** Bytes of the value that block k begins from, of the gradient that it leaves, and of results that are there when it goes back. */
  readonly begin: readonly number[]
  readonly left: readonly number[]
  readonly results: readonly number[]
}

/** Undefined where nothing fits. */
export function blockSchedule(graph: RematGraph, blocks: readonly Block[], budget: number): Schedule | undefined {
  const chain = chainOf(graph, blocks)
  const small = isSmall(graph)
  const room = budget - graph.nodes.reduce((sum, n, i) => sum + (small[i] ? n.bytes : 0), 0)
  const table = optionsOf(chain, room)
  const best = cheapest(table[0]![blocks.length - 1]!, room)
  return best && unrolled(chain, table, room)
}

function chainOf(graph: RematGraph, blocks: readonly Block[]): Chain {
  const users = usersOf(graph)
  const small = isSmall(graph)
  const { nodes } = graph
  const size = (i: number | undefined): number => (i === undefined || small[i] ? 0 : nodes[i]!.bytes)
  const results = (list: readonly number[]): number =>
    list.reduce((sum, i) => sum + (users[i]!.length === 0 ? size(i) : 0), 0)
  const forward = blocks.reduce((sum, b) => sum + results(b.there), 0)
  let later = forward
  const sums = blocks.map(() => 0)
  for (let k = blocks.length - 1; k >= 0; k--) {
    sums[k] = later
    later += results(blocks[k]!.back)
  }
  return {
    ...{ graph, blocks },
    ways: blocks.map((block, k) =>
      waysOf({
        ...{ graph, block, users, small },
        end: k + 1 < blocks.length ? block.there.at(-1) : undefined,
        gradient: blocks[k + 1]?.back.at(-1),
      }),
    ),
    begin: blocks.map((_, k) => size(blocks[k - 1]?.there.at(-1))),
    left: blocks.map((b) => size(b.back.at(-1))),
    results: sums,
  }
}

/**
 * `table[s][e]`: ways from the beginning of block s, in memory outside the count, with the beginning and the gradient of block e + 1, which are
 * counted, to the gradient of block s. Costs are those of what is computed again.
 */
function optionsOf(c: Chain, budget: number): (readonly Option[])[][] {
  const n = c.blocks.length
  const table: (readonly Option[])[][] = Array.from({ length: n + 1 }, () => [])
  const widest = c.ways.reduce((most, w) => Math.max(most, w.ways.length), 0)
  const most = Math.max(LEAST, Math.min(MOST, Math.floor((2 * EFFORT) / (n ** 2 * (n + widest)))))
  for (let length = 1; length <= n; length++)
    for (let s = 0; s + length <= n; s++) {
      const e = s + length - 1
      const beside = (c.begin[e + 1] ?? 0) + (c.left[e + 1] ?? 0) + c.results[e]!
      const stretch = { c, table, s, e, beside, budget, most }
      table[s]![e] = passing(stretch, holding(stretch))
    }
  return table
}

/** Blocks `s` to `e`, with what is known of shorter ones. */
interface Stretch {
  readonly c: Chain
  readonly table: readonly (readonly (readonly Option[])[])[]
  readonly s: number
  readonly e: number
  /** Bytes that others hold all the while. */
  readonly beside: number
  readonly budget: number
  /** Options to keep. */
  readonly most: number
}

/** The first block holds some of its values, the rest of the stretch runs, and it goes back. */
function holding({ c, table, s, e, beside, budget, most }: Stretch): readonly Option[] {
  const nothing: readonly Option[] = [{ bytes: 0, cost: 0, keep: -1 }]
  let found: readonly Option[] = []
  for (const [k, way] of c.ways[s]!.ways.entries()) {
    // The end of a block alone is among what lies beside it.
    const least = Math.max((s === e ? way.inner : way.there) + beside, way.back + c.results[s]!)
    if (least > budget) continue
    const rest = s === e ? nothing : table[s + 1]![e]!
    const shift = s === e ? 0 : way.held
    found = thinned(found, plus(rest, shift, nothing, least, budget, way.cost, k), most)
  }
  return found
}

/** Some blocks are passed, the beginning of the next is held; after the rest of the stretch, those passed are gone through again. */
function passing({ c, table, s, e, beside, budget, most }: Stretch, start: readonly Option[]): readonly Option[] {
  let found = start
  let [again, least] = [0, 0]
  for (let k = s + 1; k <= e; k++) {
    const passed = c.ways[k - 1]!
    again += passed.passCost
    least = Math.max(least, (k - 1 > s ? c.begin[k - 1]! : 0) + passed.passBytes + beside)
    if (least > budget) break
    const ways = plus(table[k]![e]!, c.begin[k]!, table[s]![k - 1]!, least, budget, again, PASS + k)
    found = thinned(found, ways, most)
  }
  return found
}

function unrolled(c: Chain, table: readonly (readonly (readonly Option[])[])[], budget: number): Schedule {
  const out: number[] = []
  const done = new Set<number>()
  const small = isSmall(c.graph)
  const users = usersOf(c.graph)
  // What stays once it is there, and results, are computed once.
  const run = (list: readonly number[]): void => {
    for (const i of list) {
      if (done.has(i) && (small[i] || users[i]!.length === 0)) continue
      done.add(i)
      out.push(i)
    }
  }
  type Task = { readonly s: number; readonly e: number; readonly bytes: number } | readonly number[]
  const stack: Task[] = [{ s: 0, e: c.blocks.length - 1, bytes: budget }]
  for (let top = stack.pop(); top; top = stack.pop()) {
    if (!('s' in top)) {
      run(top)
      continue
    }
    const { s, e, bytes } = top
    const { keep } = cheapest(table[s]![e]!, bytes)!
    if (keep >= PASS) {
      const k = keep - PASS
      for (let b = s; b < k; b++) run(done.has(c.blocks[b]!.there[0]!) ? c.ways[b]!.pass : c.blocks[b]!.there)
      stack.push({ s, e: k - 1, bytes }, { s: k, e, bytes: bytes - c.begin[k]! })
      continue
    }
    const way = c.ways[s]!.ways[keep]!
    // The end is there where the block after has been gone through.
    const again = done.has(c.blocks[s]!.there[0]!)
    const end = c.blocks[s]!.there.at(-1)
    run(again && s === e && e + 1 < c.blocks.length ? c.blocks[s]!.there.filter((i) => i !== end) : c.blocks[s]!.there)
    stack.push(way.order)
    if (e > s) stack.push({ s: s + 1, e, bytes: bytes - way.held })
  }
  return out
}
