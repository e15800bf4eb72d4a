/**
 * Ways through one block: which of its values to hold from the way there to the way back; what is missing then is computed again when it is
 * asked for. All subsets of few values, and of many those that a few orders of worth build up one by one.
 * Invariant: bytes and costs are those of the lists that it names. They count what the block computes, not the values it begins from: the
 * end of the block before, and on the way back the beginning and the gradient of the block after. May not: see beyond the block.
 */
import type { Block } from './blocks.ts'
import type { RematGraph } from './remat-graph.ts'

export interface Way {
  /** Bytes while it goes there, or all but its end does, while the rest runs, and while it comes back, with what comes from the block after. */
  readonly there: number
  readonly inner: number
  readonly held: number
  readonly back: number
  /** Of what is computed again on the way back. */
  readonly cost: number
  /** The way back, in order. */
  readonly order: readonly number[]
}

export interface BlockWays {
  /** The way there holding nothing but its end: needed nodes, what going there again costs, the most bytes. */
  readonly pass: readonly number[]
  readonly passCost: number
  readonly passBytes: number
  /** None another of which is better in everything. */
  readonly ways: readonly Way[]
}

/** Values of which all subsets are looked at. */
const FEW = 8
/** Ways of a block that are kept. */
const MOST = 100

interface Context {
  readonly graph: RematGraph
  readonly block: Block
  readonly users: readonly (readonly number[])[]
  readonly small: readonly boolean[]
  /** The end of the way there, where another block begins; and the gradient that comes from it. */
  readonly end: number | undefined
  readonly gradient: number | undefined
}

export function waysOf(c: Context): BlockWays {
  const { graph, block, users, small, end } = c
  const { nodes } = graph
  const back = new Set(block.back)
  const own = new Set(block.there)
  const again = block.there.filter((i) => !small[i] && users[i]!.length > 0)
  const pass = again.filter((i) => i === end || leadsTo(c, i, own))
  // What may be held: values of the way there that the way back reads, or that those are made of.
  const wanted = neededBack(c, back, own).filter((i) => i !== end)
  const ways = choices(c, wanted).flatMap((held) => [wayOf(c, held, false), wayOf(c, held, true)])
  return {
    pass,
    passCost: again.reduce((sum, i) => sum + nodes[i]!.cost, 0),
    passBytes: peakOf(c, pass, new Set(end === undefined ? [] : [end])),
    ways: undominated(ways),
  }
}

/** On the way there, it leads to the end. */
function leadsTo({ users, end }: Context, i: number, own: ReadonlySet<number>): boolean {
  if (end === undefined) return false
  const seen = new Set([i])
  for (const at of seen) for (const u of users[at]!) if (own.has(u)) seen.add(u)
  return seen.has(end)
}

function neededBack({ graph, small }: Context, back: ReadonlySet<number>, own: ReadonlySet<number>): number[] {
  const seen = new Set<number>()
  for (const b of back) for (const d of graph.nodes[b]!.deps) if (own.has(d) && !small[d]) seen.add(d)
  for (const i of seen) for (const d of graph.nodes[i]!.deps) if (own.has(d) && !small[d]) seen.add(d)
  return [...seen].sort((a, b) => a - b)
}

function choices({ graph }: Context, wanted: readonly number[]): readonly ReadonlySet<number>[] {
  if (wanted.length <= FEW)
    return Array.from({ length: 2 ** wanted.length }, (_, bits) => new Set(wanted.filter((_, k) => bits & (1 << k))))
  const worth =
    (power: number) =>
    (i: number): number => {
      const { cost, bytes } = graph.nodes[i]!
      return cost / Math.max(1, bytes) ** power
    }
  const orders = [worth(1), worth(0.5), worth(0), (i: number) => -i, (i: number) => i]
  return orders.flatMap((by) => {
    const sorted = wanted.toSorted((a, b) => by(b) - by(a) || a - b)
    return [...sorted.keys(), sorted.length].map((count) => new Set(sorted.slice(0, count)))
  })
}

/** `lean`: what is computed again is let go at once. */
function wayOf(c: Context, held: ReadonlySet<number>, lean: boolean): Way {
  const { graph, block, end, gradient, small } = c
  const { nodes } = graph
  const own = new Set(block.there)
  const there = new Set([...held, ...(end === undefined ? [] : [end])])
  const available = new Set([...there, ...(gradient === undefined ? [] : [gradient])])
  const order: number[] = []
  for (const b of block.back) {
    if (lean) for (const i of available) if (own.has(i) && !there.has(i)) available.delete(i)
    const stack = [b]
    while (stack.length > 0) {
      const top = stack.at(-1)!
      const missing = nodes[top]!.deps.find((d) => own.has(d) && !small[d] && !available.has(d))
      if (missing !== undefined) {
        stack.push(missing)
        continue
      }
      stack.pop()
      if (available.has(top)) continue
      available.add(top)
      order.push(top)
    }
  }
  const bytes = (set: Iterable<number>): number => [...set].reduce((sum, i) => sum + nodes[i]!.bytes, 0)
  return {
    there: peakOf(c, block.there, there),
    inner: peakOf(c, end === undefined ? block.there : block.there.slice(0, -1), there),
    held: bytes(there),
    back: peakOf(c, order, new Set(order.slice(-1)), [...there, ...(gradient === undefined ? [] : [gradient])]),
    cost: order.reduce((sum, i) => sum + (own.has(i) ? nodes[i]!.cost : 0), 0),
    order,
  }
}

/** The most bytes of a list of nodes, run in order after `first`; what is in `stays`, and results, stay to its end. */
function peakOf(
  { graph, users, small }: Context,
  list: readonly number[],
  stays: ReadonlySet<number>,
  first: readonly number[] = [],
): number {
  const { nodes } = graph
  // Of each copy of a value, the place in the list where it is read last.
  const copy = new Map<number, number>()
  const [value, born, last]: [number[], number[], number[]] = [[], [], []]
  const add = (i: number, at: number): void => {
    copy.set(i, value.push(i) - 1)
    born.push(at)
    last.push(at)
  }
  for (const i of first) add(i, -1)
  for (const [at, i] of list.entries()) {
    for (const d of nodes[i]!.deps) if (copy.has(d)) last[copy.get(d)!] = at
    add(i, at)
  }
  for (const [i, k] of copy) if (stays.has(i) || users[i]!.length === 0) last[k] = list.length
  const change = new Float64Array(list.length + 2)
  for (const [k, i] of value.entries()) {
    // What is there before, and never read, is gone.
    if (small[i] || last[k]! < 0) continue
    change[Math.max(0, born[k]!)]! += nodes[i]!.bytes
    change[last[k]! + 1]! -= nodes[i]!.bytes
  }
  let [alive, most] = [0, 0]
  for (const bytes of change) {
    alive += bytes
    most = Math.max(most, alive)
  }
  return most
}

function undominated(ways: readonly Way[]): readonly Way[] {
  const out: Way[] = []
  for (const w of ways.toSorted((a, b) => a.cost - b.cost || a.held - b.held || a.back - b.back || a.there - b.there))
    if (!out.some((o) => o.held <= w.held && o.back <= w.back && o.there <= w.there)) out.push(w)
  const stride = Math.ceil(out.length / MOST)
  return stride <= 1 ? out : out.filter((_, k) => k % stride === 0 || k === out.length - 1)
}
