/**
 * accumulate: a full Jacobian from a linearization, in any order: one builder a kind of order, in orders/.
 * Invariant: the result has shape [...y, ...x] and the output's dtype, whatever the order.
 * May not: decide the order (the planner's), or build a Jacobian nobody asked for.
 */
import { unknownOrder } from '../errors-orders.ts'
import type { Node } from '../ir.ts'
import type { Order, OrderKind } from '../order.ts'
import type { Linearization } from './linearize.ts'
import { assembled, type Blocks } from './orders/blocks.ts'
import { chain } from './orders/chain.ts'
import { colour } from './orders/colour.ts'
import { eliminate } from './orders/eliminate.ts'
import { tensors } from './orders/tensors.ts'
import { whole } from './orders/whole.ts'

const builders: {
  readonly [K in OrderKind]: (linear: Linearization, order: Extract<Order, { kind: K }>) => Blocks
} = { forward: whole, reverse: whole, chain, colour, eliminate, tensors }

/** dy/dx for each y of the outputs and each x of wrt, outputs outermost. */
export function accumulate(linear: Linearization, order: Order): Node[] {
  if (!Object.hasOwn(builders, order?.kind)) throw unknownOrder(String(order?.kind), Object.keys(builders))
  const build = builders[order.kind] as (linear: Linearization, order: Order) => Blocks
  return assembled(build(linear, order), linear.outputs, linear.wrt)
}
