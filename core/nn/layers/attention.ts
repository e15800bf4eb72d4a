/**
 * Multi-head attention and the transformer block (Vaswani et al., "Attention is all you need", 2017), normalised first (Xiong et al. 2020).
 * Invariant: [examples, length, size] in and out.
 */
import { swapaxes } from '../../composites/arranging.ts'
import { scaledDotProductAttention } from '../../composites/layers.ts'
import type { Node } from '../../ir.ts'
import { operandError } from '../../node.ts'
import { reshape } from '../../primitives/broadcast.ts'
import { sizes } from '../../shape.ts'
import type { Activation } from './activation.ts'
import type { Residual } from './composition.ts'
import { type Dense, dense } from './dense.ts'
import { floats, type LayerBase, type Rule } from './layer.ts'
import { type Dropout, dropout, type LayerNorm, layerNorm } from './normalization.ts'

export interface Attention extends LayerBase {
  readonly kind: 'attention'
  readonly heads: number
  /** A position sees none after it. Default false. */
  readonly causal?: boolean
}
/** Self-attention of `heads` heads, with its projections `query`, `key`, `value` and `out`. */
export const attention = (heads: number, o: Omit<Attention, 'kind' | 'heads'> = {}): Attention => ({
  kind: 'attention',
  heads,
  ...o,
})

export const attentionRule: Rule<Attention, Dense> = ({ heads, causal = false }, given, scope) => {
  const x = floats(given, scope)
  if (x.shape.length !== 3) throw operandError('attention: needs [examples, length, size]', [x])
  const [length, size] = sizes(x.shape.slice(1), 'attention') as [number, number]
  if (!(heads >= 1) || size % heads !== 0)
    throw operandError(`attention: ${heads} heads do not divide size ${size}`, [x])
  const project = (y: Node, name: string): Node => scope.apply([dense(size, { name })], y)
  const apart = (y: Node): Node => swapaxes(reshape(y, [x.shape[0]!, length, heads, size / heads]), 1, 2)
  const [query, key, value] = ['query', 'key', 'value'].map((name) => apart(project(x, name))) as [Node, Node, Node]
  const seen = swapaxes(scaledDotProductAttention(query, key, value, { causal }), 1, 2)
  return project(reshape(seen, [x.shape[0]!, length, size]), 'out')
}

export interface TransformerBlock extends LayerBase {
  readonly kind: 'transformerBlock'
  readonly heads: number
  /** Units of the hidden layer of its feed-forward part. Default: four times the size. */
  readonly hidden?: number
  readonly causal?: boolean
  /** Rate, after each part. Default 0. */
  readonly dropout?: number
}
/** x + attention(norm x), then + dense(gelu(dense(norm))). */
export const transformerBlock = (
  heads: number,
  o: Omit<TransformerBlock, 'kind' | 'heads'> = {},
): TransformerBlock => ({ kind: 'transformerBlock', heads, ...o })

type Part = Attention | Dense | LayerNorm | Dropout | Activation | Residual<Part>
export const transformerRule: Rule<TransformerBlock, Part> = (o, x, scope) => {
  const { heads, causal = false, dropout: rate = 0 } = o
  const size = sizes(x.shape.slice(-1), 'transformerBlock')[0]!
  const last: readonly Part[] = rate > 0 ? [dropout(rate)] : []
  return scope.apply(
    [
      { kind: 'residual', name: 'mixing', layers: [layerNorm(), attention(heads, { causal }), ...last] },
      {
        kind: 'residual',
        name: 'feeding',
        layers: [layerNorm(), dense(o.hidden ?? 4 * size), { kind: 'gelu' }, dense(size), ...last],
      },
    ],
    x,
  )
}
