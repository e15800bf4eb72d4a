/**
 * Scattering by sum, product, mean, maximum or minimum, and into the places of a mask.
 * Invariant: a place that nothing is scattered to keeps its value; the derivative of maximum and minimum splits evenly over ties, as everywhere.
 * May not: be fast for 'multiply', 'max' and 'min' on long axes: every place asks every index.
 */
import { broadcastTo } from '../align.ts'
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { makeNode } from '../node.ts'
import { add, div } from '../primitives/arithmetic.ts'
import { broadcast, reshape } from '../primitives/broadcast.ts'
import { cast } from '../primitives/cast.ts'
import { equal, greater, where } from '../primitives/comparison.ts'
import { concat } from '../primitives/concat.ts'
import { gather, iota, scatterAdd } from '../primitives/indexing.ts'
import { constant } from '../primitives/leaf.ts'
import { prod } from '../primitives/product.ts'
import { max, min } from '../primitives/reduce.ts'
import { sizes } from '../shape.ts'
import { moveaxis, ownAxis, sizeOf } from './arranging.ts'
import { cumsum } from './cumulative.ts'
import { cut, withinIndex } from './selecting.ts'

export interface ScatterReduceOptions {
  readonly axis?: number
  readonly reduce: 'add' | 'multiply' | 'mean' | 'max' | 'min'
  /** The element that is there takes part. Default true; otherwise it stays only where nothing comes. */
  readonly includeSelf?: boolean
}

/**
 * `x` with updates[…, i, …] combined into index[…, i, …] along `axis` (default: the last). The index may be smaller than `x` along the other axes;
 * `updates` is at least as large as the index. Source: torch.Tensor.scatter_reduce.
 */
export function scatterReduce(x: Node, index: Node, updates: Node, options: ScatterReduceOptions): Node {
  const own = ownAxis('scatterReduce', x, options.axis ?? -1)
  const shape = sizes(asNode(index, 'scatterReduce').shape, 'scatterReduce')
  const given = cut('scatterReduce', updates, shape)
  const [at, values] = [moveaxis(index, own, -1), moveaxis(given, own, -1)]
  const { reduce, includeSelf = true } = options
  return withinIndex('scatterReduce', x, shape, own, (part) => combined(part, at, values, reduce, includeSelf))
}

function combined(x: Node, index: Node, values: Node, how: ScatterReduceOptions['reduce'], self: boolean): Node {
  const batch = x.shape.length - 1
  const size = sizeOf('scatterReduce', x, batch)
  const added = (y: Node) => makeNode(scatterAdd, [y, index], { batch, size })
  const count = added(broadcast(constant(1, 'i32'), index.shape, []))
  const met = greater(count, 0)
  if (how === 'add') return add(self ? x : where(met, 0, x), added(values))
  if (how === 'mean') {
    const total = add(self ? x : where(met, 0, x), added(values))
    return where(met, div(total, cast(self ? add(count, 1) : where(met, count, 1), x.dtype)), x)
  }
  const m = sizeOf('scatterReduce', index, batch)
  const lead = x.shape.slice(0, -1).map((_, i) => i)
  const all = [...x.shape, m]
  const here = equal(broadcast(index, all, [...lead, batch + 1]), iota(all, batch))
  const neutral = how === 'multiply' ? 1 : how === 'max' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const met1 = reshape(self ? x : where(met, neutral, x), [...x.shape, 1])
  const each = concat([met1, where(here, broadcast(values, all, [...lead, batch + 1]), neutral)], batch + 1)
  return (how === 'multiply' ? prod : how === 'max' ? max : min)(each, { axes: -1 })
}

/** `x` with the places where `mask` holds filled by the first elements of `source`, both in row-major order. Source: torch.Tensor.masked_scatter. */
export function maskedScatter(x: Node, mask: Node, source: Node): Node {
  const held = broadcastTo(asNode(mask, 'maskedScatter'), asNode(x, 'maskedScatter').shape)
  const flat = reshape(held, [-1])
  const place = cumsum(cast(flat, 'i32'), { exclusive: true })
  const found = gather(reshape(source, [-1]), where(flat, place, 0))
  return where(held, reshape(found, x.shape), x)
}
