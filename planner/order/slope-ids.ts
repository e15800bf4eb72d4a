/**
 * Slopes by id: numbers where they are known, and what products and sums of two of them are.
 * Invariant: one id for equal slopes, whatever order made them; products with 1 and sums with 0 are the other.
 */

/** A pair of ids as one number. */
const PAIR = 2 ** 26

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
  const [products, sums] = [new Map<number, number>(), new Map<number, number>()]
  const fresh = (): number => numbers.push(Number.NaN) - 1
  const idOf = (slope: number | string): number => {
    const id = known.get(slope)
    if (id !== undefined) return id
    const made = numbers.push(typeof slope === 'number' ? slope : Number.NaN) - 1
    known.set(slope, made)
    return made
  }
  const paired = (memory: Map<number, number>, a: number, b: number): number => {
    const key = a < b ? a * PAIR + b : b * PAIR + a
    const made = memory.get(key)
    if (made !== undefined) return made
    const id = fresh()
    memory.set(key, id)
    return id
  }
  return {
    numbers,
    idOf,
    product: (a, b) => {
      const [x, y] = [numbers[a]!, numbers[b]!]
      if (x === 1) return b
      if (y === 1) return a
      return Number.isNaN(x * y) ? paired(products, a, b) : idOf(x * y)
    },
    sum: (a, b) => {
      const [x, y] = [numbers[a]!, numbers[b]!]
      if (x === 0) return b
      if (y === 0) return a
      return Number.isNaN(x + y) ? paired(sums, a, b) : idOf(x + y)
    },
  }
}
