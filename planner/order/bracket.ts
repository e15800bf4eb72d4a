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
  /** Factors may be pulled through only where the difference of `seed` is at most this. */
  readonly memory?: number
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
  const { tangents, cotangents } = costs
  const q = tangents.length
  const table: Table = {
    ...{ q, cost: new Float64Array(q * q), rule: new Uint8Array(q * q), split: new Int32Array(q * q) },
  }
  for (let last = 0; last < q; last++) {
    table.cost[last * q + last] = Math.min(tangents[last]!, cotangents[last]!)
    table.rule[last * q + last] = cotangents[last]! < tangents[last]! ? COTANGENTS : TANGENTS
    for (let first = last - 1; first >= 0; first--) fill(table, costs, first, last)
  }
  return { cost: table.cost[(q - 1) * q]!, steps: stepsOf(table) }
}

function fill({ q, cost, rule, split }: Table, costs: ChainCosts, first: number, last: number): void {
  const { sizes, seed, fixed, multiplication, product: start, memory = Number.POSITIVE_INFINITY } = costs
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
    const run = through - seedStart
    const pulled = run <= memory ? left + rows * run + fix - fixedStart : Number.POSITIVE_INFINITY
    if (product < best) [best, by, at] = [product, PRODUCT, k]
    if (pushed < best) [best, by, at] = [pushed, PUSH, k]
    if (pulled <= best) [best, by, at] = [pulled, PULL, k]
  }
  cost[last * q + first] = best
  rule[last * q + first] = by
  split[last * q + first] = at
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
