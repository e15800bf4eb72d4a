/**
 * What `perExample: 'B'` adds to a request: the same program for one example, and for two and three, by which the examples are told apart.
 * Invariant: the name stands once in the shape of the result, and at most once in that of every input.
 * May not: prove independence (differentiate/independence.ts does, when the request is resolved).
 */
import { unknownName } from './errors.ts'
import { noExamples } from './errors-orders.ts'
import type { Dim, Graph, Params } from './ir.ts'
import { bind } from './rebuild.ts'

export function perExample(graph: Graph, of: string, dimension: string, where: string): Params {
  const shapes = graph.inputs.map((i) => [String(i.params['name']), i.shape] as const)
  const named = new Set(shapes.flatMap(([, shape]) => shape.filter((d) => typeof d === 'string')))
  if (!named.has(dimension)) throw unknownName('dimension', dimension, [...named], where)
  const times = (shape: readonly Dim[]): number => shape.filter((d) => d === dimension).length
  const y = graph.outputs.find((o) => o.name === of)!.node
  if (times(y.shape) !== 1) throw noExamples('output', of, dimension, where)
  for (const [name, shape] of shapes) if (times(shape) > 1) throw noExamples('input', name, dimension, where)
  const at = (size: number): Graph => bind(graph, { [dimension]: size })
  return { single: at(1), two: at(2), three: at(3), dimension, shape: [dimension] }
}
