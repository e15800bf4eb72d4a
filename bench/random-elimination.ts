/**
 * Seeded random computational graphs: expressions of one or two operands, mostly recent ones.
 * Invariant: the same seed gives the same graph on every machine.
 */
export interface GraphDocument {
  readonly inputs: number
  readonly vertices: number
  readonly outputs: readonly number[]
  readonly edges: readonly (readonly [from: number, to: number])[]
}

/** Every vertex that nothing reads is an output. */
export function randomElimination(seed: number, inputs: number, vertices: number): GraphDocument {
  let state = seed >>> 0
  // The constants of Numerical Recipes; the high bits are good enough here.
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const edges: [number, number][] = []
  const read = new Set<number>()
  for (let v = inputs; v < vertices; v++) {
    const operands = new Set<number>()
    for (let left = random() < 0.3 ? 1 : 2; left > 0; left--) {
      const recent = v - 1 - Math.floor(20 * random() * random())
      operands.add(random() < 0.8 ? Math.max(0, recent) : Math.floor(v * random()))
    }
    for (const u of operands) {
      edges.push([u, v])
      read.add(u)
    }
  }
  const outputs = Array.from({ length: vertices - inputs }, (_, i) => inputs + i).filter((v) => !read.has(v))
  return { inputs, vertices, outputs, edges }
}
