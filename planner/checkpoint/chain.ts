/**
 * Chains: nodes f₁ … f_n, then gradients g_n … g₁, where g_i needs f_i, g_{i+1} and perhaps f_{i+1}. Which values to keep, and which to compute
 * again from the ones kept, by dynamic programming over stretches of the chain and over memory. A value kept for the right part is used by
 * the left part too, not computed again (Beaumont et al., "Optimal checkpointing for heterogeneous chains", 2019, recompute it).
 * Invariant: the cheapest schedule of all in which a value that is kept stays until its gradient is there, unless a stretch has
 * more ways than are looked at, which are fewer the longer the chain, so that it ends in about a second. O(n³) step functions.
 * May not: round bytes.
 */
import { cheapest, type Option, plus, thinned } from './chain-options.ts'
import type { RematGraph, Schedule } from './remat-graph.ts'

/** Ways × stretches × values kept that are looked at. */
const EFFORT = 2e7
/** Ways that a stretch keeps at most, and at least. */
const [MOST, LEAST] = [4096, 16]

export interface Chain {
  /** Positions of f₁ … f_n, and of g₁ … g_n. A loss is the last f, without a gradient. */
  readonly forward: readonly number[]
  readonly backward: readonly (number | undefined)[]
  /** Whether g_i reads f_{i+1}. */
  readonly reads: readonly boolean[]
}

/** The chain that a graph is, if it is one, of nodes in the order of their computing. */
export function chainOf({ nodes }: RematGraph): Chain | undefined {
  const count = Math.ceil(nodes.length / 2)
  const forward = Array.from({ length: count }, (_, i) => i)
  const lossless = nodes.length % 2 === 0
  const backward = forward.map((i) => (lossless || i < count - 1 ? nodes.length - 1 - i : undefined))
  const reads = forward.map(
    (i) => backward[i] !== undefined && i + 1 < count && nodes[backward[i]!]!.deps.includes(i + 1),
  )
  // A loss that no gradient reads is a result: it stays, which is not counted here.
  if (!lossless && count > 1 && !reads[count - 2]) return undefined
  for (const i of forward) {
    if (!sameSet(nodes[i]!.deps, i > 0 ? [i - 1] : [])) return undefined
    const g = backward[i]
    if (g === undefined) continue
    const next = backward[i + 1]
    if (!sameSet(nodes[g]!.deps, [i, ...(reads[i] ? [i + 1] : []), ...(next === undefined ? [] : [next])]))
      return undefined
  }
  return { forward, backward, reads }
}

const sameSet = (a: readonly number[], b: readonly number[]): boolean =>
  new Set([...a, ...b]).size === b.length && new Set(a).size === b.length

interface Sizes {
  readonly cost: readonly number[]
  readonly bytes: readonly number[]
  readonly gradBytes: readonly number[]
  /** Of f_{i+1}, if g_i reads it; else 0. */
  readonly read: readonly number[]
}

/** The cheapest such schedule within `budget` bytes; undefined if there is none, or none that costs at most `limit`. */
export function chainSchedule(
  graph: RematGraph,
  chain: Chain,
  budget: number,
  limit: number = Number.POSITIVE_INFINITY,
): Schedule | undefined {
  const { nodes } = graph
  const n = chain.forward.length
  const sizes: Sizes = {
    cost: [...chain.forward.map((i) => nodes[i]!.cost), 0],
    bytes: [...chain.forward.map((i) => nodes[i]!.bytes), 0],
    gradBytes: [...chain.backward.map((g) => (g === undefined ? 0 : nodes[g]!.bytes)), 0],
    read: chain.forward.map((i, k) => (chain.reads[k] ? nodes[i + 1]!.bytes : 0)),
  }
  const slack = limit - nodes.reduce((sum, node) => sum + node.cost, 0)
  const table = optionsOf(sizes, n, budget, slack)
  const all = table[0]![n - 1]!
  const best = cheapest(all, budget)
  return best && unrolled(chain, table, best, n, budget, sizes)
}

/**
 * `table[s][e]`: ways to get from f_{s−1}, which is in memory outside the count, and what g_e reads (f_{e+1}, g_{e+1}), which is counted, to g_s: least
 * bytes first, each cheaper than those before. A way: compute f_s … f_k, keep f_k; the stretch k+1 … e; g_k; the stretch s … k−1, which is
 * all computed again. Costs are those of what is computed again, at most `slack`.
 */
function optionsOf(z: Sizes, n: number, budget: number, slack: number): (readonly Option[])[][] {
  const table: (readonly Option[])[][] = Array.from({ length: n + 1 }, () => [])
  const most = Math.max(LEAST, Math.min(MOST, Math.floor((6 * EFFORT) / n ** 3)))
  const at = (s: number, e: number): readonly Option[] => (e < s ? [{ bytes: 0, cost: 0, keep: -1 }] : table[s]![e]!)
  for (let length = 1; length <= n; length++)
    for (let s = 0; s + length <= n; s++) {
      const e = s + length - 1
      const beside = z.read[e]! + z.gradBytes[e + 1]!
      let found: readonly Option[] = []
      let [again, peak] = [0, 0]
      for (let k = s; k <= e && again <= slack; again += z.cost[k++]!) {
        peak = Math.max(peak, (k > s ? z.bytes[k - 1]! : 0) + z.bytes[k]! + beside)
        const gradient = z.bytes[k]! + z.read[k]! + z.gradBytes[k + 1]! + z.gradBytes[k]!
        const least = Math.max(peak, gradient, k === e ? 0 : z.bytes[k]! + beside)
        if (least > budget) continue
        const ways = plus(at(k + 1, e), z.bytes[k]!, at(s, k - 1), least, budget, again, k)
        found = thinned(found, slack === Number.POSITIVE_INFINITY ? ways : ways.filter((w) => w.cost <= slack), most)
      }
      table[s]![e] = found
    }
  return table
}

/** The schedule behind an option: stretches on a stack. */
function unrolled(
  { forward, backward }: Chain,
  table: readonly (readonly (readonly Option[])[])[],
  first: Option,
  n: number,
  budget: number,
  z: Sizes,
): Schedule {
  const out: number[] = []
  const stack: ({ s: number; e: number; bytes: number } | { g: number })[] = [{ s: 0, e: n - 1, bytes: budget }]
  for (let top = stack.pop(); top; top = stack.pop()) {
    if ('g' in top) {
      const g = backward[top.g]
      if (g !== undefined) out.push(g)
      continue
    }
    const { s, e, bytes } = top
    if (e < s) continue
    const { keep } = s === 0 && e === n - 1 ? first : cheapest(table[s]![e]!, bytes)!
    for (let i = s; i <= keep; i++) out.push(forward[i]!)
    stack.push({ s, e: keep - 1, bytes }, { g: keep }, { s: keep + 1, e, bytes: bytes - z.bytes[keep]! })
  }
  return out
}
