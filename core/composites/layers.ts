/**
 * Layers with an order of their own: embedding, bilinear forms, attention.
 * Invariant: weights are operands; a masked place has weight exactly 0.
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { add, mul } from '../primitives/arithmetic.ts'
import { broadcast, reshape } from '../primitives/broadcast.ts'
import { stopGradient } from '../primitives/cast.ts'
import { equal, greaterEqual, where } from '../primitives/comparison.ts'
import { contract, matmul } from '../primitives/contract.ts'
import { gather, iota } from '../primitives/indexing.ts'
import { sizes } from '../shape.ts'
import { softmax } from './activation.ts'
import { sizeOf, swapaxes } from './arranging.ts'

/** Rows of `table` [n, d] at `index` of any shape: [index…, d]. The row `paddingIndex` gets no derivative. */
export function embedding(table: Node, index: Node, options: { readonly paddingIndex?: number } = {}): Node {
  const rows = gather(table, index)
  const { paddingIndex } = options
  if (paddingIndex === undefined) return rows
  const padding = paddingIndex < 0 ? paddingIndex + sizeOf('embedding', table, 0) : paddingIndex
  const axes = index.shape.map((_, i) => i)
  return where(broadcast(equal(index, padding), rows.shape, axes), stopGradient(rows), rows)
}

/** x·Wₒ·y for each output o, plus bias: x [..., i], y [..., j], weight [o, i, j]. */
export function bilinear(x: Node, y: Node, weight: Node, bias?: Node): Node {
  const lead = x.shape.slice(0, -1)
  const rows = (z: Node) => reshape(z, [-1, sizes(z.shape.slice(-1), 'bilinear')[0]!])
  const half = contract('bi,oij->boj', rows(asNode(x, 'bilinear')), weight)
  const product = reshape(contract('boj,bj->bo', half, rows(y)), [...lead, weight.shape[0]!])
  return bias ? add(product, bias) : product
}

export interface AttentionOptions {
  /** Bool: true takes part. Float: added to the scores. Broadcast to [..., queries, keys]. */
  readonly mask?: Node
  /** A query sees no later key. */
  readonly causal?: boolean
  /** Of the scores. Default 1/√d. */
  readonly scale?: number
}

/** softmax(q·kᵀ·scale + mask)·v: query [..., l, d], key [..., s, d], value [..., s, e] → [..., l, e]. */
export function scaledDotProductAttention(query: Node, key: Node, value: Node, options: AttentionOptions = {}): Node {
  const { mask, causal = false } = options
  const scale = options.scale ?? 1 / Math.sqrt(sizes(query.shape.slice(-1), 'scaledDotProductAttention')[0]!)
  let scores = mul(matmul(query, swapaxes(key, -2, -1)), scale)
  if (mask) scores = mask.dtype === 'bool' ? where(mask, scores, Number.NEGATIVE_INFINITY) : add(scores, mask)
  if (causal) {
    const square = scores.shape.slice(-2)
    scores = where(greaterEqual(iota(square, 0), iota(square, 1)), scores, Number.NEGATIVE_INFINITY)
  }
  return matmul(softmax(scores), value)
}
