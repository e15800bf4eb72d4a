/**
 * Making ops: a record that is also the function which builds its node.
 * Invariant: `node.op === sin` for every node that `sin(x)` builds.
 * May not: keep a list of ops. Whoever needs one passes it in.
 */
import { notANode } from './errors.ts'
import type { Node, Op } from './ir.ts'
import { isNode } from './node.ts'

/** A node, or a JS number that takes the other operand's dtype. */
export type X = Node | number
export type Callable<F> = F & Op

/** `call` becomes an op with `record`'s fields. */
export function op<F extends (...args: never[]) => unknown>(record: Op, call: F): Callable<F> {
  const { name, ...rest } = record
  Object.defineProperty(call, 'name', { value: name })
  return Object.freeze(Object.assign(call, rest)) as unknown as Callable<F>
}

/** `x`, or an error that says what it is instead. */
export function asNode(x: unknown, where: string): Node {
  if (!isNode(x)) throw notANode(x, where)
  return x
}

/** Samples of no dtype: for ops that the laws cannot call on their own. */
export const noSamples = (): readonly [] => []
