/**
 * Chain bracketing by counts: the cheapest way to multiply a chain of Jacobians F'_q … F'_1, each given as code with |E| local derivatives.
 * A dense matrix of k columns goes through a factor in tangent mode for k·|E| multiplications, one of k rows in adjoint mode likewise; two dense
 * matrices multiply as matrices do.
 * Invariant: counts are exact while they are below 2^53.
 * May not: recurse; chains may be long.
 */
import { bracketText } from '../../core/order.ts'
import { bracket, prefixSums } from './bracket.ts'

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

/** `chain[0]` is applied first. */
export function bracketChain(
  chain: readonly Factor[],
  { memory = Number.POSITIVE_INFINITY }: ChainOptions = {},
): Bracketing {
  const seed = prefixSums(chain.map((f) => f.edges))
  const sizes = Float64Array.from([chain[0]!.inputs, ...chain.map((f) => f.outputs)])
  const { cost, steps } = bracket({
    sizes,
    tangents: Float64Array.from(chain, (f) => f.inputs * f.edges),
    cotangents: Float64Array.from(chain, (f) => (f.edges <= memory ? f.outputs * f.edges : Number.POSITIVE_INFINITY)),
    seed,
    fixed: new Float64Array(chain.length + 1),
    multiplication: 1,
    product: 0,
    memory: { most: memory, kept: seed },
  })
  return {
    tangent: sizes[0]! * seed.at(-1)!,
    adjoint: sizes.at(-1)! * seed.at(-1)!,
    optimum: cost,
    bracketing: bracketText({ steps }),
  }
}
