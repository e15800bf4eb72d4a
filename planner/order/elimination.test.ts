/** Elimination orders: counts against published ones and by hand, the search against every order of small graphs. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { permutations, randomGraph } from './elimination.fixture.ts'
import { eliminationOrder } from './elimination.ts'
import { type Block, blocksOf, eliminate } from './elimination-block.ts'
import { countMultiplications } from './elimination-count.ts'
import { eliminationGraph } from './elimination-graph.ts'
import { postorder } from './elimination-tree.ts'

const seeds = Array.from({ length: 40 }, (_, i) => i + 1)
const sorted = (list: readonly number[]) => [...list].sort((a, b) => a - b)

describe('what an order costs', () => {
  // 0, 1 → 2 → 3 → 4, 5, 6
  const hourglass = {
    ...{ inputs: 2, vertices: 7, outputs: [4, 5, 6] },
    edges: [
      [0, 2],
      [1, 2],
      [2, 3],
      [3, 4],
      [3, 5],
      [3, 6],
    ],
  }
  it('is in-degree × out-degree, with fill-in', () => {
    const graph = eliminationGraph(hourglass)
    expect(countMultiplications(graph, [2, 3])).toBe(2 * 1 + 2 * 3)
    expect(countMultiplications(graph, [3, 2])).toBe(1 * 3 + 2 * 3)
  })

  it('keeps the row of an output that others read, and gives it no product', () => {
    const graph = eliminationGraph({ ...hourglass, outputs: [2, 4, 5, 6] })
    expect(graph.intermediates).toEqual([2, 3])
    expect(countMultiplications(graph, [2, 3])).toBe(2 * 1 + 2 * 3)
    const read = eliminationGraph({ ...hourglass, outputs: [3, 4, 5, 6] })
    expect(countMultiplications(read, [3, 2])).toBe(1 * 3 + 2 * 4)
    expect(eliminationOrder(read).chosen).toBe(2 * 1 + 2 * 3)
  })

  it('is the same for the rows of a block as for the graph, and for its postorder', () => {
    for (const seed of seeds) {
      const graph = randomGraph(seed, 4, 40)
      const { useless, blocks } = blocksOf(graph)
      const parts = blocks.map((b) => shuffled(b, seed))
      const rowsCost = blocks.map((b, i) => price(b, parts[i]!))
      const postordered = blocks.map((b, i) => postorder(b, parts[i]!))
      expect(blocks.map((b, i) => price(b, postordered[i]!))).toEqual(rowsCost)
      const order = [...useless, ...blocks.flatMap((b, i) => parts[i]!.map((v) => b.vertices[v]!))]
      expect(sorted(order)).toEqual(sorted(graph.intermediates))
      expect(countMultiplications(graph, order)).toBe(rowsCost.reduce((a, b) => a + b, 0))
    }
  })
})

describe('the search', () => {
  it('finds the optimum of small graphs', () => {
    for (const seed of seeds) {
      const graph = randomGraph(seed, 3, 11)
      let optimum = Number.POSITIVE_INFINITY
      for (const order of permutations(graph.intermediates))
        optimum = Math.min(optimum, countMultiplications(graph, order))
      expect(eliminationOrder(graph, { evaluations: 3_000 })).toMatchObject({ chosen: optimum, truncated: false })
    }
  })

  it('returns each intermediate once, at the cost it says, and is never worse than the others', () => {
    for (const seed of seeds) {
      const graph = randomGraph(seed, 5, 60)
      const e = eliminationOrder(graph, { seed, evaluations: 500 })
      expect(sorted(e.order)).toEqual(sorted(graph.intermediates))
      expect(countMultiplications(graph, e.order)).toBe(e.chosen)
      expect(e.chosen).toBeLessThanOrEqual(Math.min(e.forward, e.reverse, e.markowitz))
    }
  })

  it('gives the same order again, and says when time cut it short', () => {
    const graph = randomGraph(3, 8, 80)
    const options = { seed: 5, evaluations: 20_000 }
    expect(eliminationOrder(graph, options)).toEqual(eliminationOrder(graph, options))
    let asked = 0
    const cut = eliminationOrder(graph, { ...options, expired: () => ++asked > 1_000 })
    expect(cut.truncated).toBe(true)
    expect(cut.evaluations).toBeLessThan(20_000)
    expect(countMultiplications(graph, cut.order)).toBe(cut.chosen)
    const none = eliminationOrder(graph, { ...options, expired: () => true })
    expect(none).toMatchObject({ truncated: true, evaluations: 0 })
  })

  it('needs no intermediates, and a chain of 3,000', () => {
    const empty = eliminationGraph({ inputs: 1, vertices: 2, outputs: [1], edges: [[0, 1]] })
    expect(eliminationOrder(empty)).toMatchObject({ forward: 0, chosen: 0, order: [] })
    const edges = Array.from({ length: 2_999 }, (_, i) => [i, i + 1])
    const chain = eliminationGraph({ inputs: 1, vertices: 3_000, outputs: [2_999], edges })
    expect(eliminationOrder(chain, { evaluations: 10 })).toMatchObject({ reverse: 2_998, chosen: 2_998 })
  })
})

const folder = join(import.meta.dirname, '../../../shared/data/elimination')
// Skipped where ../shared/data, the graphs of others, is absent.
describe.skipIf(!existsSync(folder))('published graphs (../shared/data/elimination)', () => {
  it.each([
    ['RoeFlux_1d', 300],
    ['RobotArm_6DOF', 221],
    ['HumanHeartDipole', 148],
  ])('%s: the same counts, and at most %i with any seed', (name, most) => {
    const document = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
    const graph = eliminationGraph(document)
    for (const seed of [1, 2, 3]) {
      const e = eliminationOrder(graph, { seed, evaluations: 100_000 })
      const { forward, reverse, markowitz } = document.published
      expect(e).toMatchObject({ forward, reverse, markowitz })
      expect(countMultiplications(graph, e.order)).toBe(e.chosen)
      expect(e.chosen).toBeLessThanOrEqual(most)
    }
  })
})

describe('documents', () => {
  const good = {
    inputs: 1,
    vertices: 3,
    outputs: [2],
    edges: [
      [0, 1],
      [1, 2],
    ],
  }
  it('number vertices in any order, and may repeat an edge', () => {
    const graph = eliminationGraph({
      ...{ inputs: 1, vertices: 4, outputs: [1] },
      edges: [
        [0, 3],
        [3, 2],
        [3, 2],
        [2, 1],
      ],
    })
    expect(graph.intermediates).toEqual([3, 2])
    expect(eliminationOrder(graph).forward).toBe(2)
  })

  it.each([
    ['no object', [], 'E_ELIMINATION_GRAPH', 'must be an object'],
    ['no vertices', { ...good, vertices: undefined }, 'E_ELIMINATION_GRAPH', 'vertices: must be a whole number'],
    ['too many', { ...good, vertices: 1e9 }, 'E_ELIMINATION_GRAPH', 'from 0 to 20000'],
    ['half an input', { ...good, inputs: 0.5 }, 'E_ELIMINATION_GRAPH', 'inputs: must be a whole number from 0 to 3'],
    ['an unknown output', { ...good, outputs: [3] }, 'E_ELIMINATION_GRAPH', 'outputs[0]: 3 is not a vertex'],
    ['outputs that are no list', { ...good, outputs: 2 }, 'E_ELIMINATION_GRAPH', 'outputs: must be a list; it is 2'],
    [
      'an unknown vertex',
      {
        ...good,
        edges: [
          [0, 1],
          [1, 9],
        ],
      },
      'E_ELIMINATION_GRAPH',
      'edges[1][1]: 9 is not a vertex',
    ],
    [
      'a vertex that is text',
      { ...good, edges: [['0', 1]] },
      'E_ELIMINATION_GRAPH',
      'edges[0][0]: "0" is not a vertex',
    ],
    ['half an edge', { ...good, edges: [[0]] }, 'E_ELIMINATION_GRAPH', 'edges[0]: must be [from, to]; it is [0]'],
    [
      'an edge into an input',
      { ...good, edges: [[1, 0]] },
      'E_ELIMINATION_GRAPH',
      'leads to vertex 0, which is an input',
    ],
    [
      'a loop',
      {
        ...good,
        edges: [
          [0, 1],
          [1, 1],
        ],
      },
      'E_CYCLE',
      '1 → 1',
    ],
    [
      'a cycle',
      {
        ...good,
        vertices: 4,
        edges: [
          [0, 1],
          [1, 2],
          [2, 3],
          [3, 1],
        ],
      },
      'E_CYCLE',
      '1 → 2 → 3 → 1',
    ],
  ])('with %s are refused', (_, document, code, message) => {
    expect(() => eliminationGraph(document)).toThrow(expect.objectContaining({ code }))
    expect(() => eliminationGraph(document)).toThrow(message)
  })
})

function shuffled(block: Block, seed: number): number[] {
  return [...block.vertices.keys()].sort((a, b) => ((a * 7919 + seed) % 31) - ((b * 7919 + seed) % 31))
}
function price(block: Block, order: readonly number[]): number {
  const rows = block.rows.slice()
  return order.reduce((sum, v) => sum + eliminate(block, rows, v), 0)
}
