/**
 * What a random graph is built from: the nodes so far, and draws.
 * Invariant: every draw is a number that fast-check gave. May not: be used outside tests.
 */
import type { Node } from './ir.ts'

export interface Pool {
  readonly dtype: 'f32' | 'f64'
  readonly nodes: Node[]
  /** Inputs and exact copies of them. */
  readonly exact: Node[]
  /** Legal indices into the first axis of the first input. */
  readonly index: Node | undefined
}
export type Pick = (below: number) => number
export type Build = (pool: Pool, pick: Pick) => Node | undefined

/** Late nodes are likelier, so that graphs grow deep. */
export const any = (p: Pool, pick: Pick): Node => p.nodes.at(-1 - Math.min(pick(p.nodes.length), pick(p.nodes.length)))!
