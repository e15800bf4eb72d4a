/**
 * EliminationGraph: the computational graph of a scalar function, one vertex a value, one edge a local derivative, checked once.
 * Invariant: acyclic; neighbours are ascending and distinct (parallel edges are one edge, whose derivatives add).
 * May not: trust the document; every fault is an error that names its place.
 */
import { cyclicGraph, eliminationDocument } from '../../core/errors.ts'

export interface EliminationGraph {
  readonly vertices: number
  /** Vertices 0 … inputs − 1. */
  readonly inputs: number
  readonly outputs: ReadonlySet<number>
  readonly predecessors: readonly (readonly number[])[]
  readonly successors: readonly (readonly number[])[]
  /** What has to go, in topological order, lowest number first. An output that others read goes too: its row stays. */
  readonly intermediates: readonly number[]
}

/** Rows of bits are as long as the graph: beyond this, memory is the limit. */
const MOST_VERTICES = 20_000

/** `document`: `{ inputs, vertices, outputs, edges: [[from, to], …] }`, as JSON gives it; other fields are ignored. */
export function eliminationGraph(document: unknown): EliminationGraph {
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw eliminationDocument('the document', 'must be an object { inputs, vertices, outputs, edges }')
  const fields = document as { readonly [field: string]: unknown }
  const vertices = whole(fields['vertices'], 'vertices', MOST_VERTICES)
  const inputs = whole(fields['inputs'], 'inputs', vertices)
  const vertex = (value: unknown, place: string): number => {
    if (Number.isInteger(value) && (value as number) >= 0 && (value as number) < vertices) return value as number
    throw eliminationDocument(place, `${JSON.stringify(value)} is not a vertex; vertices are 0 … ${vertices - 1}`)
  }
  const outputs = new Set(list(fields['outputs'], 'outputs').map((v, i) => vertex(v, `outputs[${i}]`)))
  const [predecessors, successors] = neighbours(vertices, inputs, list(fields['edges'], 'edges'), vertex)
  const sorted = topological(predecessors, successors)
  const intermediates = sorted.filter((v) => v >= inputs && !(outputs.has(v) && successors[v]!.length === 0))
  return { vertices, inputs, outputs, predecessors, successors, intermediates }
}

function whole(value: unknown, field: string, most: number): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most) return value as number
  throw eliminationDocument(field, `must be a whole number from 0 to ${most}; it is ${JSON.stringify(value)}`)
}

function list(value: unknown, field: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw eliminationDocument(field, `must be a list; it is ${JSON.stringify(value)}`)
}

function neighbours(
  vertices: number,
  inputs: number,
  edges: readonly unknown[],
  vertex: (value: unknown, place: string) => number,
): readonly [number[][], number[][]] {
  const predecessors = Array.from({ length: vertices }, () => new Set<number>())
  const successors = Array.from({ length: vertices }, () => new Set<number>())
  for (const [i, edge] of edges.entries()) {
    if (!Array.isArray(edge) || edge.length !== 2)
      throw eliminationDocument(`edges[${i}]`, `must be [from, to]; it is ${JSON.stringify(edge)}`)
    const [from, to] = [vertex(edge[0], `edges[${i}][0]`), vertex(edge[1], `edges[${i}][1]`)]
    if (to < inputs) throw eliminationDocument(`edges[${i}]`, `leads to vertex ${to}, which is an input`)
    predecessors[to]!.add(from)
    successors[from]!.add(to)
  }
  const ascending = (sets: readonly Set<number>[]) => sets.map((set) => [...set].sort((a, b) => a - b))
  return [ascending(predecessors), ascending(successors)]
}

/** Kahn's algorithm; of the vertices that are ready, the lowest goes first. */
function topological(
  predecessors: readonly (readonly number[])[],
  successors: readonly (readonly number[])[],
): number[] {
  const waiting = predecessors.map((p) => p.length)
  /** Descending, so that the lowest is at the end. */
  const ready = [...waiting.keys()].filter((v) => waiting[v] === 0).reverse()
  const sorted: number[] = []
  for (let v = ready.pop(); v !== undefined; v = ready.pop()) {
    sorted.push(v)
    for (const next of successors[v]!) if (--waiting[next]! === 0) ready.splice(place(ready, next), 0, next)
  }
  if (sorted.length < waiting.length) throw cyclicGraph(cycle(predecessors, waiting))
  return sorted
}

function place(descending: readonly number[], v: number): number {
  let [low, high] = [0, descending.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (descending[middle]! > v) low = middle + 1
    else high = middle
  }
  return low
}

/** Every vertex that still waits has a predecessor that waits: going back from one, some vertex comes twice. */
function cycle(predecessors: readonly (readonly number[])[], waiting: readonly number[]): number[] {
  const path: number[] = []
  const position = new Map<number, number>()
  let v = waiting.findIndex((w) => w > 0)
  while (!position.has(v)) {
    position.set(v, path.length)
    path.push(v)
    v = predecessors[v]!.find((p) => waiting[p]! > 0)!
  }
  return [...path.slice(position.get(v)!), v].reverse()
}
