/**
 * dense and embedding: layers that are one matrix.
 * Invariant: weights are [in, out]; the layer works on the last axis, whatever comes before.
 */
import { embedding as rowsOf } from '../../composites/layers.ts'
import type { Node } from '../../ir.ts'
import { operandError } from '../../node.ts'
import { add } from '../../primitives/arithmetic.ts'
import { cast } from '../../primitives/cast.ts'
import { matmul } from '../../primitives/contract.ts'
import { sizes } from '../../shape.ts'
import { glorotUniform, type InitializerSpec, normal, withFans } from '../initializers.ts'
import { floats, type LayerBase, type Rule } from './layer.ts'
import { valueOf } from './value.ts'

export interface Dense extends LayerBase {
  readonly kind: 'dense'
  readonly units: number
  /** Default true. */
  readonly bias?: boolean
  /** Of the weights. Default glorotUniform. */
  readonly init?: InitializerSpec
}
/** [..., in] → [..., units]: x·weight + bias. */
export const dense = (units: number, options: Omit<Dense, 'kind' | 'units'> = {}): Dense => ({
  kind: 'dense',
  units,
  ...options,
})

/** The number of features: the last axis. */
export function featuresOf(name: string, x: Node): number {
  if (x.shape.length === 0) throw operandError(`${name}: a scalar has no last axis`, [x])
  return sizes(x.shape.slice(-1), name)[0]!
}

export const denseRule: Rule<Dense> = ({ units, bias = true, init = glorotUniform() }, given, scope) => {
  const x = floats(given, scope)
  const features = featuresOf('dense', x)
  const weight = scope.state('weight', valueOf(scope.dtype, [features, units]).init(withFans(init, features, units)))
  const y = matmul(x, weight)
  return bias ? add(y, scope.state('bias', valueOf(scope.dtype, [units]))) : y
}

export interface Embedding extends LayerBase {
  readonly kind: 'embedding'
  /** How many different tokens: they are 0 … count − 1. */
  readonly count: number
  readonly size: number
  /** Default normal(0, 1). */
  readonly init?: InitializerSpec
}
/** [...] of i32 → [..., size]: a row of a table for each. */
export const embedding = (
  count: number,
  size: number,
  options: Omit<Embedding, 'kind' | 'count' | 'size'> = {},
): Embedding => ({ kind: 'embedding', count, size, ...options })

export const embeddingRule: Rule<Embedding> = ({ count, size, init = normal() }, x, scope) => {
  const table = scope.state('weight', valueOf(scope.dtype, [count, size]).init(withFans(init, count, size)))
  return rowsOf(table, x.dtype === 'u8' ? cast(x, 'i32') : x)
}

export interface PositionalEmbedding extends LayerBase {
  readonly kind: 'positionalEmbedding'
  /** Default normal(0, 0.02). */
  readonly init?: InitializerSpec
}
/** [..., length, size] → the same, with a learnt row added for each position. */
export const positionalEmbedding = (options: Omit<PositionalEmbedding, 'kind'> = {}): PositionalEmbedding => ({
  kind: 'positionalEmbedding',
  ...options,
})

export const positionalEmbeddingRule: Rule<PositionalEmbedding> = ({ init = normal(0, 0.02) }, given, scope) => {
  const x = floats(given, scope)
  if (x.shape.length < 2) throw operandError('positionalEmbedding: needs [..., length, size]', [x])
  const [length, size] = sizes(x.shape.slice(-2), 'positionalEmbedding') as [number, number]
  const table = valueOf(scope.dtype, [length, size]).init(withFans(init, length, size))
  return add(x, scope.state('weight', table))
}
