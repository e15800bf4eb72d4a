/**
 * Hard placement problems with a known optimum: a full rectangle of steps × bytes, cut at random, side to side, again and again.
 * Invariant: the same seed gives the same problem; every step is full, so the optimum is the height and no placement wastes a byte.
 */
import type { Block } from 'cotangent'

export interface Cutting {
  readonly blocks: readonly Block[]
  readonly optimum: number
}

interface Piece {
  readonly first: number
  readonly last: number
  readonly low: number
  readonly high: number
}

/** A linear congruential generator: numbers in [0, 1). */
export function random(seed: number): () => number {
  let x = seed >>> 0
  return () => {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0
    return x / 2 ** 32
  }
}

/** `count` pieces of `steps` × `units` · 64 bytes, shuffled; `dropped` of them are left out afterwards, which leaves slack but one full step. */
export function cutting(seed: number, count: number, steps: number, units: number, dropped = 0): Cutting {
  const next = random(seed)
  const pieces: Piece[] = [{ first: 0, last: steps - 1, low: 0, high: units }]
  while (pieces.length < count) {
    const at = largest(pieces)
    pieces.splice(at, 1, ...cut(pieces[at]!, next))
  }
  const full = Math.floor(next() * steps)
  const spare = pieces.filter((p) => p.first > full || p.last < full).slice(0, dropped)
  const kept = pieces.filter((p) => !spare.includes(p))
  const shuffled = kept.map((p) => ({ p, key: next() })).sort((a, b) => a.key - b.key)
  const blocks = shuffled.map(({ p }, id) => ({ id, size: 64 * (p.high - p.low), first: p.first, last: p.last }))
  return { blocks, optimum: 64 * units }
}

const area = (p: Piece): number => (p.last + 1 - p.first) * (p.high - p.low)
const largest = (pieces: readonly Piece[]): number =>
  pieces.reduce((best, p, i) => (area(p) > area(pieces[best]!) ? i : best), 0)

/** In two, along time or along bytes, where it is long enough. */
function cut(p: Piece, next: () => number): Piece[] {
  const steps = p.last + 1 - p.first
  const units = p.high - p.low
  const alongTime = units < 2 || (steps > 1 && next() < 0.5)
  const at = 0.2 + 0.6 * next()
  if (alongTime) {
    const last = p.first + Math.min(steps - 1, Math.max(1, Math.round(at * steps))) - 1
    return [
      { ...p, last },
      { ...p, first: last + 1 },
    ]
  }
  const low = p.low + Math.min(units - 1, Math.max(1, Math.round(at * units)))
  return [
    { ...p, high: low },
    { ...p, low },
  ]
}
