/**
 * maxUnpool: maxima back where `argmaxPool` found them.
 * Invariant: everything else is 0; of equal positions the last counts, and has the derivative alone; a position outside rejects the run.
 */
import { asNode } from '../define.ts'
import type { Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { broadcast, reshape } from '../primitives/broadcast.ts'
import { constant } from '../primitives/leaf.ts'
import { count, sameShape, sizes } from '../shape.ts'
import { scatter } from './selecting.ts'

export interface UnpoolOptions {
  /** Promise that no position is named twice, as where pooled windows did not overlap: linear, instead of a search for the last. Default false. */
  readonly unique?: boolean
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
  const spread = scatter(nothing, flat(positions), flat(x), { unique: options.unique ?? false })
  return reshape(spread, [...lead, ...shape])
}
