/** Graphs for tests of elimination orders: small ones by hand, random ones by seed, and every order of a few vertices. */

import { uniform } from '../../core/threefry.ts'
import { type EliminationGraph, eliminationGraph } from './elimination-graph.ts'

/** A random graph with outputs that are read, vertices that nothing needs, and parallel edges. */
export function randomGraph(seed: number, inputs: number, vertices: number): EliminationGraph {
  let n = 0
  const random = (below: number) => Math.floor(below * uniform(seed, 0, n++))
  const edges: [number, number][] = []
  for (let v = inputs; v < vertices; v++) for (let k = random(4); k > 0; k--) edges.push([random(v), v])
  const read = new Set(edges.map(([from]) => from))
  const unread = Array.from({ length: vertices }, (_, v) => v).filter((v) => v >= inputs && !read.has(v))
  const outputs = [...unread.slice(1), random(vertices), vertices - 1]
  return eliminationGraph({ inputs, vertices, outputs, edges })
}

export function* permutations(items: readonly number[]): Generator<readonly number[]> {
  if (items.length === 0) yield []
  for (const [i, first] of items.entries())
    for (const rest of permutations(items.toSpliced(i, 1))) yield [first, ...rest]
}
