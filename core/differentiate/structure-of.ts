/**
 * The structure of a local Jacobian, from its linear map and from what its lowering reads: written once with symbolic indices.
 * Invariant: an upper bound: what it says is 0 or equal is so for every value of the operands.
 * May not: ask an op for its name, or evaluate.
 */
import { axis } from '../affine.ts'
import type { ElementWriter, Index, LinearMap, Node } from '../ir.ts'
import type { Scalar } from '../scalar.ts'
import { count, sizes } from '../shape.ts'
import type { Linearization } from './linearize.ts'
import { added, composed, denseOf, diagonalOf, type Structure, structure, zeroOf } from './structure.ts'

const shapeOf = (node: Node): readonly number[] => sizes(node.shape, 'structure')

/** Of the result of `node` by its operand `k`, whose map is `map`. */
export function structureOf(node: Node, k: number, map: LinearMap): Structure {
  const [rows, columns] = [shapeOf(node), shapeOf(node.operands[k]!)]
  switch (map.kind) {
    case 'zero':
      return zeroOf(rows, columns)
    case 'identity':
      return diagonalOf(rows, 1)
    case 'scale':
      return diagonalOf(rows, map.by)
    case 'diagonal':
      return diagonalOf(rows, constantOf(map.by) ?? 'varies', unvaried(map.by))
    case 'operator':
      return operatorOf(node, k, rows, columns)
  }
}

/** Axes along which a stretched value is the same. */
const unvaried = (node: Node): number[] =>
  node.op.facts.stretches
    ? node.shape.map((_, a) => a).filter((a) => !(node.params['axes'] as number[]).includes(a))
    : []

/** Of a constant, or of one that views move: its number, where it has only one. */
function constantOf(node: Node): number | 'constant' | undefined {
  let at = node
  while (at.op.facts.stretches) at = at.operands[0]!
  const { value } = at.params
  if (at.op.facts.leaf === 'constant' && (typeof value === 'number' || typeof value === 'string')) return Number(value)
  while (at.op.facts.view && at.operands.length === 1) at = at.operands[0]!
  return at.op.facts.leaf === 'constant' ? 'constant' : undefined
}

/** Index of the result, what is read of the operand there, and what the element is made of. */
interface Reading {
  readonly result: readonly Index[]
  readonly reads: readonly (readonly Index[])[]
  /** Reads of the other operands. */
  readonly others: readonly (readonly Index[])[]
  /** The element is a sum of what is read, unchanged. */
  readonly exact: boolean
  /** The element is a sum of products of operand 0 and operand 1. */
  readonly product: boolean
  /** Nothing is summed up or chosen among: each element reads once. */
  readonly single: boolean
}

function operatorOf(node: Node, k: number, rows: readonly number[], columns: readonly number[]): Structure {
  const lowering = node.op.lower?.(node)
  const [other] = node.operands.filter((_, i) => i !== k)
  switch (lowering?.kind) {
    case 'alias':
      return aliasOf(rows, columns)
    case 'parts':
      return partOf(lowering.starts[k]!, rows, columns)
    case 'pointwise':
    case 'reduce':
    case 'scatter': {
      const r = readingOf(node, k)
      const values = r.exact ? 1 : r.product && other && constantOf(other) !== undefined ? 'constant' : 'varies'
      return ofReading(r, values, rows, columns)
    }
    default:
      return denseOf(rows, columns)
  }
}

/** The same elements in the same order: axes whose stride and extent stay are paired. */
function aliasOf(rows: readonly number[], columns: readonly number[]): Structure {
  const inner = (shape: readonly number[], a: number): number => count(shape.slice(a + 1))
  const pairs = rows.flatMap((d, a) => {
    const e = columns.findIndex((c, i) => c === d && d > 1 && inner(columns, i) === inner(rows, a))
    return e < 0 ? [] : [[a, e] as const]
  })
  const one = { rowwise: true, columnwise: true, values: 1, shifts: [], rows, columns } as const
  return structure({ ...one, pairs, repeated: pairs.map(([a]) => a) })
}

/** A part of a concatenation: shifted along the axes where it does not fill the whole. */
function partOf(start: readonly number[], rows: readonly number[], columns: readonly number[]): Structure {
  const whole = (a: number): boolean => start[a] === 0 && rows[a] === columns[a]
  const axes = rows.map((_, a) => a)
  return structure({
    pairs: axes.filter(whole).map((a) => [a, a] as const),
    ...{ rowwise: true, columnwise: true, values: 1, repeated: axes.filter(whole), rows, columns },
    shifts: axes.filter((a) => !whole(a)).map((a) => ({ row: a, column: a, stride: 1 })),
  })
}

function readingOf(node: Node, k: number): Reading {
  const lowering = node.op.lower!(node)
  const axes = (extents: readonly number[], from: number): Index[] => extents.map((n, i) => axis(from + i, n))
  const { writer, reads, others, isRead } = recorder(k)
  const done = { reads, others }
  if (lowering.kind === 'scatter') {
    const at = axes(lowering.extents, 0)
    const places = recorder(-1)
    const result = lowering.to(at, places.writer)
    const exact = isRead(lowering.value(at, writer))
    return { reads, others: [...others, ...places.others], result, exact, product: false, single: false }
  }
  const result = axes(shapeOf(node), 0)
  if (lowering.kind === 'pointwise') {
    const exact = isRead(lowering.value(result, writer))
    return { ...done, result, exact, product: false, single: reads.length === 1 }
  }
  if (lowering.kind !== 'reduce') return { ...done, result, exact: false, product: false, single: false }
  const exact = isRead(lowering.value(result, axes(lowering.over, result.length), writer)) && lowering.monoid === 'sum'
  return { ...done, result, exact, product: lowering.product === true, single: false }
}

function recorder(k: number) {
  const reads: (readonly Index[])[] = []
  const others: (readonly Index[])[] = []
  const read = new Set<Scalar>()
  const scalar = (dtype: Scalar['dtype']): Scalar => ({ id: 0, dtype })
  const writer: ElementWriter = {
    constant: (_, dtype) => scalar(dtype),
    apply: (op, args, dtype) => scalar(dtype ?? args[op === 'select' || op === 'rare' ? 1 : 0]!.dtype),
    bounded: (value) => value,
    index: () => scalar('i32'),
    inside: () => scalar('bool'),
    read: (i, at) => {
      ;(i === k ? reads : others).push(at)
      const made = scalar('f64')
      if (i === k) read.add(made)
      return made
    },
  }
  return { writer, reads, others, isRead: (s: Scalar): boolean => read.has(s) && reads.length === 1 }
}

/** The only loop axis of an index, with its stride. */
function alone(at: Index): { readonly axis: number; readonly stride: number } | undefined {
  const [term, ...more] = at.terms
  return term && more.length === 0 && !at.indirect ? term : undefined
}

function ofReading(r: Reading, values: Structure['values'], rows: readonly number[], columns: readonly number[]) {
  /** The row axis that lies along a loop axis, exactly. */
  const rowOf = (loop: number): number =>
    r.result.findIndex((at) => at.offset === 0 && alone(at)?.axis === loop && alone(at)?.stride === 1)
  const everywhere = (holds: (at: readonly Index[]) => boolean): boolean => r.reads.length > 0 && r.reads.every(holds)
  const pairs: (readonly [number, number])[] = []
  const shifts: { row: number; column: number; stride: number }[] = []
  const first = r.reads[0] ?? []
  first.forEach((index, e) => {
    const by = alone(index)
    const a = by ? rowOf(by.axis) : -1
    if (
      a >= 0 &&
      everywhere((at) => at[e]!.offset === 0 && alone(at[e]!)?.axis === by!.axis && alone(at[e]!)?.stride === 1)
    )
      pairs.push([a, e])
    else if (r.exact || r.product)
      for (const t of index.terms) {
        const row = rowOf(t.axis)
        const elsewhere = [...r.others, ...r.reads.map((at) => at.filter((_, d) => d !== e))].some((at) =>
          at.some((i) => i.terms.some((o) => o.axis === t.axis)),
        )
        if (row >= 0 && !index.indirect && r.reads.length === 1 && !elsewhere)
          shifts.push({ row, column: e, stride: t.stride })
      }
  })
  const loops = (a: number): number => r.result[a]!.terms[0]?.axis ?? -1
  const uses = (at: readonly Index[], loop: number): boolean =>
    at.some((i) => i.terms.some((t) => t.axis === loop) || i.indirect)
  const repeated = pairs.flatMap(([a, e]) => {
    const loop = loops(a)
    const own = r.reads.every(
      (at) =>
        !uses(
          at.filter((_, d) => d !== e),
          loop,
        ),
    )
    return (r.exact || r.product) && own && !r.others.some((at) => uses(at, loop)) ? [a] : []
  })
  /** A row axis is known from the column where some index is that axis alone. */
  const known = (a: number): boolean =>
    rows[a] === 1 ||
    everywhere((at) => at.some((i) => alone(i) && alone(i)!.axis === loops(a) && r.result[a]!.terms.length === 1))
  return structure({
    ...{ pairs, shifts, repeated, values, rows, columns },
    rowwise: r.single,
    columnwise: rows.every((_, a) => known(a)) && r.result.every((at) => !at.indirect),
  })
}

/** Of each output by each value differentiated by: sums over paths of compositions along them. Loops and branches count as dense. */
export function structures({ wrt, outputs, steps }: Linearization): Structure[][] {
  return outputs.map((y) => wrt.map((x) => structureBetween(steps, y, x)))
}

function structureBetween(steps: Linearization['steps'], y: Node, x: Node): Structure {
  const at = new Map<Node, Structure>([[x, diagonalOf(shapeOf(x), 1)]])
  const reached = new Set<Node>([x])
  for (const { node, map } of steps) {
    const from = node.operands.flatMap((o, k) => (reached.has(o) ? [k] : []))
    if (from.length === 0) continue
    reached.add(node)
    if (node.type.kind === 'tuple') continue
    const edges = from.map((k) => {
      const before = at.get(node.operands[k]!)
      if (!before || map.kind !== 'partials') return denseOf(shapeOf(node), shapeOf(x))
      return composed(structureOf(node, k, map.maps[k]!), before)
    })
    at.set(node, edges.reduce(added))
  }
  return at.get(y) ?? zeroOf(shapeOf(y), shapeOf(x))
}
