/**
 * What an elimination order costs when slopes are known: products of numbers and by 1 are free, and what was computed before is not computed
 * again. Each product, sum and change of sign is one operation.
 * Invariant: equal slopes have one number here, however they came about; so orders can be compared, and prices of one graph are remembered.
 * May not: choose.
 */
import type { ElementGraph } from '../../core/ir.ts'
import { type SlopeIds, slopeIds } from './slope-ids.ts'

export interface SlopeCount {
  /** Intermediates, operands first. */
  readonly vertices: readonly number[]
  readonly neighbours: readonly (readonly number[])[]
  /** Operations of an order; infinite as soon as they are more than `most`. */
  price(order: readonly number[], most: number): number
  /** Products looked at so far: the measure of the search's own work. */
  spent(): number
}

/** Rows: slopes into each vertex; readers: those that it has a slope into. */
interface State {
  readonly rows: Map<number, number>[]
  readonly readers: Set<number>[]
}
/** What all orders share. `made`: the order (by number) in which an id was computed last: those of this order are there already. */
interface Counter {
  readonly ids: SlopeIds
  readonly start: State
  readonly kept: ReadonlySet<number>
  readonly made: number[]
  order: number
  spent: number
}

export function slopeCount(graph: ElementGraph): SlopeCount {
  const counter = counterOf(graph)
  const { rows, readers } = counter.start
  const vertices = [...rows.keys()].filter((v) => v >= graph.inputs && readers[v]!.size > 0)
  const inner = new Set(vertices)
  return {
    vertices,
    neighbours: rows.map((row, v) => [...row.keys(), ...readers[v]!].filter((u) => inner.has(u))),
    spent: () => counter.spent,
    price: (order, most) => {
      const state = begin(counter)
      let cost = 0
      for (const v of order) {
        cost += eliminate(counter, state, v)
        if (cost > most) return Number.POSITIVE_INFINITY
      }
      return cost
    },
  }
}

function counterOf({ vertices, outputs, edges }: ElementGraph): Counter {
  const ids = slopeIds()
  const start: State = {
    rows: Array.from({ length: vertices }, () => new Map()),
    readers: Array.from({ length: vertices }, () => new Set()),
  }
  for (const { from, to, slope } of edges) {
    start.rows[to]!.set(from, ids.idOf(slope))
    start.readers[from]!.add(to)
  }
  return { ids, start, kept: new Set(outputs), made: [], order: 0, spent: 0 }
}

function begin(c: Counter): State {
  c.order++
  return { rows: c.start.rows.map((r) => new Map(r)), readers: c.start.readers.map((r) => new Set(r)) }
}

/** Whether making `id` of two others is an operation of this order, not made before: 1 or 0. */
function compute({ ids, made, order }: Counter, id: number, a: number, b: number): 0 | 1 {
  if (id === a || id === b || made[id] === order || !Number.isNaN(ids.numbers[id]!)) return 0
  made[id] = order
  return 1
}

function eliminate(c: Counter, { rows, readers }: State, v: number): number {
  const own = rows[v]!
  let cost = 0
  c.spent += own.size * readers[v]!.size
  for (const to of readers[v]!) {
    const row = rows[to]!
    const left = row.get(v)!
    row.delete(v)
    for (const [from, right] of own) {
      const product = c.ids.product(left, right)
      cost += compute(c, product, left, right)
      const held = row.get(from)
      const sum = held === undefined ? product : c.ids.sum(held, product)
      if (held !== undefined) cost += compute(c, sum, held, product)
      row.set(from, sum)
      readers[from]!.add(to)
    }
  }
  readers[v]!.clear()
  if (c.kept.has(v)) return cost
  for (const from of own.keys()) readers[from]!.delete(v)
  rows[v] = new Map()
  return cost
}
