/**
 * Segments by a limit: of a loop, the tapes and the carries that are kept for segments, of segments of segments too, in at most so many bytes.
 * Each level of segments is one more run forward, so there are as few as may be, and then as long as may be.
 * Invariant: deterministic; fewer bytes, no fewer levels. Segments that divide the loop evenly are preferred, since others need copies and code.
 * May not: count what else lives beside tapes; that is the plan's.
 */
import type { LoopPair } from './loop-pairs.ts'
import { declared, type Segments } from './loop-segments.ts'

/** Levels of segments: so many halve 64 steps to one. */
const LEVELS = 6
/** Levels of which all ways are searched; of more, that of the fewest bytes is taken. */
const SEARCHED = 3
/** Times longer that segments have to be that leave a rest. */
const UNEVEN = 1.15
/** Lengths tried beside divisors: all to the first, then each so many times the one before. */
const ALL = 32
const STEP = 1.2

export interface Division {
  /** Iterations of a segment, of a segment of that, and so on. */
  readonly every: readonly number[]
  readonly bytes: number
}

/** Stateful: it remembers how the segments that it chose are divided in turn. */
export function limitedTo(bytes: number): Segments {
  const inside = new Map<string, number | undefined>()
  return (pair) => {
    const { tapeBytes, carryBytes, maker } = pair
    const { length } = maker.loop
    const key = (n: number): string => `${n} of ${tapeBytes}`
    if (inside.has(key(length))) return inside.get(key(length))
    if (length < 2 || length * tapeBytes <= bytes) return declared(pair)
    const { every } = divisionOf(length, { tape: tapeBytes, carry: carryBytes }, bytes)
    every.forEach((n, i) => {
      inside.set(key(n), every[i + 1])
    })
    return every[0]
  }
}

/** For one iteration. */
interface Bytes {
  readonly tape: number
  readonly carry: number
}

/** With the fewest levels that do, and then the longest segments; where none does, with the fewest bytes. */
export function divisionOf(length: number, bytes: Bytes, limit: number): Division {
  const search: Search = { ...bytes, known: new Map() }
  const all = [{ every: [], bytes: length * bytes.tape }, ...levelsOf(search, length)]
  const least = all.find((d) => d.bytes <= limit) ?? all.at(-1)!
  const levels = least.every.length
  return levels <= SEARCHED ? (longest(search, length, levels, limit) ?? least) : least
}

/** The fewest bytes with one level more each, as long as they fall. */
function levelsOf(search: Search, length: number): readonly Division[] {
  const all: Division[] = []
  for (let levels = 1; levels <= LEVELS; levels++) {
    const next = smallest(search, length, levels)
    if (next.bytes >= (all.at(-1)?.bytes ?? length * search.tape)) break
    all.push(next)
  }
  return all
}

/** Of the loop with the longest tape: limits at which one level more begins to do, falling. */
export function limitsOf(pairs: readonly LoopPair[]): readonly number[] {
  const tape = ({ tapeBytes, maker }: LoopPair): number => tapeBytes * maker.loop.length
  const [first] = pairs.filter((p) => p.maker.loop.length > 1).toSorted((a, b) => tape(b) - tape(a))
  if (!first) return []
  const search = { tape: first.tapeBytes, carry: first.carryBytes, known: new Map() }
  return levelsOf(search, first.maker.loop.length).map((d) => d.bytes)
}

interface Search extends Bytes {
  readonly known: Map<string, Division>
}

/** Starts of segments beside what one segment takes, or what is left after the last, if that is more. */
function smallest(s: Search, length: number, levels: number): Division {
  if (levels === 0 || length === 1) return { every: [], bytes: length * s.tape }
  const key = `${length} ${levels}`
  let best = s.known.get(key)
  if (best) return best
  for (const [every, segments, rest] of cutsOf(length)) {
    const inner = smallest(s, every, levels - 1)
    const bytes = segments * s.carry + Math.max(inner.bytes, rest * s.tape)
    if (bytes < (best?.bytes ?? Number.POSITIVE_INFINITY)) best = { every: [every, ...inner.every], bytes }
  }
  s.known.set(key, best!)
  return best!
}

/** The longest innermost segments: the fewest to begin, and the most work in each. */
function longest(s: Search, length: number, levels: number, limit: number): Division | undefined {
  if (levels === 0) return length * s.tape <= limit ? { every: [], bytes: length * s.tape } : undefined
  let best: Division | undefined
  let most = 0
  for (const [every, segments, rest] of cutsOf(length)) {
    const left = limit - segments * s.carry
    if (rest * s.tape > left || smallest(s, every, levels - 1).bytes > left) continue
    const inner = longest(s, every, levels - 1, left)
    if (!inner) continue
    const own = (inner.every.at(-1) ?? every) / (rest > 0 ? UNEVEN : 1)
    if (own <= most) continue
    most = own
    best = { every: [every, ...inner.every], bytes: segments * s.carry + Math.max(inner.bytes, rest * s.tape) }
  }
  return best
}

/** Lengths of segments worth trying, divisors and some between, with the number of segments and what is left. */
function cutsOf(length: number): readonly (readonly [every: number, segments: number, rest: number])[] {
  const found = new Set<number>()
  for (let k = 1; k * k <= length; k++)
    if (length % k === 0) for (const n of [k, length / k]) if (n < length) found.add(n)
  for (let n = 2; n < length; n = n < ALL ? n + 1 : n * STEP) found.add(Math.floor(n))
  return [...found].sort((a, b) => a - b).map((n) => [n, Math.floor(length / n), length % n])
}
