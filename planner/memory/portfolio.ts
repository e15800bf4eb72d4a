/**
 * A portfolio of preorders for the exact search: each gets a few nodes, then several times as many, since which of them is quick
 * differs from problem to problem by orders of magnitude. After Moffitt, "MiniMalloc", ASPLOS 2023.
 * Invariant: deterministic; `budget` bounds the nodes. May not: choose the capacity.
 */
import type { Preorder } from './preorder.ts'
import { search } from './search.ts'
import { stateOf } from './search-state.ts'
import type { Lists, Sections } from './sections.ts'

export interface Partition {
  readonly sections: Sections
  readonly overlaps: Lists
}

export interface Budget {
  /** Partial placements that may be visited. */
  readonly nodes: number
  /** Asked between runs; true ends the search. */
  readonly expired?: () => boolean
}

export interface Decision {
  /** By partition, then by position in it. Undefined without a placement. */
  readonly offsets?: readonly Float64Array[]
  /** There is none. */
  readonly impossible: boolean
  readonly nodes: number
  readonly preorder: Preorder
}

interface Rounds {
  readonly preorders: readonly Preorder[]
  /** Of the limit of nodes, from one round to the next. The first limit is two nodes a block. */
  readonly growth: number
  readonly published: boolean
}
const ours: Rounds = { preorders: ['TWA', 'TAW', 'TWL', 'OAT', 'TOA', 'TLW'], growth: 4, published: false }
const theirs: Rounds = { preorders: ['WAT', 'TAW', 'TWA'], growth: 2, published: true }

/** Whether the blocks of one partition fit into `capacity` bytes. */
export function decide(partition: Partition, capacity: number, budget: Budget): Decision {
  return rounds([partition], capacity, budget, ours)
}

/** The same with the published search, node for node: partitions share the limits, and a run that reaches one begins again. */
export function decidePublished(partitions: readonly Partition[], capacity: number, budget: Budget): Decision {
  return rounds(partitions, capacity, budget, theirs)
}

function rounds(
  partitions: readonly Partition[],
  capacity: number,
  budget: Budget,
  { preorders, growth, published }: Rounds,
): Decision {
  const blocks = partitions.reduce((n, p) => n + p.sections.blocks.length, 0)
  let nodes = 0
  for (let limit = 2 * blocks; ; limit *= growth)
    for (const preorder of preorders) {
      const most = Math.min(limit, budget.nodes - nodes)
      if (most <= 0 || budget.expired?.()) return { impossible: false, nodes, preorder }
      const run = once(partitions, capacity, most, preorder, published)
      nodes += run.nodes
      if (run.offsets || run.impossible) return { ...run, nodes }
    }
}

function once(
  partitions: readonly Partition[],
  capacity: number,
  limit: number,
  preorder: Preorder,
  published: boolean,
): Decision {
  const offsets: Float64Array[] = []
  let nodes = 0
  for (const { sections, overlaps } of partitions) {
    const state = stateOf(sections, overlaps, capacity, published)
    const found = search(state, preorder, limit - nodes)
    nodes += found.nodes
    if (found.verdict !== 'found') return { impossible: found.verdict === 'none', nodes, preorder }
    offsets.push(state.least)
  }
  return { offsets, impossible: false, nodes, preorder }
}
