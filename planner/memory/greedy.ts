/**
 * Cheap placement: a list of orders, each fitted block by block; the lowest peak wins, and a peak at the lower bound ends
 * the search. Invariant: deterministic (ties by id); a budget of block pairs, never of seconds, limits the quadratic orders.
 * May not: backtrack (that is the exact search's).
 */
import type { Block } from './bound.ts'
import { type Fit, type Fitted, fitInOrder } from './fit.ts'
import { type Direction, fitByTime } from './sweep.ts'

export interface Found extends Fitted {
  /** What found it, for the report. */
  readonly order: string
}

/** Above this many blocks only the near-linear sweeps run. */
const QUADRATIC_LIMIT = 3000
/** Block pairs that promotion may look at, all rounds together: about 0.1 s. */
const PROMOTION_PAIRS = 3e7
const PROMOTION_ROUNDS = 300

type Compare = (a: Block, b: Block) => number
const length = (b: Block): number => b.last - b.first + 1

const orders: readonly { readonly name: string; readonly fit: Fit; readonly by: Compare }[] = [
  { name: 'largest first, best fit', fit: 'best', by: (a, b) => b.size - a.size || length(b) - length(a) },
  { name: 'largest first', fit: 'first', by: (a, b) => b.size - a.size || length(b) - length(a) },
  { name: 'size × lifetime', fit: 'first', by: (a, b) => b.size * length(b) - a.size * length(a) },
  { name: 'longest first', fit: 'first', by: (a, b) => length(b) - length(a) || b.size - a.size },
  { name: 'longest first, best fit', fit: 'best', by: (a, b) => length(b) - length(a) || b.size - a.size },
]
const sweeps: readonly { readonly name: string; readonly fit: Fit; readonly direction: Direction }[] = [
  { name: 'by time', fit: 'first', direction: 'forward' },
  { name: 'by time, best fit', fit: 'best', direction: 'forward' },
  { name: 'by time backward', fit: 'first', direction: 'backward' },
  { name: 'by time backward, best fit', fit: 'best', direction: 'backward' },
]

/** `bound`: a peak that is low enough. */
export function greedy(blocks: readonly Block[], bound: number): Found {
  return promoted(blocks, bound, inOrders(blocks, bound))
}

/** The orders alone. */
export function inOrders(blocks: readonly Block[], bound: number): Found {
  const [simplest, ...others] = sweeps
  let best: Found = { ...fitByTime(blocks, simplest!.fit, simplest!.direction), order: simplest!.name }
  for (const { name, fit, direction } of others) {
    if (best.peak <= bound) return best
    const found = fitByTime(blocks, fit, direction)
    if (found.peak < best.peak) best = { ...found, order: name }
  }
  if (blocks.length > QUADRATIC_LIMIT) return best
  for (const { name, fit, by } of orders) {
    if (best.peak <= bound) return best
    const found = fitInOrder(blocks, sorted(blocks, by), fit, best.peak)
    if (found !== undefined) best = { ...found, order: name }
  }
  return best
}

const sorted = (blocks: readonly Block[], by: Compare): number[] =>
  [...blocks.keys()].sort((a, b) => by(blocks[a]!, blocks[b]!) || blocks[a]!.id - blocks[b]!.id)

/**
 * Squeaky wheel (Joslin & Clements, "Squeaky Wheel Optimization", JAIR 10, 1999): what ended at the peak suffered from its
 * place in the order, so it moves forward, and all are fitted again.
 */
export function promoted(blocks: readonly Block[], bound: number, start: Found): Found {
  if (blocks.length > QUADRATIC_LIMIT) return start
  const rounds = Math.min(PROMOTION_ROUNDS, Math.floor(PROMOTION_PAIRS / blocks.length ** 2))
  let best = start
  const starts = orders.filter((o) => o.fit === 'first')
  for (const { name, by } of starts) {
    const order = sorted(blocks, by)
    for (let round = 0; round < Math.ceil(rounds / starts.length) && best.peak > bound; round++) {
      const found = fitInOrder(blocks, order, 'first', Number.POSITIVE_INFINITY)!
      if (found.peak < best.peak) best = { ...found, order: `${name}, promoted` }
      moveForward(order, (i) => found.offsets[i]! + blocks[i]!.size === found.peak)
    }
  }
  return best
}

/** Those chosen jump half their way to the front, in their order. */
function moveForward(order: number[], chosen: (i: number) => boolean): void {
  for (let at = 0; at < order.length; at++) {
    const i = order[at]!
    if (!chosen(i)) continue
    const to = at >> 1
    order.copyWithin(to + 1, to, at)
    order[to] = i
  }
}
