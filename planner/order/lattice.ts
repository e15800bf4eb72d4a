/**
 * Closed forms: the colour of a column is a linear form of its index, modulo the number of colours. Bands take l + u + 1 colours so, the stencil of
 * five points 5 as (x + 2y) mod 5, that of seven 7. Found by trying, from the fewest colours that any row allows, on the differences between indices
 * that some rows have; a form is then checked on all rows, and where it fails, that row's differences are added.
 * Invariant: two columns that meet in a row differ in colour.
 * May not: try for long: it gives up, and finds nothing.
 */
import { fullest, type Pattern } from '../../core/pattern.ts'
import type { Colouring } from './intersection.ts'

/** Rows looked at first; differences kept; forms tried, times differences; forms checked on all rows. */
const ROWS = 64
const DIFFERENCES = 512
const TRIES = 2 ** 22
const CHECKS = 64

type Form = readonly number[]

/** With fewer colours than `below`. */
export function latticeColouring(pattern: Pattern, below: number): Colouring | undefined {
  const shape = pattern.shapes.columns
  const axes = shape.map((_, d) => d).filter((d) => shape[d]! > 1)
  if (axes.length === 0 || axes.length > 3 || fullest(pattern) > ROWS) return undefined
  const seen = differences(pattern, shape, axes)
  for (let s = 0; s < ROWS; s++) seen.add(Math.floor((s * (pattern.rows - 1)) / (ROWS - 1)))
  let [tries, checks] = [TRIES, CHECKS]
  for (let k = fullest(pattern); k < below; ) {
    tries -= k ** axes.length * seen.all.length
    if (tries < 0 || checks-- === 0 || seen.all.length > DIFFERENCES) return undefined
    const form = formsOf(k, axes.length).find((f) => seen.all.every((d) => modulo(along(f, d), k) !== 0))
    if (!form) {
      k++
      continue
    }
    const colours = coloursOf(pattern, shape, axes, form, k)
    const fails = firstRowWithEquals(pattern, colours, k)
    if (fails === undefined) return renumbered(pattern, colours)
    seen.add(fails)
  }
  return undefined
}

const modulo = (x: number, k: number): number => ((x % k) + k) % k
const along = (form: Form, index: readonly number[]): number => form.reduce((sum, c, d) => sum + c * index[d]!, 0)

/** All linear forms of `rank` coefficients below k, the last one fastest. */
function formsOf(k: number, rank: number): Form[] {
  const one = Array.from({ length: k }, (_, c) => c)
  return rank === 0 ? [[]] : formsOf(k, rank - 1).flatMap((form) => one.map((c) => [...form, c]))
}

/** Index of a column along `axes`. */
function indexOf(column: number, shape: readonly number[], axes: readonly number[]): number[] {
  const at: number[] = []
  let rest = column
  for (let d = shape.length - 1; d >= 0; d--) {
    at[d] = rest % shape[d]!
    rest = Math.floor(rest / shape[d]!)
  }
  return axes.map((d) => at[d]!)
}

/** Differences between the indices of columns that meet in a row, for the rows added. */
function differences({ rows, indptr, indices }: Pattern, shape: readonly number[], axes: readonly number[]) {
  const found = new Set<string>()
  const all: number[][] = []
  const add = (row: number): void => {
    if (row < 0 || row >= rows) return
    const at = Array.from(indices.subarray(indptr[row], indptr[row + 1]), (j) => indexOf(j, shape, axes))
    for (const [e, a] of at.entries())
      for (const b of at.slice(e + 1)) {
        const by = a.map((x, d) => b[d]! - x)
        if (found.has(by.join())) continue
        found.add(by.join())
        all.push(by)
      }
  }
  return { all, add }
}

function coloursOf(p: Pattern, shape: readonly number[], axes: readonly number[], form: Form, k: number): Int32Array {
  const steps = shape.map((_, d) => form[axes.indexOf(d)] ?? 0)
  return new Int32Array(p.columns).map((_, j) => {
    let [colour, rest] = [0, j]
    for (let d = shape.length - 1; d >= 0; d--) {
      colour += steps[d]! * (rest % shape[d]!)
      rest = Math.floor(rest / shape[d]!)
    }
    return colour % k
  })
}

function firstRowWithEquals({ rows, indptr, indices }: Pattern, colours: Int32Array, k: number): number | undefined {
  const last = new Int32Array(k).fill(-1)
  for (let i = 0; i < rows; i++)
    for (let e = indptr[i]!; e < indptr[i + 1]!; e++) {
      const c = colours[indices[e]!]!
      if (last[c] === i) return i
      last[c] = i
    }
  return undefined
}

/** In the order in which they occur: a small grid may not need all. −1 where a column has no entry. */
function renumbered(p: Pattern, colours: Int32Array): Colouring {
  const used = new Uint8Array(p.columns)
  for (const j of p.indices) used[j] = 1
  const numbers = new Map<number, number>()
  const made = colours.map((c, j) => (used[j] ? (numbers.get(c) ?? numbers.set(c, numbers.size).get(c)!) : -1))
  return { colours: made, count: numbers.size }
}
