/**
 * The graph of elements: a linear graph taken apart, one vertex for each number that is computed, one edge for each local derivative between two
 * of them. Where all values have one shape and all maps are diagonals, vertices are whole values instead, and slopes have that shape.
 * Invariant: acyclic, operands first; every vertex but the inputs lies on a path to an output; what only moves an element is no vertex of its own.
 * May not: grow beyond its bound: what is larger has no such graph.
 */
import type { DType, ElementGraph, JointMap, LinearMap, Node } from '../../ir.ts'
import { count, sameShape, sizes } from '../../shape.ts'
import type { Linearization } from '../linearize.ts'
import { type Entry, elementCount, entriesOf, laneOf, type Taken } from './entries.ts'
import { plus, type Slope } from './slopes.ts'

export interface Elements {
  /** The shape of values that are vertices; absent where vertices are single elements. */
  readonly lane: readonly number[] | undefined
  readonly dtypes: readonly DType[]
  /** Vertices of each value differentiated by, and of each output; absent where nothing reaches it. Inputs are numbered first. */
  readonly wrt: readonly (readonly number[])[]
  readonly outputs: readonly (readonly (number | undefined)[])[]
  /** Slopes into each vertex, by the vertex they come from. */
  readonly into: readonly ReadonlyMap<number, Slope>[]
}

/** Most elements of one value, and of all; most entries of local Jacobians of operators that compute. */
const VALUE = 64
const ALL = 4096
const ENTRIES = 2048

/** A reason where there is none. Made once: a planner builds one problem several times. */
export function elementsOf(linear: Linearization): Elements | string {
  const known = graphs.get(linear)
  if (known !== undefined) return known
  const made = elementsFor(linear)
  graphs.set(linear, made)
  return made
}
const graphs = new WeakMap<Linearization, Elements | string>()

function elementsFor(linear: Linearization): Elements | string {
  const odd = linear.steps.find(({ node, map }) => map.kind !== 'partials' || node.type.kind !== 'tensor')
  if (odd) return `${odd.node.op.name} has no derivative element by element`
  const nodes = [...linear.wrt, ...linear.steps.map((s) => s.node)]
  const lane = laneShape(linear, nodes)
  const sized = lane ? nodes.map(() => 1) : nodes.map(elementCount)
  const all = sized.reduce((a, b) => a + b, 0)
  if (all > ALL || sized.some((n) => n > VALUE))
    return `it is for scalars and small values: at most ${VALUE} elements each and ${ALL} together; there are ${Math.max(...sized)} and ${all}`
  const entries = lane ? 0 : operatorEntries(linear, new Set(nodes))
  if (entries > ENTRIES)
    return `it is for scalars and small values: local Jacobians have up to ${entries} entries, more than ${ENTRIES}`
  return pruned(takenApart(linear, lane))
}

function operatorEntries({ steps }: Linearization, active: ReadonlySet<Node>): number {
  let entries = 0
  for (const { node, map } of steps)
    for (const [k, x] of node.operands.entries())
      if (active.has(x) && (map as Partials).maps[k]!.kind === 'operator' && !node.op.facts.view)
        entries += elementCount(node) * elementCount(x)
  return entries
}
type Partials = Extract<JointMap, { kind: 'partials' }>

/** The one shape of all values, if all maps are diagonals. */
function laneShape({ steps }: Linearization, nodes: readonly Node[]): readonly number[] | undefined {
  const shape = nodes[0]?.shape
  if (!shape || !nodes.every((n) => sameShape(n.shape, shape)) || count(sizes(shape, 'elements')) < 2) return undefined
  const known = new Set(nodes)
  const flat = steps.every(({ node, map }) =>
    node.operands.every((x, k) => !known.has(x) || laneOf(node, k, (map as Partials).maps[k]!) !== undefined),
  )
  return flat ? sizes(shape, 'elements') : undefined
}

function takenApart({ wrt, outputs, steps }: Linearization, lane: readonly number[] | undefined): Elements {
  const held = new Map<Node, readonly (number | undefined)[]>()
  const dtypes: DType[] = []
  const into: Map<number, Slope>[] = []
  const taken: Taken = new Map()
  const vertex = (node: Node, slopes: Map<number, Slope>): number => into.push(slopes) && dtypes.push(node.dtype) - 1
  const sizeOf = (node: Node): number => (lane ? 1 : elementCount(node))
  for (const x of wrt)
    held.set(
      x,
      Array.from({ length: sizeOf(x) }, () => vertex(x, new Map())),
    )
  for (const { node, map, shielded } of steps) {
    const slopes = Array.from({ length: sizeOf(node) }, () => new Map<number, Slope>())
    const { maps } = map as Partials
    for (const [k, x] of node.operands.entries()) {
      const from = held.get(x)
      if (!from || maps[k]!.kind === 'zero') continue
      const marks = { ...(node.op.facts.branches?.includes(k) && MASKS), ...(shielded && SINGULAR) }
      for (const { row, column, value } of lane ? whole(node, k, maps[k]!) : entriesOf(node, k, maps[k]!, taken)) {
        const [u, at] = [from[column], slopes[row]!]
        if (u !== undefined) at.set(u, plus(at.get(u), { value, ...(typeof value !== 'number' && marks) }))
      }
    }
    held.set(
      node,
      slopes.map((s) => (s.size === 0 ? undefined : (moved(s) ?? vertex(node, s)))),
    )
  }
  const verticesOf = (y: Node) => held.get(y) ?? Array.from({ length: sizeOf(y) }, () => undefined)
  return { lane, dtypes, into, wrt: wrt.map((x) => held.get(x) as number[]), outputs: outputs.map(verticesOf) }
}
const MASKS = { masks: true } as const
const SINGULAR = { singular: true } as const

const whole = (node: Node, k: number, map: LinearMap): Entry[] => {
  const value = laneOf(node, k, map)!
  return value === 0 ? [] : [{ row: 0, column: 0, value }]
}

/** The vertex that an element is, if it is one unchanged. */
function moved(slopes: ReadonlyMap<number, Slope>): number | undefined {
  const [[from, slope]] = slopes as unknown as [[number, Slope]]
  return slopes.size === 1 && slope.value === 1 ? from : undefined
}

/** Without what reaches no output, numbered anew. */
function pruned(e: Elements): Elements {
  const needed = new Set([...e.wrt.flat(), ...e.outputs.flat().filter((v) => v !== undefined)])
  for (let v = e.into.length - 1; v >= 0; v--) if (needed.has(v)) for (const u of e.into[v]!.keys()) needed.add(u)
  const kept = [...e.into.keys()].filter((v) => needed.has(v))
  const at = new Map(kept.map((v, i) => [v, i]))
  return {
    lane: e.lane,
    dtypes: kept.map((v) => e.dtypes[v]!),
    wrt: e.wrt.map((x) => x.map((v) => at.get(v)!)),
    outputs: e.outputs.map((y) => y.map((v) => (v === undefined ? v : at.get(v)!))),
    into: kept.map((v) => new Map([...e.into[v]!].map(([u, s]) => [at.get(u)!, s]))),
  }
}

/** What has to go: all but the inputs and the outputs that nobody reads. An output that others read goes too: its slopes stay. */
export function intermediates(e: Elements): number[] {
  const read = new Set(e.into.flatMap((slopes) => [...slopes.keys()]))
  const inputs = e.wrt.flat().length
  return [...e.into.keys()].filter((v) => v >= inputs && read.has(v))
}

/** As plain numbers. */
export function describe(e: Elements): ElementGraph {
  const names = new Map<Node, string>()
  const name = ({ value }: Slope): number | string => {
    if (typeof value === 'number') return value
    return names.get(value) ?? names.set(value, `d${names.size}`).get(value)!
  }
  return {
    inputs: e.wrt.flat().length,
    vertices: e.into.length,
    outputs: e.outputs.flat().filter((v) => v !== undefined),
    edges: e.into.flatMap((slopes, to) => [...slopes].map(([from, s]) => ({ from, to, slope: name(s) }))),
  }
}
