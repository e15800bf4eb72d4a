/**
 * The best order of few items: dynamic programming over the sets of items that may have been run, as bits.
 * Invariant: the least peak of all orders, or undefined if there is none below `limit` or too many sets to look at.
 * May not: take more than 30 items.
 */
import type { OrderProblem } from './order-problem.ts'

/** Sets looked at, all together: about 0.1 s. */
const SETS = 30_000

interface State {
  readonly peak: number
  readonly alive: number
  readonly item: number
  readonly from: State | undefined
}

export function bestOrder(p: OrderProblem, limit: number): readonly number[] | undefined {
  const masks = masksOf(p)
  let level = new Map<number, State>([[0, { peak: 0, alive: 0, item: -1, from: undefined }]])
  let sets = 0
  for (let k = 0; k < p.uses.length; k++) {
    const next = new Map<number, State>()
    for (const [done, state] of level)
      for (let i = 0; i < p.uses.length; i++) {
        if (done & (1 << i) || (masks.before[i]! & ~done) !== 0) continue
        const { during, alive } = step(p, masks, done, state.alive, i)
        const peak = Math.max(state.peak, during)
        const known = next.get(done | (1 << i))
        if (peak >= limit || (known && known.peak <= peak)) continue
        next.set(done | (1 << i), { peak, alive, item: i, from: state })
      }
    sets += next.size
    if (sets > SETS) return undefined
    level = next
  }
  const order: number[] = []
  for (let s = [...level.values()][0]; s?.from; s = s.from) order.push(s.item)
  return order.length > 0 ? order.reverse() : undefined
}

interface Masks {
  readonly before: Int32Array
  /** By buffer. */
  readonly makers: Int32Array
  readonly users: Int32Array
}

function masksOf(p: OrderProblem): Masks {
  const before = new Int32Array(p.uses.length)
  const makers = new Int32Array(p.bytes.length)
  const users = new Int32Array(p.bytes.length)
  for (const [i, list] of p.after.entries()) for (const j of list) before[j]! |= 1 << i
  for (const [i, list] of p.makes.entries()) for (const b of list) makers[b]! |= 1 << i
  for (const [i, list] of p.uses.entries()) for (const b of list) users[b]! |= 1 << i
  return { before, makers, users }
}

/** As `tried` counts, of sets instead of counters. */
function step(p: OrderProblem, { makers, users }: Masks, done: number, alive: number, i: number) {
  const fresh = (b: number): boolean => (makers[b]! & done) === 0
  // The use that never comes keeps an output.
  const last = (b: number): boolean => (users[b]! & ~done) === 1 << i && p.users[b] === ones(users[b]!)
  let [made, freed, shared] = [0, 0, 0]
  for (const b of p.makes[i]!) if (fresh(b)) made += p.bytes[b]!
  for (const b of p.uses[i]!) if (last(b)) freed += p.bytes[b]!
  for (const [to, from] of p.reuses[i]!) if (last(from) && !fresh(from) && fresh(to)) shared += p.bytes[to]!
  return { during: alive + made - shared + p.scratch[i]!, alive: alive + made - freed }
}

function ones(mask: number): number {
  let n = 0
  for (let m = mask; m !== 0; m &= m - 1) n++
  return n
}
