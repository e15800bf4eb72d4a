/**
 * Slopes by id: numbers where they are known, and what products and sums of two of them are.
 * Invariant: one id for equal slopes, whatever order made them; products with 1 and sums with 0 are the other.
 */
import { pairTable } from './pair-table.ts'

export interface SlopeIds {
  /** Of each id, the number; NaN where it is not known. */
  readonly numbers: readonly number[]
  product(a: number, b: number): number
  sum(a: number, b: number): number
  idOf(slope: number | string): number
}

export function slopeIds(): SlopeIds {
  const numbers: number[] = []
  const known = new Map<number | string, number>()
  const [products, sums] = [pairTable(), pairTable()]
  const fresh = (): number => numbers.push(Number.NaN) - 1
  const idOf = (slope: number | string): number => {
    const id = known.get(slope)
    if (id !== undefined) return id
    const made = numbers.push(typeof slope === 'number' ? slope : Number.NaN) - 1
    known.set(slope, made)
    return made
  }
  return {
    numbers,
    idOf,
    product: (a, b) => {
      const [x, y] = [numbers[a]!, numbers[b]!]
      if (x === 1) return b
      if (y === 1) return a
      return Number.isNaN(x * y) ? products.get(a, b, fresh) : idOf(x * y)
    },
    sum: (a, b) => {
      const [x, y] = [numbers[a]!, numbers[b]!]
      if (x === 0) return b
      if (y === 0) return a
      return Number.isNaN(x + y) ? sums.get(a, b, fresh) : idOf(x + y)
    },
  }
}
