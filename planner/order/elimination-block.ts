/**
 * A block: intermediates of a graph that no path avoiding inputs and outputs connects with the others, as rows of bits.
 * What an elimination costs depends on its own block alone, so blocks are ordered apart and their costs add.
 * Invariant: rows hold only useful edges, those on a path from an input to an output; a row is `words` 32-bit words, predecessors of all
 * vertices first, then successors. Vertices come in topological order, so bit v of a row is vertex v; further bits are inputs and outputs.
 */
import type { EliminationGraph } from './elimination-graph.ts'

export interface Block {
  /** Numbers of the vertices in the file. */
  readonly vertices: readonly number[]
  readonly words: number
  readonly rows: Uint32Array
  /** 1 for an output that others read: its own row of the Jacobian is one more successor, which costs no product. */
  readonly free: Uint8Array
  /** Vertices of the block next to each, by an edge in either direction. */
  readonly neighbours: readonly (readonly number[])[]
}

export interface Blocks {
  /** On no path from an input to an output; in this order their elimination costs nothing. */
  readonly useless: readonly number[]
  readonly blocks: readonly Block[]
}

export function blocksOf(graph: EliminationGraph): Blocks {
  const order = graph.intermediates
  const reached = new Set(Array(graph.inputs).keys())
  for (const v of order) if (graph.predecessors[v]!.some((p) => reached.has(p))) reached.add(v)
  const reaching = new Set(graph.outputs)
  for (const v of order.toReversed()) if (graph.successors[v]!.some((s) => reaching.has(s))) reaching.add(v)
  const unread = order.filter((v) => !reaching.has(v)).reverse()
  const constant = order.filter((v) => reaching.has(v) && !reached.has(v))
  const useful = order.filter((v) => reaching.has(v) && reached.has(v))
  return { useless: [...unread, ...constant], blocks: components(graph, useful).map((part) => block(graph, part)) }
}

/** Connected by edges between useful intermediates; each in topological order. */
function components(graph: EliminationGraph, useful: readonly number[]): number[][] {
  const root = new Map(useful.map((v) => [v, v]))
  const find = (v: number): number => {
    let r = v
    while (root.get(r) !== r) {
      root.set(r, root.get(root.get(r)!)!)
      r = root.get(r)!
    }
    return r
  }
  for (const v of useful) for (const s of graph.successors[v]!) if (root.has(s)) root.set(find(s), find(v))
  const parts = new Map<number, number[]>()
  for (const v of useful) {
    const part = parts.get(find(v))
    if (part) part.push(v)
    else parts.set(find(v), [v])
  }
  return [...parts.values()]
}

function block(graph: EliminationGraph, vertices: readonly number[]): Block {
  const bits = new Map(vertices.map((v, i) => [v, i]))
  const count = vertices.length
  const [inputBits, outputBits] = [new Map<number, number>(), new Map<number, number>()]
  const bitOf = (v: number, ends: Map<number, number>): number => {
    const inside = bits.get(v) ?? ends.get(v)
    if (inside !== undefined) return inside
    ends.set(v, count + ends.size)
    return count + ends.size - 1
  }
  const useful = (v: number) => v < graph.inputs || bits.has(v)
  const rows = vertices.map((v) => {
    const before = graph.predecessors[v]!.filter(useful).map((p) => bitOf(p, inputBits))
    const after = graph.successors[v]!.filter((s) => bits.has(s) || graph.outputs.has(s)).map((s) =>
      bitOf(s, outputBits),
    )
    return { before, after: graph.outputs.has(v) ? [...after, bitOf(-1 - v, outputBits)] : after }
  })
  const words = Math.ceil((count + Math.max(inputBits.size, outputBits.size)) / 32)
  const packed = new Uint32Array(2 * count * words)
  const set = (row: number, bit: number) => {
    packed[row * words + (bit >> 5)]! |= 1 << (bit & 31)
  }
  for (const [v, { before, after }] of rows.entries()) {
    for (const bit of before) set(v, bit)
    for (const bit of after) set(count + v, bit)
  }
  const free = Uint8Array.from(vertices, (v) => Number(graph.outputs.has(v)))
  const neighbours = rows.map(({ before, after }) => [...before, ...after].filter((bit) => bit < count))
  return { vertices, words, rows: packed, free, neighbours }
}

/** Eliminates vertex v from the rows of a block; its cost. */
export function eliminate(block: Block, rows: Uint32Array, v: number): number {
  const { words } = block
  const half = rows.length >> 1
  const count = block.vertices.length
  const [before, after] = [v * words, half + v * words]
  const [word, keep] = [v >> 5, ~(1 << (v & 31))]
  let ins = 0
  let outs = -block.free[v]!
  for (let w = 0; w < words; w++) {
    let bits = rows[before + w]!
    ins += ones(bits)
    for (; bits !== 0; bits &= bits - 1) {
      const a = (w << 5) + 31 - Math.clz32(bits & -bits)
      if (a >= count) break
      const row = half + a * words
      for (let k = 0; k < words; k++) rows[row + k]! |= rows[after + k]!
      rows[row + word]! &= keep
    }
    bits = rows[after + w]!
    outs += ones(bits)
    for (; bits !== 0; bits &= bits - 1) {
      const b = (w << 5) + 31 - Math.clz32(bits & -bits)
      if (b >= count) break
      const row = b * words
      for (let k = 0; k < words; k++) rows[row + k]! |= rows[before + k]!
      rows[row + word]! &= keep
    }
  }
  return ins * outs
}

/** The cost that eliminating v now would have. */
export function costNow(block: Block, rows: Uint32Array, v: number): number {
  const { words } = block
  const [before, after] = [v * words, (rows.length >> 1) + v * words]
  let ins = 0
  let outs = -block.free[v]!
  for (let w = 0; w < words; w++) {
    ins += ones(rows[before + w]!)
    outs += ones(rows[after + w]!)
  }
  return ins * outs
}

function ones(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
