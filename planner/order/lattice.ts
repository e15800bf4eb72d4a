/**
 * Closed forms: the colour of a column is a linear form of its index, modulo the number of colours. Bands take l + u + 1 colours so, the stencil of
 * five points 5 as (x + 2y) mod 5, that of seven 7. Found by trying, from the fewest colours that any row allows.
 * Invariant: two columns that meet in a row differ in colour: checked on every difference between their indices that occurs.
 * May not: try for long: it gives up, and finds nothing.
 */
import type { Pattern } from '../../core/pattern.ts'
import { type Colouring, pairsIn } from './intersection.ts'

const PAIRS = 2 ** 22
const DIFFERENCES = 512
/** Forms tried, times differences. */
const TRIES = 2 ** 22

/** With fewer colours than `below`. */
export function latticeColouring(pattern: Pattern, below: number): Colouring | undefined {
  const shape = pattern.shapes.columns
  const axes = shape.map((_, d) => d).filter((d) => shape[d]! > 1)
  const differences = axes.length > 0 && axes.length <= 3 ? differencesOf(pattern, shape, axes) : undefined
  if (!differences) return undefined
  let tries = TRIES
  for (let k = fewest(pattern); k < below; k++) {
    tries -= k ** axes.length * differences.length
    if (tries < 0) return undefined
    const form = formsOf(k, axes.length).find((f) => differences.every((d) => modulo(along(f, d), k) !== 0))
    if (form) return coloured(pattern, shape, axes, form, k)
  }
  return undefined
}

const fewest = ({ rows, indptr }: Pattern): number => {
  let most = 0
  for (let i = 0; i < rows; i++) most = Math.max(most, indptr[i + 1]! - indptr[i]!)
  return most
}
const modulo = (x: number, k: number): number => ((x % k) + k) % k
const along = (form: readonly number[], index: readonly number[]): number =>
  form.reduce((sum, c, d) => sum + c * index[d]!, 0)

/** All linear forms of `rank` coefficients below k, the last one fastest. */
function formsOf(k: number, rank: number): number[][] {
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

function differencesOf(pattern: Pattern, shape: readonly number[], axes: readonly number[]): number[][] | undefined {
  if (pairsIn(pattern) > PAIRS) return undefined
  const at = Array.from({ length: pattern.columns }, (_, j) => indexOf(j, shape, axes))
  const found = new Map<number, number[]>()
  for (let i = 0; i < pattern.rows; i++)
    for (let e = pattern.indptr[i]!; e < pattern.indptr[i + 1]!; e++)
      for (let f = e + 1; f < pattern.indptr[i + 1]!; f++) {
        const [a, b] = [at[pattern.indices[e]!]!, at[pattern.indices[f]!]!]
        const key = a.reduce((sum, x, d) => sum * 2 * shape[axes[d]!]! + b[d]! - x, 0)
        if (found.has(key)) continue
        if (found.size === DIFFERENCES) return undefined
        found.set(
          key,
          a.map((x, d) => b[d]! - x),
        )
      }
  return [...found.values()]
}

/** Numbered anew, in the order in which they occur: a small grid may not need all. */
function coloured(
  pattern: Pattern,
  shape: readonly number[],
  axes: readonly number[],
  form: readonly number[],
  k: number,
): Colouring {
  const used = new Uint8Array(pattern.columns)
  for (const j of pattern.indices) used[j] = 1
  const numbers = new Map<number, number>()
  const colours = new Int32Array(pattern.columns).map((_, j) => {
    if (!used[j]) return -1
    const c = modulo(along(form, indexOf(j, shape, axes)), k)
    return numbers.get(c) ?? numbers.set(c, numbers.size).get(c)!
  })
  return { colours, count: numbers.size }
}
