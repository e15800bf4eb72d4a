/**
 * fuse: a graph without requests → kernels in an order where producers come first, and the buffers between them.
 * Works back from the outputs: a node gets a kernel when somebody needs it in memory; that kernel inlines what it may (element.ts);
 * then kernels over the same axes merge (merge.ts), long reductions split (split.ts), axes and sums are settled (finish.ts).
 * Invariant: every output and every next state has a buffer of its own.
 * May not: choose addresses or steps.
 */
import type { Graph, Node } from '../../core/ir.ts'
import type { BufferId, Kernel } from '../../core/loops.ts'
import { count, sizes } from '../../core/shape.ts'
import type { Fault } from '../types.ts'
import { type Buffers, buffersOf, type Value } from './buffers.ts'
import { copy } from './copy.ts'
import { finish } from './finish.ts'
import { type Draft, lower } from './lower.ts'
import { dropUnread, merge } from './merge.ts'
import { split } from './split.ts'
import { usesOf } from './uses.ts'

export interface Fused {
  readonly kernels: readonly Kernel[]
  readonly values: readonly Value[]
  readonly faults: readonly Fault[]
  /** Buffer of each input and state, by name, and of each output. */
  readonly inputs: readonly { readonly node: Node; readonly buffer: BufferId }[]
  readonly outputs: readonly { readonly name: string; readonly node: Node; readonly buffer: BufferId }[]
}

/** Bytes reserved at the start of the arena for the backend's control words. */
export const CONTROL_BYTES = 1024

export function fuse(graph: Graph, options: { readonly fusion: boolean }): Fused {
  const uses = usesOf(graph)
  const buffers = buffersOf(graph, uses, CONTROL_BYTES)
  const faults: Fault[] = []
  const context = { uses, buffers, faults, fusion: options.fusion }
  const copies: Draft[] = []
  const outputs = graph.outputs.map(({ name, node }) => ({
    name,
    node,
    buffer: outputBuffer(buffers, name, node, copies),
  }))
  const made = new Map<Node, Draft>()
  for (let i = 0; i < buffers.wanted.length; i++) {
    const node = buffers.wanted[i]!
    if (count(sizes(node.shape, node.op.name)) > 0) made.set(node, lower(context, node))
  }
  const position = new Map(graph.nodes.map((node, i) => [node, i]))
  const sorted = [...made].sort(([a], [b]) => position.get(a)! - position.get(b)!).map(([, draft]) => draft)
  const kept = (id: BufferId) => buffers.values[id]!.role !== 'temporary'
  const drafts = [...(options.fusion ? dropUnread(merge(sorted), kept) : sorted), ...copies]
  const kernels = drafts.flatMap((d) => split(d, buffers.extra)).map(finish)
  return {
    kernels,
    values: buffers.values,
    faults,
    outputs,
    inputs: graph.inputs.map((node) => ({ node, buffer: buffers.of(node) })),
  }
}

/** A buffer that is this output's alone: the node's own, or a copy where that is an input, a constant or another output's. */
function outputBuffer(buffers: Buffers, name: string, node: Node, copies: Draft[]): BufferId {
  const own = buffers.of(node)
  if (buffers.values[own]!.role === 'temporary') {
    buffers.assign(own, 'output', name)
    return own
  }
  const shape = sizes(node.shape, node.op.name)
  const made = buffers.extra({ name, role: 'output', dtype: node.dtype, shape })
  if (count(shape) > 0) copies.push(copy(own, made, node.dtype, count(shape)))
  return made
}
