/**
 * Which columns each element of a graph depends on, from what each element of its inputs does: node by node, through lowerings, loops and branches.
 * Invariant: an upper bound; where a lowering does not say, an element depends on all that its operands do.
 * May not: recurse over depth (bodies nest as deep as the program's loops do), or look at an op's name.
 */
import { evaluateBody } from '../evaluate-body.ts'
import { graphOf } from '../graph.ts'
import type { Graph, Lowering, Node, Tensor, Type } from '../ir.ts'
import { count, sizes, stridesOf } from '../shape.ts'
import type { At, Visit } from './element-reads.ts'
import { type Gone, type Reader, step, written } from './points.ts'
import type { RowSets, Rows } from './row-sets.ts'

/** Absent: depends on nothing. Of a tuple, one for each item. */
type Found = Rows | undefined
export interface Flow {
  readonly sets: RowSets
  /** What depends on no input, and its value once asked for. */
  readonly constants: Map<Node, { value?: Tensor }>
  readonly readers: Map<Node, Reader>
}
export const flowOver = (sets: RowSets): Flow => ({ sets, constants: new Map(), readers: new Map() })

/** Rounds until a loop without a length must have settled. */
const ROUNDS = 64
/** Elements of a constant that is worth knowing. */
const CONSTANT = 2 ** 22

export function flow(graph: Graph, given: readonly Found[], f: Flow): Found[] {
  const found = new Map<Node, Found>(graph.inputs.map((x, i) => [x, given[i]]))
  const tuples = new Map<Node, readonly Found[]>()
  for (const node of graph.nodes) {
    if (node.op.facts.leaf === 'input') continue
    noteConstant(node, f)
    const tuple = node.op.facts.projection && tuples.get(node.operands[0]!)
    if (tuple) {
      found.set(node, tuple[node.params['index'] as number])
      continue
    }
    const operands = node.operands.map((o) => found.get(o))
    const made = operands.some((r) => r) ? ofNode(node, operands, f) : []
    if (node.type.kind === 'tuple') tuples.set(node, made)
    else if (made[0]) found.set(node, made[0])
  }
  return graph.outputs.map((o) => found.get(o.node))
}

function noteConstant(node: Node, { constants }: Flow): void {
  if (constants.has(node) || node.type.kind === 'tuple' || node.op.expand || node.op.inline) return
  const { leaf, opaque } = node.op.facts
  if (leaf === 'constant' || (!opaque && node.operands.every((o) => constants.has(o)))) constants.set(node, {})
}
function valueOf(node: Node, { constants }: Flow): (() => Tensor) | undefined {
  const held = constants.get(node)
  if (!held || elements(node.type) > CONSTANT) return undefined
  return () => {
    held.value ??= evaluateBody(graphOf('constant', [], [{ name: 'value', node }]), [])[0]!
    return held.value
  }
}

/** A constant that may make a factor 0, or a condition false. */
const hasZeros = (node: Node, f: Flow): boolean => valueOf(node, f)?.().data.includes(0) ?? false

/** Of each item of a tuple; of a tensor, one. */
function ofNode(node: Node, operands: readonly Found[], f: Flow): Found[] {
  const lowering = f.sets.exhausted() ? undefined : node.op.lower?.(node)
  switch (lowering?.kind) {
    case 'data':
      return []
    case 'alias':
      return [operands[0]]
    case 'pointwise':
      if (node.op.facts.elementwise && !node.operands.some((o) => hasZeros(o, f)))
        return [operands.reduce((a, b) => either(a, b, f.sets))]
      return [ofElements(node, lowering, operands, f)]
    case 'reduce':
    case 'scatter':
      return [ofElements(node, lowering, operands, f)]
    case 'parts':
      return [ofParts(node, lowering.starts, operands, f.sets)]
    case 'loop':
      return ofLoop(lowering, operands, f)
    case 'branch': {
      const [yes, no] = lowering.bodies.map((body) => flow(body, operands.slice(1), f)) as [Found[], Found[]]
      return yes.map((rows, i) => either(rows, no[i], f.sets))
    }
    case 'while':
      return ofWhile(lowering, operands, f)
    default: {
      const all = everything(operands, f.sets)
      const types = node.type.kind === 'tuple' ? node.type.items : [node.type]
      return types.map((t) => new Array<Int32Array>(elements(t)).fill(all))
    }
  }
}
const elements = (type: Type): number =>
  type.kind === 'tensor' ? count(sizes(type.shape, 'pattern')) : type.items.reduce((n, t) => n + elements(t), 0)

/** Values of so many elements, each of which depends on all. */
const allOf = (counts: readonly number[], { sets }: Flow): Rows[] =>
  counts.map((n) => new Array<Int32Array>(n).fill(sets.full))

function everything(operands: readonly Found[], sets: RowSets): Int32Array {
  sets.start()
  for (const rows of operands) for (const set of new Set(rows)) sets.add(set)
  return sets.finish()
}
function either(a: Found, b: Found, sets: RowSets): Found {
  if (!a || !b || a === b) return a ?? b
  sets.spend(a.length)
  return a.map((set, i) => {
    sets.start()
    sets.add(set)
    sets.add(b[i]!)
    return sets.finish()
  })
}

function readerOf(node: Node, lowering: Gone, f: Flow): Reader {
  const made = f.readers.get(node) ?? written(node, lowering, (operand) => valueOf(operand, f))
  f.readers.set(node, made)
  return made
}

function ofElements(node: Node, lowering: Gone, operands: readonly Found[], f: Flow): Found {
  const { sets } = f
  const { outer, inner, visit, to } = readerOf(node, lowering, f)
  if (!visit) return undefined
  const [points, over] = [count(outer), count(inner)]
  sets.spend(points)
  if (sets.exhausted()) return new Array<Int32Array>(elements(node.type)).fill(sets.full)
  const at: At = new Int32Array(outer.length + inner.length)
  const add: Visit = (k, flat) => {
    const rows = operands[k]
    if (rows) sets.add(rows[flat]!)
  }
  const stored = to && Array.from({ length: elements(node.type) }, (): Int32Array[] => [])
  const made: Int32Array[] = []
  for (let p = 0; p < points; p++) {
    sets.start()
    at.fill(0, outer.length)
    for (let o = 0; o < over && !sets.isFull(); o++) {
      visit(at, add)
      step(at, inner, outer.length)
      sets.spend(1)
    }
    const set = sets.finish()
    if (!stored) made.push(set)
    else if (set.length > 0) to(at, (flat) => stored[flat]!.push(set))
    step(at, outer, 0)
  }
  return stored ? stored.map((all) => union(all, sets)) : made
}

function union(all: readonly Int32Array[], sets: RowSets): Int32Array {
  sets.start()
  for (const set of all) sets.add(set)
  return sets.finish()
}

function ofParts(node: Node, starts: readonly (readonly number[])[], operands: readonly Found[], sets: RowSets): Rows {
  const strides = stridesOf(sizes(node.shape, 'pattern'))
  const made = new Array<Int32Array>(elements(node.type)).fill(sets.empty)
  operands.forEach((rows, k) => {
    if (!rows) return
    sets.spend(rows.length)
    const own = sizes(node.operands[k]!.shape, 'pattern')
    const at = new Int32Array(own.length)
    for (const set of rows) {
      made[at.reduce((flat, i, d) => flat + (i + starts[k]![d]!) * strides[d]!, 0)] = set
      step(at, own, 0)
    }
  })
  return made
}

function ofLoop(
  { body, length, carries, overs, reverse }: Extract<Lowering, { kind: 'loop' }>,
  operands: readonly Found[],
  f: Flow,
): Found[] {
  f.sets.spend(length * body.nodes.length)
  if (f.sets.exhausted())
    return allOf(
      body.outputs.map(({ node }, i) => elements(node.type) * (i < carries ? 1 : length)),
      f,
    )
  let carry = operands.slice(0, carries)
  const over = operands.slice(carries, carries + overs)
  const outs = body.outputs.slice(carries).map(() => new Array<Found>(length))
  for (let k = 0; k < length; k++) {
    const at = reverse ? length - 1 - k : k
    const slices = over.map((rows) => rows?.slice((at * rows.length) / length, ((at + 1) * rows.length) / length))
    const made = flow(body, [...carry, ...slices, ...operands.slice(carries + overs)], f)
    carry = made.slice(0, carries)
    outs.forEach((out, i) => {
      out[at] = made[carries + i]
    })
  }
  const none = body.outputs.map(({ node }) => new Array<Int32Array>(elements(node.type)).fill(f.sets.empty))
  return [
    ...carry,
    ...outs.map((out, i) => (out.some((rows) => rows) ? out.flatMap((rows) => rows ?? none[carries + i]!) : undefined)),
  ]
}

function ofWhile(
  { body, carries }: Extract<Lowering, { kind: 'while' }>,
  operands: readonly Found[],
  f: Flow,
): Found[] {
  let carry = operands.slice(0, carries)
  for (let round = 0; round < ROUNDS; round++) {
    const made = flow(body, [...carry, ...operands.slice(carries)], f).map((rows, i) => either(carry[i], rows, f.sets))
    const settled = made.every(
      (rows, i) => rows === carry[i] || rows?.every((set, p) => set.length === carry[i]?.[p]?.length),
    )
    carry = made
    if (settled) return carry
  }
  const all = everything(operands, f.sets)
  return carry.map((_, i) => new Array<Int32Array>(elements(body.inputs[i]!.type)).fill(all))
}
