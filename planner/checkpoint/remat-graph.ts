/**
 * Graphs to be computed in less memory than they ask for, by computing values again.
 * Invariant: dependencies come before what needs them; the order of nodes is the order of their first computation.
 * May not: choose what to compute again.
 */
export interface RematNode {
  readonly name: string
  /** Of computing it once, in any unit. */
  readonly cost: number
  /** Of its value. */
  readonly bytes: number
  /** Positions of what must be in memory while it is computed. */
  readonly deps: readonly number[]
  /** One of `deps`, of as many bytes: its value may take the place of that one, where nothing else still reads it. Only `joint` looks. */
  readonly over?: number
}
export interface RematGraph {
  readonly nodes: readonly RematNode[]
}

/** Positions of nodes in the order of their computing; one that comes again is computed again. */
export type Schedule = readonly number[]

/** Every node once. */
export const everything = ({ nodes }: RematGraph): Schedule => [...nodes.keys()]

/** By node, who needs it. */
export function usersOf({ nodes }: RematGraph): readonly (readonly number[])[] {
  const users = nodes.map((): number[] => [])
  for (const [i, { deps }] of nodes.entries()) for (const d of deps) users[d]!.push(i)
  return users
}

/** The fewest bytes in which node `i` can be computed: its own, and those that it needs. */
export const workingSet = ({ nodes }: RematGraph, i: number): number =>
  [...new Set([i, ...nodes[i]!.deps])].reduce((sum, d) => sum + nodes[d]!.bytes, 0)
