/**
 * The cheapest bracketing of a chain of q Jacobians under given costs, exact, by the recurrences of Naumann, "Matrix-free Jacobian
 * chaining" (2024): a run of factors is made by a product of two runs, by pushing the columns of its first part on, or by pulling the
 * rows of its last part back. O(q³).
 * Invariant: of equal costs, the longest run without a matrix.
 * May not: recurse; chains may be long.
 */
import type { ChainStep } from '../../core/order.ts'

/** Costs of q factors, factor 0 applied first; any unit. Sums over a run of factors are differences of prefix sums: those before factor i, and all. */
export interface ChainCosts {
  /** Elements between factors: sizes[i] enters factor i, sizes[q] leaves the last. */
  readonly sizes: Float64Array
  /** One factor as a matrix, from its unit tangents or cotangents. Infinite: not allowed. */
  readonly tangents: Float64Array
  readonly cotangents: Float64Array
  /** Prefix sums: pushing or pulling one seed through, and whatever the number of seeds. */
  readonly seed: Float64Array
  readonly fixed: Float64Array
  /** A product of matrices: by scalar multiplication, and whatever their sizes. */
  readonly multiplication: number
  readonly product: number
  readonly memory?: Limit
}
/** What a rule may hold at most, in any unit. */
export interface Limit {
  readonly most: number
  /** Prefix sums: pulling through a run holds their difference. */
  readonly kept?: Float64Array
  /**
   * The widest value inside each factor: all seeds hold the widest on their way, from the matrix that they come from to the one that they make; a product holds
   * three matrices. The Jacobian of the whole is not counted. Absent: nothing of this is.
   */
  readonly inner?: Float64Array
}
export interface Bracketed {
  readonly cost: number
  readonly steps: readonly ChainStep[]
}

const TANGENTS = 0
const COTANGENTS = 1
const PRODUCT = 2
const PUSH = 3
const PULL = 4

/** For the part of the chain from `first` to `last`, at last · q + first: what it costs, by which rule, split after which factor. */
interface Table {
  readonly q: number
  readonly cost: Float64Array
  readonly rule: Uint8Array
  readonly split: Int32Array
}

export function bracket(costs: ChainCosts): Bracketed {
  const q = costs.tangents.length
  const fits = fitting(costs)
  const table: Table = {
    ...{ q, cost: new Float64Array(q * q), rule: new Uint8Array(q * q), split: new Int32Array(q * q) },
  }
  for (let last = 0; last < q; last++) {
    const tangents = fits.push(last, last - 1, last) ? costs.tangents[last]! : Number.POSITIVE_INFINITY
    const cotangents = fits.pull(last, last, last) ? costs.cotangents[last]! : Number.POSITIVE_INFINITY
    table.cost[last * q + last] = Math.min(tangents, cotangents)
    table.rule[last * q + last] = cotangents < tangents ? COTANGENTS : TANGENTS
    for (let first = last - 1; first >= 0; first--) fill(table, costs, fits, first, last)
  }
  return { cost: table.cost[(q - 1) * q]!, steps: stepsOf(table) }
}

function fill({ q, cost, rule, split }: Table, costs: ChainCosts, fits: Fits, first: number, last: number): void {
  const { sizes, seed, fixed, multiplication, product: start } = costs
  const [columns, rows] = [sizes[first]!, sizes[last + 1]!]
  const [seedEnd, seedStart, fixedEnd, fixedStart] = [seed[last + 1]!, seed[first]!, fixed[last + 1]!, fixed[first]!]
  const matrix = rows * columns * multiplication
  let [best, by, at] = [Number.POSITIVE_INFINITY, PRODUCT, first]
  for (let k = first; k < last; k++) {
    const left = cost[last * q + k + 1]!
    const right = cost[k * q + first]!
    const [through, fix] = [seed[k + 1]!, fixed[k + 1]!]
    const product = left + right + matrix * sizes[k + 1]! + start
    const pushed = right + columns * (seedEnd - through) + fixedEnd - fix
    const pulled = left + rows * (through - seedStart) + fix - fixedStart
    if (product < best && fits.product(first, k, last)) [best, by, at] = [product, PRODUCT, k]
    if (pushed < best && fits.push(first, k, last)) [best, by, at] = [pushed, PUSH, k]
    if (pulled <= best && fits.pull(first, k, last)) [best, by, at] = [pulled, PULL, k]
  }
  cost[last * q + first] = best
  rule[last * q + first] = by
  split[last * q + first] = at
}

/** Whether factors first … k and k + 1 … last may be joined in that way; of a factor alone, all is pushed, or all is pulled. */
interface Fits {
  readonly product: (first: number, k: number, last: number) => boolean
  readonly push: (first: number, k: number, last: number) => boolean
  readonly pull: (first: number, k: number, last: number) => boolean
}
const always = (): boolean => true

function fitting({ sizes, memory }: ChainCosts): Fits {
  if (!memory) return { product: always, push: always, pull: always }
  const { most, kept, inner } = memory
  const keeps = (first: number, k: number): boolean => !kept || kept[k + 1]! - kept[first]! <= most
  if (!inner) return { product: always, push: always, pull: (first, k) => keeps(first, k) }
  const q = inner.length
  const widest = widestInside(sizes, inner)
  const isWhole = (first: number, last: number): boolean => first === 0 && last === q - 1
  /** Entries of the Jacobian of factors first … last. */
  const matrix = (first: number, last: number): number =>
    first > last || isWhole(first, last) ? 0 : sizes[first]! * sizes[last + 1]!
  return {
    product: (first, k, last) => matrix(first, k) + matrix(k + 1, last) + matrix(first, last) <= most,
    push: (first, k, last) =>
      Math.max(matrix(first, k), sizes[first]! * widest(k + 1, last), matrix(first, last)) <= most,
    pull: (first, k, last) =>
      keeps(first, k) &&
      Math.max(matrix(k + 1, last), sizes[last + 1]! * widest(first, k), matrix(first, last)) <= most,
  }
}

/** The widest value strictly inside a run of factors. */
function widestInside(sizes: Float64Array, inner: Float64Array): (first: number, last: number) => number {
  const q = inner.length
  const table = new Float64Array(q * q)
  for (let first = 0; first < q; first++)
    for (let last = first, most = 0; last < q; last++) {
      most = Math.max(most, inner[last]!, last > first ? sizes[last]! : 0)
      table[first * q + last] = most
    }
  return (first, last) => table[first * q + last]!
}

/** Sums of all before each, and of all. */
export function prefixSums(values: readonly number[]): Float64Array {
  const sums = new Float64Array(values.length + 1)
  for (let i = 0; i < values.length; i++) sums[i + 1] = sums[i]! + values[i]!
  return sums
}

/** The rules taken, as a straight-line program: what a step uses stands before it. */
function stepsOf({ q, rule, split }: Table): ChainStep[] {
  const steps: ChainStep[] = []
  const made: number[] = []
  const pending: (readonly [first: number, last: number, ready: boolean])[] = [[0, q - 1, false]]
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [first, last, ready] = next
    const [by, k] = [rule[last * q + first]!, split[last * q + first]!]
    if (!ready && by >= PRODUCT) {
      pending.push([first, last, true])
      if (by !== PUSH) pending.push([k + 1, last, false])
      if (by !== PULL) pending.push([first, k, false])
      continue
    }
    if (by === TANGENTS) steps.push({ make: 'tangents', first, last })
    else if (by === COTANGENTS) steps.push({ make: 'cotangents', first, last })
    else if (by === PUSH) steps.push({ make: 'push', of: made.pop()!, first: k + 1, last })
    else if (by === PULL) steps.push({ make: 'pull', of: made.pop()!, first, last: k })
    else {
      const left = made.pop()!
      steps.push({ make: 'product', left, right: made.pop()! })
    }
    made.push(steps.length - 1)
  }
  return steps
}
