/**
 * maxUnpool: maxima back where `argmaxPool` found them.
 * Invariant: everything else is 0; a position outside rejects the run.
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { broadcast, reshape } from '../primitives/broadcast.ts'
import { constant } from '../primitives/leaf.ts'
import { count, sameShape, sizes } from '../shape.ts'
import { scatter } from './selecting.ts'

export interface UnpoolOptions {
  /** Pooled windows overlapped, so a position may be named twice: the last one counts, at the price of a search. Default false. */
  readonly overlapping?: boolean
}

/** `x` and `positions` [..., pooled…] → [..., ...shape]: row-major positions (i32) in the last axes, of sizes `shape`. */
export function maxUnpool(x: Node, positions: Node, shape: readonly number[], options: UnpoolOptions = {}): Node {
  const n = shape.length
  const all = sizes(asNode(x, 'maxUnpool').shape, 'maxUnpool')
  if (!sameShape(asNode(positions, 'maxUnpool').shape, all) || all.length < n)
    throw operandError(`maxUnpool: each element needs a position along ${n} axes`, [x, positions])
  const lead = all.slice(0, all.length - n)
  const flat = (y: Node) => reshape(y, [...lead, count(all.slice(lead.length))])
  const nothing = broadcast(constant(0, x.dtype), [...lead, count(shape)], [])
  const spread = scatter(nothing, flat(positions), flat(x), { unique: !options.overlapping })
  return reshape(spread, [...lead, ...shape])
}
