/**
 * Which buffer holds which node, while kernels are being made.
 * Invariant: a node and its aliases have one buffer; a buffer is made when somebody needs the node in memory.
 * May not: give addresses.
 */
import type { DType, Graph, Node, TupleType, TypedArray } from '../../core/ir.ts'
import type { BufferId } from '../../core/loops.ts'
import { expressionOf } from '../../core/node.ts'
import { sizes } from '../../core/shape.ts'
import type { Role } from '../types.ts'
import type { Uses } from './uses.ts'

export interface Value {
  readonly id: BufferId
  /** Made only for buffers that stay: most do not. */
  readonly name: string | (() => string)
  readonly role: Role
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data?: TypedArray
  /** The part of another buffer that an iteration of a loop sees: the k-th along the first axis, counted from the end if `reverse`. */
  readonly slice?: { readonly of: BufferId; readonly loop: number; readonly count: number; readonly reverse: boolean }
}

export const nameOf = ({ name }: Pick<Value, 'name'>): string => (typeof name === 'string' ? name : name())

/** All buffers of a plan in the making, those of loop bodies included. */
export interface Table {
  readonly values: Value[]
  /** A buffer that no node owns. */
  extra(value: Omit<Value, 'id'>): BufferId
  /** Declare what a buffer is for: an output or the next value of a state. */
  assign(id: BufferId, role: Role, name: Value['name']): void
  /** The buffer that holds the bytes: of a slice, the whole. */
  whole(id: BufferId): BufferId
}

/** Buffer 0 is the control area. */
export const tableOf = (controlBytes: number): Table =>
  tableFrom([{ id: 0, name: 'control', role: 'control', dtype: 'i32', shape: [controlBytes / 4] }])

/** A table of its own that begins with these. */
export function tableFrom(start: readonly Value[]): Table {
  const values = [...start]
  let slices = start.filter((v) => v.slice).length
  return {
    values,
    extra: (value) => {
      if (value.slice) slices++
      return values.push({ ...value, id: values.length }) - 1
    },
    assign: (id, role, name) => {
      values[id] = { ...values[id]!, role, name }
    },
    whole: (id) => {
      let at = id
      if (slices === 0) return at
      for (let slice = values[at]!.slice; slice; slice = values[at]!.slice) at = slice.of
      return at
    },
  }
}

/** The buffers of one graph: the whole, or a body. */
export interface Buffers {
  readonly table: Table
  /** The node whose memory `node` is: itself, unless it is an alias. */
  base(node: Node): Node
  /** The buffer of `node`; makes one, and asks for the node's kernel, the first time. */
  of(node: Node): BufferId
  /** Buffers of all items of a tuple. */
  items(tuple: Node): readonly BufferId[]
  /** Nodes whose buffers were asked for and that kernels must compute, in the order of asking. */
  readonly wanted: readonly Node[]
  /** Says where a node that has no buffer yet is to be computed; false where it has one, or is not computed at all. */
  compute(node: Node, into: BufferId): boolean
}

/** `known`: buffers of the graph's inputs, where it is a body; else they are made. */
export function buffersOf(table: Table, graph: Graph, uses: Uses, known?: readonly BufferId[]): Buffers {
  const ids = new Map<Node, BufferId>()
  const tuples = new Map<Node, readonly BufferId[]>()
  const wanted: Node[] = []
  const base = (node: Node): Node => {
    let at = node
    while (at.op.facts.leaf !== 'input' && uses.lowering(at).kind === 'alias') at = at.operands[0]!
    return at
  }
  const named = (node: Node, role: Role, data?: TypedArray): BufferId =>
    table.extra({
      name: () => expressionOf(node),
      role,
      dtype: node.dtype,
      shape: sizes(node.shape, node.op.name),
      ...(data && { data }),
    })
  const items = (tuple: Node): readonly BufferId[] => {
    const made = tuples.get(tuple)
    if (made) return made
    const fresh = (tuple.type as TupleType).items.map((t, i) =>
      table.extra({
        name: `${tuple.op.name}#${i}`,
        role: 'temporary',
        dtype: t.dtype,
        shape: sizes(t.shape, tuple.op.name),
      }),
    )
    tuples.set(tuple, fresh)
    wanted.push(tuple)
    return fresh
  }
  const make = (owner: Node): BufferId => {
    if (owner.op.facts.leaf === 'input') return named(owner, owner.params['role'] as 'input' | 'state')
    const lowering = uses.lowering(owner)
    if (lowering.kind === 'item') return items(owner.operands[0]!)[owner.params['index'] as number]!
    if (lowering.kind === 'data') return named(owner, 'constant', lowering.data)
    wanted.push(owner)
    return named(owner, 'temporary')
  }
  const of = (node: Node): BufferId => {
    const owner = base(node)
    const id = ids.get(owner) ?? make(owner)
    ids.set(owner, id)
    return id
  }
  const compute = (node: Node, into: BufferId): boolean => {
    const owner = base(node)
    if (ids.has(owner) || owner.op.facts.leaf === 'input' || ['data', 'item'].includes(uses.lowering(owner).kind))
      return false
    ids.set(owner, into)
    wanted.push(owner)
    return true
  }
  graph.inputs.forEach((node, i) => ids.set(node, known?.[i] ?? of(node)))
  return { table, base, of, items, wanted, compute }
}
