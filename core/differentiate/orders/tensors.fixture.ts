/** An elimination of whole values drawn at random. May not: be used outside tests. */
import type { LinearGraph } from '../../ir.ts'
import type { TensorOrder, TensorStep, UnitSeeds } from '../../order.ts'

/** `pick(n)`: a whole number below n. */
export function randomTensors({ vertices, edges }: LinearGraph, pick: (below: number) => number): TensorOrder {
  const tuples = new Set(edges.flatMap((e) => (e.structure ? [] : [e.from, e.to])))
  const left = [...vertices.keys()].filter((v) => vertices[v]!.role === 'inner' && !tuples.has(v) && pick(3) > 0)
  const by = (): UnitSeeds => (pick(2) ? 'tangents' : 'cotangents')
  const order: TensorStep[] = []
  while (left.length > 0) {
    const [vertex] = left.splice(pick(left.length), 1) as [number]
    const sides = pick(3)
    order.push({ vertex, ...(sides !== 0 && { into: by() }), ...(sides !== 1 && { out: by() }) })
  }
  return { kind: 'tensors', order, rest: by() }
}
