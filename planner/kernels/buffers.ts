/**
 * Which buffer holds which node, while kernels are being made.
 * Invariant: a node and its aliases have one buffer; a buffer is made when somebody needs the node in memory.
 * May not: give addresses.
 */
import type { DType, Graph, Node, TypedArray } from '../../core/ir.ts'
import type { BufferId } from '../../core/loops.ts'
import { expressionOf } from '../../core/node.ts'
import { sizes } from '../../core/shape.ts'
import type { Role } from '../types.ts'
import type { Uses } from './uses.ts'

export interface Value {
  readonly id: BufferId
  readonly name: string
  readonly role: Role
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data?: TypedArray
}

export interface Buffers {
  readonly values: Value[]
  /** The node whose memory `node` is: itself, unless it is an alias. */
  base(node: Node): Node
  /** The buffer of `node`; makes one, and asks for the node's kernel, the first time. */
  of(node: Node): BufferId
  /** Nodes whose buffers were asked for and that a kernel must compute, in the order of asking. */
  readonly wanted: readonly Node[]
  /** A buffer that no node owns. */
  extra(value: Omit<Value, 'id'>): BufferId
  /** Declare what a buffer is for: an output or the next value of a state. */
  assign(id: BufferId, role: Role, name: string): void
}

/** Buffer 0 is the control area. */
export function buffersOf(graph: Graph, uses: Uses, controlBytes: number): Buffers {
  const values: Value[] = [{ id: 0, name: 'control', role: 'control', dtype: 'i32', shape: [controlBytes / 4] }]
  const ids = new Map<Node, BufferId>()
  const wanted: Node[] = []
  const extra = (value: Omit<Value, 'id'>): BufferId => {
    values.push({ ...value, id: values.length })
    return values.length - 1
  }
  const base = (node: Node): Node => {
    let at = node
    while (at.op.facts.leaf !== 'input' && uses.lowering(at).kind === 'alias') at = at.operands[0]!
    return at
  }
  const of = (node: Node): BufferId => {
    const owner = base(node)
    const known = ids.get(owner)
    if (known !== undefined) return known
    const lowering = owner.op.facts.leaf === 'input' ? undefined : uses.lowering(owner)
    const role: Role = !lowering
      ? (owner.params['role'] as 'input' | 'state')
      : lowering.kind === 'data'
        ? 'constant'
        : 'temporary'
    const id = extra({
      name: expressionOf(owner),
      role,
      dtype: owner.dtype,
      shape: sizes(owner.shape, owner.op.name),
      ...(lowering?.kind === 'data' && { data: lowering.data }),
    })
    ids.set(owner, id)
    if (role === 'temporary') wanted.push(owner)
    return id
  }
  for (const i of graph.inputs) of(i)
  const assign = (id: BufferId, role: Role, name: string) => {
    values[id] = { ...values[id]!, role, name }
  }
  return { values, base, of, wanted, extra, assign }
}
