/**
 * Bytes alive while items run in some order, one item at a time, forward.
 * Invariant: `run` and `undo` are inverse; what an item makes and what it uses are alive together, unless the one takes the other's place.
 * May not: look ahead.
 */
import type { OrderProblem } from './order-problem.ts'

export interface Memory {
  /** Bytes alive between items. */
  alive: number
  /** Uses to come, by buffer; a buffer is alive once begun and until none is left. */
  readonly left: Int32Array
  readonly begun: Uint8Array
}

export const emptyMemory = ({ users }: OrderProblem): Memory => ({
  alive: 0,
  left: Int32Array.from(users),
  begun: new Uint8Array(users.length),
})

/** Bytes alive while item `i` runs, and after it, were it run next. */
export function tried(p: OrderProblem, m: Memory, i: number): readonly [during: number, afterwards: number] {
  let made = 0
  let freed = 0
  for (const b of p.makes[i]!) if (m.begun[b] === 0) made += p.bytes[b]!
  for (const b of p.uses[i]!) if (m.left[b] === 1) freed += p.bytes[b]!
  let shared = 0
  for (const [to, from] of p.reuses[i]!)
    if (m.left[from] === 1 && m.begun[from] === 1 && m.begun[to] === 0) shared += p.bytes[to]!
  return [m.alive + made - shared + p.scratch[i]!, m.alive + made - freed]
}

/** Runs item `i`; gives the bytes alive while it does. */
export function run(p: OrderProblem, m: Memory, i: number): number {
  const [during, afterwards] = tried(p, m, i)
  for (const b of p.makes[i]!) m.begun[b] = 1
  for (const b of p.uses[i]!) m.left[b]!--
  m.alive = afterwards
  return during
}

/** The most bytes alive at once; some number of at least `enough` once that many are. */
export function peakOf(p: OrderProblem, order: readonly number[], enough: number = Number.POSITIVE_INFINITY): number {
  const m = emptyMemory(p)
  let peak = 0
  for (let k = 0; k < order.length && peak < enough; k++) peak = Math.max(peak, run(p, m, order[k]!))
  return peak
}
