/**
 * fuse: a graph without requests → kernels and loops in an order where producers come first, and the buffers between them.
 * Works back from the outputs: a node gets a kernel when somebody needs it in memory; that kernel inlines what it may (element.ts);
 * then kernels over the same axes merge (merge.ts), long reductions split (split.ts), axes and sums are settled (finish.ts).
 * Bodies of loops are fused alone (loop.ts).
 * Invariant: every output and every next state has a buffer of its own.
 * May not: choose addresses or steps.
 */
import type { Graph, Lowering, Node } from '../../core/ir.ts'
import type { BufferId, Kernel } from '../../core/loops.ts'
import { count, sizes } from '../../core/shape.ts'
import type { Fault } from '../types.ts'
import { type Buffers, buffersOf, type Table, tableOf } from './buffers.ts'
import { copy } from './copy.ts'
import { delay, withAccesses } from './delay.ts'
import { finish } from './finish.ts'
import { type Fusion, type Item, isLoop } from './items.ts'
import { fuseBranch, fuseLoop, fuseWhile } from './loop.ts'
import { type Draft, lower } from './lower.ts'
import { merge } from './merge.ts'
import { dropUnread } from './prune.ts'
import { split } from './split.ts'
import { straighten } from './straight.ts'
import { type Uses, usesOf } from './uses.ts'

export interface Fused {
  readonly items: readonly Item<Kernel>[]
  readonly table: Table
  readonly faults: readonly Fault[]
  /** Buffer of each input and state, and of each output. */
  readonly inputs: readonly { readonly node: Node; readonly buffer: BufferId }[]
  readonly outputs: readonly { readonly name: string; readonly node: Node; readonly buffer: BufferId }[]
}

/** Bytes reserved at the start of the arena for the backend's control words. */
export const CONTROL_BYTES = 1024

/** `threads`: workers that will share the kernels; with one, long reductions stay whole. */
export function fuse(
  graph: Graph,
  { fusion, scalars = fusion, threads = 1 }: Pick<Fusion, 'fusion'> & Partial<Pick<Fusion, 'scalars' | 'threads'>>,
): Fused {
  let loops = 0
  const c: Fusion = {
    table: tableOf(CONTROL_BYTES),
    faults: [],
    fusion,
    scalars,
    threads,
    nextLoop: () => loops++,
  }
  const uses = usesOf(graph)
  const buffers = buffersOf(c.table, graph, uses)
  const copies: Draft[] = []
  const outputs = graph.outputs.map(({ name, node }) => ({
    name,
    node,
    buffer: outputBuffer(buffers, name, node, copies),
  }))
  const kept = (id: BufferId) => c.table.values[id]!.role !== 'temporary'
  const made = [...fuseItems(c, graph, buffers, uses, kept), ...copies.map(finish)]
  const items = c.scalars ? straighten(made, { table: c.table, kept, single: false }) : made
  const inputs = graph.inputs.map((node) => ({ node, buffer: buffers.of(node) }))
  return { items, table: c.table, faults: c.faults, outputs, inputs }
}

/** Items for every node that `buffers` wants by now, and all that those need. `kept`: buffers that somebody outside reads. */
export function fuseItems(
  c: Fusion,
  graph: Graph,
  buffers: Buffers,
  uses: Uses,
  kept: (id: BufferId) => boolean,
): Item<Kernel>[] {
  const made = new Map<Node, readonly Item<Draft>[]>()
  const lowering = { ...c, uses, buffers }
  for (let i = 0; i < buffers.wanted.length; i++) {
    const node = buffers.wanted[i]!
    const region = fuseRegion(c, node, uses.lowering(node), buffers)
    if (region) made.set(node, region as Item<Draft>[])
    else if (count(sizes(node.shape, node.op.name)) > 0) made.set(node, lower(lowering, node))
  }
  const sorted: Item<Draft>[] = []
  for (const node of graph.nodes) sorted.push(...(made.get(node) ?? []))
  const drafts = c.fusion ? dropUnread(merge(delay(withAccesses(sorted, c.table)), c.table), kept, c.table) : sorted
  return drafts.flatMap((d): readonly Item<Kernel>[] => {
    if (isLoop(d)) return [d as Item<Kernel>]
    const kernel = finish(d)
    return c.threads > 1 ? split(kernel, c.table.extra) : [kernel]
  })
}

/** Control flow: items of its bodies. */
function fuseRegion(c: Fusion, node: Node, lowering: Lowering, buffers: Buffers): Item<Kernel>[] | undefined {
  if (lowering.kind === 'loop') return fuseLoop(c, node, lowering, buffers, fuseItems)
  if (lowering.kind === 'branch') return fuseBranch(c, node, lowering, buffers, fuseItems)
  if (lowering.kind === 'while') return fuseWhile(c, node, lowering, buffers, fuseItems)
  return undefined
}

/** A buffer that is this output's alone: the node's own, or a copy where that is an input, a constant or another output's. */
function outputBuffer({ table, of }: Buffers, name: string, node: Node, copies: Draft[]): BufferId {
  const own = of(node)
  if (table.values[own]!.role === 'temporary') {
    table.assign(own, 'output', name)
    return own
  }
  const shape = sizes(node.shape, node.op.name)
  const made = table.extra({ name, role: 'output', dtype: node.dtype, shape })
  if (count(shape) > 0) copies.push(copy(own, made, node.dtype, count(shape)))
  return made
}
