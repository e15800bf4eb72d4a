/**
 * Best-first search over sets of eliminated vertices: what an elimination costs depends on the set that went before, not on its order, so a set is
 * visited once, and the least bound of those not visited yet bounds them all (Hart, Nilsson & Raphael 1968).
 * A vertex that is safe goes first, alone:
 * (a) It costs no more now than ever (elimination-cut.ts); those before it are all inputs, and each vertex after it already has all of these but
 *     one. Inputs never go, and reach whatever the vertex reaches, so eliminating it makes no later row longer: whatever the order, moving the
 *     vertex to the front saves. The same with outputs after it.
 * (b) Of u → v, the only way out of u and the only way into v, neither an output: whichever goes first, the other is left with what is before u
 *     and after v, so it costs the fewer of the two at that time, and nothing else changes. Where that is as few as it can ever be, it goes.
 * Invariant: deterministic; `bound` is never above the optimum; an order that comes back is optimal.
 */
import { type Block, costNow, eliminate } from './elimination-block.ts'
import { leastCosts } from './elimination-cut.ts'

export interface ProofOptions {
  /** Sets to look at. */
  readonly nodes: number
  readonly expired: () => boolean
}
export interface Proof {
  /** No order costs less. */
  readonly bound: number
  /** Present where an order that costs `bound`, less than the one known, was found. */
  readonly order?: readonly number[]
  readonly nodes: number
}

interface State {
  readonly rows: Uint32Array
  readonly left: readonly number[]
  readonly cost: number
  readonly last: number
  readonly before: State | undefined
  /** Least costs of what is left, as far as known: of an earlier set, until this one is looked at. */
  least: Int32Array
  exact: boolean
}

/** `best`: what the order known costs. */
export function prove(block: Block, best: number, { nodes, expired }: ProofOptions): Proof {
  const left = [...block.vertices.keys()]
  const least = leastCosts(block, block.rows, left)
  const root: State = { rows: block.rows, left, cost: 0, last: -1, before: undefined, least, exact: true }
  const open: State[][] = []
  const put = (s: State, bound: number): void => {
    open[bound] ??= []
    open[bound].push(s)
  }
  const known = new Map<string, number>()
  put(root, total(root))
  let looked = 0
  for (let bound = total(root); bound < best; bound++)
    for (let s = open[bound]?.pop(); s; s = open[bound]!.pop()) {
      if (s.left.length === 0) return { bound, order: orderOf(s), nodes: looked }
      if (looked++ >= nodes || expired()) return { bound, nodes: looked }
      if (!s.exact) {
        s.least = leastCosts(block, s.rows, s.left)
        s.exact = true
      }
      if (total(s) > bound) put(s, total(s))
      else for (const next of children(block, s, known)) put(next, Math.max(bound, total(next)))
    }
  return { bound: best, nodes: looked }
}

const total = ({ cost, left, least }: State): number => left.reduce((sum, v) => sum + least[v]!, cost)

function* children(block: Block, s: State, known: Map<string, number>): Generator<State> {
  const alone = s.left.find((v) => isSafe(block, s, v))
  for (const v of alone === undefined ? s.left : [alone]) {
    const left = s.left.filter((u) => u !== v)
    const key = left.join()
    const cost = s.cost + costNow(block, s.rows, v)
    if (cost >= (known.get(key) ?? Number.POSITIVE_INFINITY)) continue
    known.set(key, cost)
    const rows = s.rows.slice()
    eliminate(block, rows, v)
    yield { rows, left, cost, last: v, before: s, least: s.least, exact: false }
  }
}

function isSafe(block: Block, s: State, v: number): boolean {
  const now = costNow(block, s.rows, v)
  const side = block.vertices.length
  return now === s.least[v]! && (atEnds(block, s, v, 0, side) || atEnds(block, s, v, side, 0) || isLink(block, s, v))
}

/** (a): neighbours on one side (rows from `near`) are ends, and neighbours on the other side lack at most one of them. */
function atEnds({ vertices, words }: Block, { rows, left }: State, v: number, near: number, far: number): boolean {
  const count = vertices.length
  const [own, others] = [(near + v) * words, (far + v) * words]
  for (let w = 0; w << 5 < count; w++) if ((rows[own + w]! & inner(w, count)) !== 0) return false
  return left.every((x) => {
    if ((rows[others + (x >> 5)]! & (1 << (x & 31))) === 0) return true
    let lacks = 0
    for (let w = 0; w < words; w++) lacks += ones(rows[own + w]! & ~rows[(near + x) * words + w]!)
    return lacks <= 1
  })
}
/** Bits of vertices in word `w`. */
const inner = (w: number, count: number): number => (count - 32 * w >= 32 ? -1 : (1 << (count - 32 * w)) - 1)

function ones(bits: number): number {
  let n = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) n++
  return n
}

/** (b): v is one of such a pair, and costs no more than the other ever does. */
function isLink({ vertices, words, free }: Block, { rows, left, least }: State, v: number): boolean {
  const count = vertices.length
  const only = (row: number, x: number): boolean => {
    for (let w = 0; w < words; w++)
      if (rows[row * words + w]! !== (w === x >> 5 ? (1 << (x & 31)) >>> 0 : 0)) return false
    return true
  }
  const pair = (u: number, w: number): boolean => free[u] === 0 && free[w] === 0 && only(count + u, w) && only(w, u)
  return left.some((x) => (pair(v, x) || pair(x, v)) && least[v]! <= least[x]!)
}

function orderOf(end: State): number[] {
  const order: number[] = []
  for (let s: State | undefined = end; s?.before; s = s.before) order.push(s.last)
  return order.reverse()
}
