/**
 * Graphs that fold at articulation points: pairs of a value a and a gradient g, such that whatever is computed between them reads nothing older
 * than a, and of it only g is read afterwards. Between two pairs lies a block: a part of the way there and a part of the way back.
 * Invariant: pairs are nested, the outermost first; block k goes from a of pair k to a of the next, and back from the next g to its own.
 * Values under a thousandth of the largest are no obstacle: they stay. May not: choose what to compute again.
 */
import type { RematGraph } from './remat-graph.ts'

export interface Block {
  /** Nodes on the way there; the last of them is where the next block begins. */
  readonly there: readonly number[]
  /** Nodes on the way back; the last of them is all that is read of the block afterwards. */
  readonly back: readonly number[]
}

/** Of a node that stays wherever it is computed. */
export const isSmall = ({ nodes }: RematGraph): readonly boolean[] => {
  const largest = nodes.reduce((most, n) => Math.max(most, n.bytes), 0)
  return nodes.map((n) => n.bytes * 1000 < largest)
}

/** Nodes above which pairs are not looked for: it takes the square of them. */
const MOST = 4000

/** Neighbours taken together as long as they have at most so many nodes on the way there. */
export function together(blocks: readonly Block[], most: number): readonly Block[] {
  const out: Block[] = []
  for (const block of blocks) {
    const before = out.at(-1)
    if (before === undefined || before.there.length + block.there.length > most) out.push(block)
    else out[out.length - 1] = { there: [...before.there, ...block.there], back: [...block.back, ...before.back] }
  }
  return out
}

/** Two blocks at least, or undefined. */
export function blocksOf(graph: RematGraph): readonly Block[] | undefined {
  const { nodes } = graph
  if (nodes.length > MOST) return undefined
  const pairs = pairsOf(graph)
  if (pairs.length < 1) return undefined
  const range = (from: number, to: number): number[] =>
    Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)
  const all = [{ a: -1, g: nodes.length - 1 }, ...pairs]
  return all.map(({ a, g }, k): Block => {
    const next = all[k + 1]
    if (next) return { there: range(a + 1, next.a), back: range(next.g + 1, g) }
    const turn = turnOf(graph, a, g)
    return { there: range(a + 1, turn), back: range(turn + 1, g) }
  })
}

interface Pair {
  readonly a: number
  readonly g: number
}

function pairsOf(graph: RematGraph): readonly Pair[] {
  const { nodes } = graph
  const small = isSmall(graph)
  const last = nodes.map((_, i) => i)
  const oldest = nodes.map((_, i) => i)
  for (const [i, { deps }] of nodes.entries())
    for (const d of deps) {
      if (small[d]) continue
      last[d] = i
      oldest[i] = Math.min(oldest[i]!, d)
    }
  const found: Pair[] = []
  let limit = nodes.length - 1
  for (let a = 0; a < limit; a++) {
    if (small[a]) continue
    let [g, reach] = [-1, a]
    for (let at = a + 1; at < limit && oldest[at]! >= a; at++) {
      if (reach <= at) g = at
      reach = Math.max(reach, last[at]!)
    }
    // Neighbours that close together are one.
    if (g <= a + 1 || !nodes[g]!.deps.some((d) => d > a)) continue
    found.push({ a, g })
    limit = g
  }
  return found
}

/** The node after which most bytes between a and g are still to be read. */
function turnOf({ nodes }: RematGraph, a: number, g: number): number {
  const change = new Float64Array(g - a + 2)
  const last = nodes.map((_, i) => i)
  for (let i = a + 1; i <= g; i++) for (const d of nodes[i]!.deps) last[d] = i
  for (let i = a + 1; i <= g; i++) {
    change[i - a]! += nodes[i]!.bytes
    change[Math.min(g + 1, last[i]! + 1) - a]! -= nodes[i]!.bytes
  }
  let [bytes, most, turn] = [0, -1, a + 1]
  for (let i = a + 1; i < g; i++) {
    bytes += change[i - a]!
    if (bytes > most) [most, turn] = [bytes, i]
  }
  return turn
}
