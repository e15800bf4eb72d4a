/**
 * Loops whose stacked results only loops that run the other way read: tapes, which need not be kept, since the loop can be run again.
 * Invariant: a tape is read as a whole slice by slice, by loops of the same length, each of which has its tapes from one loop.
 * May not: choose what to keep.
 */
import type { Graph, Lowering, Node, TensorType, TupleType } from '../../core/ir.ts'
import { bytesOf, count, sizes } from '../../core/shape.ts'

/** A loop and its operands by kind. */
export interface LoopNode {
  readonly node: Node
  readonly loop: Extract<Lowering, { kind: 'loop' }>
  readonly carry: readonly Node[]
  readonly over: readonly Node[]
  readonly captured: readonly Node[]
}

export interface LoopPair {
  /** The loop that leaves the tapes. */
  readonly maker: LoopNode
  /** The loops that read them. */
  readonly readers: readonly LoopNode[]
  /** Results of the maker that are tapes. */
  readonly tapes: readonly number[]
  /** Bytes of the tapes, and of the carries, for one iteration. */
  readonly tapeBytes: number
  readonly carryBytes: number
}

export function pairsOf(graph: Graph): LoopPair[] {
  const loops = new Map(graph.nodes.flatMap((n) => (n.op.facts.leaf ? [] : loopOf(n).map((l) => [n, l] as const))))
  if (loops.size < 2) return []
  const readers = new Map<LoopNode, LoopNode[]>()
  for (const reader of loops.values()) {
    const makers = new Set(reader.over.flatMap((x) => makerOf(x, reader, loops)))
    const [maker] = makers
    if (maker && makers.size === 1) readers.set(maker, [...(readers.get(maker) ?? []), reader])
  }
  const kept = keptItems(graph, new Map([...readers].flatMap(([maker, all]) => all.map((r) => [r.node, maker]))))
  return [...readers].flatMap(([maker, all]) => {
    const tapes = stacked(maker).filter((i) => !kept.get(maker.node)?.has(i) && all.some((r) => reads(r, maker, i)))
    const items = (maker.node.type as TupleType).items
    const bytes = (list: readonly number[]): number => list.reduce((sum, i) => sum + typeBytes(items[i]!), 0)
    if (tapes.length === 0) return []
    const carryBytes = bytes([...Array(maker.loop.carries).keys()])
    return [{ maker, readers: all, tapes, tapeBytes: bytes(tapes) / maker.loop.length, carryBytes }]
  })
}

function loopOf(node: Node): LoopNode[] {
  if (node.type.kind !== 'tuple') return []
  const loop = node.op.lower?.(node)
  if (loop?.kind !== 'loop') return []
  const { carries, overs } = loop
  const carry = node.operands.slice(0, carries)
  const over = node.operands.slice(carries, carries + overs)
  return [{ node, loop, carry, over, captured: node.operands.slice(carries + overs) }]
}

/** The loop of the other direction that stacked `x`. */
function makerOf(x: Node, reader: LoopNode, loops: ReadonlyMap<Node, LoopNode>): LoopNode[] {
  const maker = x.op.facts.projection ? loops.get(x.operands[0]!) : undefined
  const fits =
    maker &&
    itemOf(x) >= maker.loop.carries &&
    maker.loop.length === reader.loop.length &&
    maker.loop.reverse !== reader.loop.reverse
  return fits ? [maker] : []
}

/** The result that a projection reads. */
export const itemOf = (x: Node): number => x.params['index'] as number

const stacked = ({ node, loop }: LoopNode): number[] =>
  [...(node.type as TupleType).items.keys()].filter((i) => i >= loop.carries)
const reads = (reader: LoopNode, maker: LoopNode, i: number): boolean =>
  reader.over.some((x) => x.operands[0] === maker.node && x.op.facts.projection && itemOf(x) === i)

/** By loop, results that somebody reads who is not one of its readers going over them. */
function keptItems(graph: Graph, makers: ReadonlyMap<Node, LoopNode>): Map<Node, Set<number>> {
  const kept = new Map<Node, Set<number>>()
  const keep = (x: Node): void => {
    if (!x.op.facts.projection) return
    const tuple = x.operands[0]!
    kept.set(tuple, (kept.get(tuple) ?? new Set()).add(itemOf(x)))
  }
  for (const { node } of graph.outputs) keep(node)
  for (const node of graph.nodes) {
    const maker = makers.get(node)
    const own = maker && loopOf(node)[0]
    for (const x of new Set(node.operands)) {
      const over = own && x.op.facts.projection && x.operands[0] === maker.node && own.over.includes(x)
      if (!over || own.carry.includes(x) || own.captured.includes(x)) keep(x)
    }
  }
  return kept
}

const typeBytes = (t: TensorType): number => count(sizes(t.shape, 'scan')) * bytesOf[t.dtype]
