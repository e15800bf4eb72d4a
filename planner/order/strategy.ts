/**
 * A strategy proposes one order of its kind for a problem, from counts alone; choose.ts builds and prices what is proposed.
 * Invariant: pure and deterministic; searches count evaluations, never time.
 * May not: compare itself to others (it may decline where it cannot gain).
 */
import type { Problem } from '../../core/ir.ts'
import type { Order, OrderKind } from '../../core/order.ts'
import type { Target } from '../target.ts'

export interface Context {
  readonly target: Target
  /** The user named this kind: an order must be given, or the reason why there is none. */
  readonly asked: boolean
  /** The most bytes that a step may hold, the whole Jacobian included. */
  readonly memory?: number
  /** What was made for this key before in the same plan, or is made now: for searches. */
  remember<T>(key: string, make: () => T): T
}
/** An order; undefined, to decline one that would gain nothing; or why there is none. */
export type Proposal = Order | undefined | { readonly impossible: string }

export interface Strategy {
  readonly kind: OrderKind
  propose(problem: Problem, context: Context): Proposal
}
