/**
 * Chain bracketing: the cheapest way to multiply a chain of Jacobians F'_q … F'_1, each given as code with |E| local derivatives.
 * A dense matrix of k columns goes through a factor in tangent mode for k·|E| multiplications, one of k rows in adjoint mode likewise; two dense
 * matrices multiply as matrices do. Exact, by the recurrences of Naumann, "Matrix-free Jacobian chaining" (2024): O(q³).
 * Invariant: counts are exact while they are below 2^53.
 * May not: recurse; chains may be long.
 */

export interface Factor {
  /** Rows of the factor's Jacobian. */
  readonly outputs: number
  /** Its columns; the outputs of the factor before. */
  readonly inputs: number
  /** Local derivatives of the factor's code. */
  readonly edges: number
}
export interface ChainOptions {
  /** The most local derivatives that an adjoint may keep at a time; factors that need more go in tangent mode. */
  readonly memory?: number
}
export interface Bracketing {
  /** Scalar multiplications of tangents through the whole chain. */
  readonly tangent: number
  readonly adjoint: number
  readonly optimum: number
  /**
   * `T3`, `A3`: factor 3 made dense by tangents or adjoints. `(T[4:3]·X)`, `(X·A[4:3])`: X pushed through factors 3 and 4, or pulled
   * through 4 and 3. `(X·Y)`: a product of two matrices.
   */
  readonly bracketing: string
}

const DENSE = 0
const MULTIPLY = 1
const TANGENT = 2
const ADJOINT = 3

/** For the part of the chain from `first` to `last`, at last · q + first: what it costs, by which rule, split after which factor. */
interface Table {
  readonly q: number
  readonly cost: Float64Array
  readonly rule: Uint8Array
  readonly split: Int32Array
}

/** `chain[0]` is applied first. */
export function bracketChain(
  chain: readonly Factor[],
  { memory = Number.POSITIVE_INFINITY }: ChainOptions = {},
): Bracketing {
  const q = chain.length
  const edges = new Float64Array(q + 1)
  for (const [i, f] of chain.entries()) edges[i + 1] = edges[i]! + f.edges
  const rows = Float64Array.from(chain, (f) => f.outputs)
  const table: Table = {
    ...{ q, cost: new Float64Array(q * q), rule: new Uint8Array(q * q), split: new Int32Array(q * q) },
  }
  for (let last = 0; last < q; last++) {
    table.cost[last * q + last] = denseWays(chain[last]!, memory) * chain[last]!.edges
    for (let first = last - 1; first >= 0; first--) fill(table, edges, rows, chain[first]!.inputs, memory, first, last)
  }
  return {
    tangent: chain[0]!.inputs * edges[q]!,
    adjoint: rows[q - 1]! * edges[q]!,
    optimum: table.cost[(q - 1) * q]!,
    bracketing: render(chain, table, memory),
  }
}

/** `edges[i]`: of all factors before i. Of equals, the longest run without a matrix. */
function fill(
  { q, cost, rule, split }: Table,
  edges: Float64Array,
  rows: Float64Array,
  columns: number,
  memory: number,
  first: number,
  last: number,
): void {
  const height = rows[last]!
  let [best, by, at] = [Number.POSITIVE_INFINITY, MULTIPLY, first]
  for (let k = first; k < last; k++) {
    const [left, right] = [cost[last * q + k + 1]!, cost[k * q + first]!]
    const product = left + right + height * rows[k]! * columns
    const pushed = right + columns * (edges[last + 1]! - edges[k + 1]!)
    const run = edges[k + 1]! - edges[first]!
    const pulled = run <= memory ? left + height * run : Number.POSITIVE_INFINITY
    if (product < best) [best, by, at] = [product, MULTIPLY, k]
    if (pushed < best) [best, by, at] = [pushed, TANGENT, k]
    if (pulled <= best) [best, by, at] = [pulled, ADJOINT, k]
  }
  cost[last * q + first] = best
  rule[last * q + first] = by
  split[last * q + first] = at
}

/** Columns or rows that make one factor dense. */
const denseWays = (f: Factor, memory: number): number => (byAdjoint(f, memory) ? f.outputs : f.inputs)
const byAdjoint = (f: Factor, memory: number): boolean => f.outputs < f.inputs && f.edges <= memory

function render(chain: readonly Factor[], { q, rule, split }: Table, memory: number): string {
  const run = (mode: string, first: number, last: number): string =>
    first === last ? `${mode}[${first + 1}]` : `${mode}[${last + 1}:${first + 1}]`
  const pending: (string | readonly [first: number, last: number])[] = [[0, chain.length - 1]]
  let text = ''
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'string') {
      text += next
      continue
    }
    const [first, last] = next
    const part = last * q + first
    if (rule[part] === DENSE) {
      text += byAdjoint(chain[first]!, memory) ? `A${first + 1}` : `T${first + 1}`
      continue
    }
    const k = split[part]!
    const left = rule[part] === TANGENT ? run('T', k + 1, last) : ([k + 1, last] as const)
    const right = rule[part] === ADJOINT ? run('A', first, k) : ([first, k] as const)
    text += '('
    pending.push(')', right, '·', left)
  }
  return text
}
