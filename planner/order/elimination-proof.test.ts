/** Bounds and proofs of elimination orders against every subset of small graphs, counted by the textbook procedure. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { randomGraph } from './elimination.fixture.ts'
import { eliminationOrder } from './elimination.ts'
import { type Block, blocksOf, eliminate } from './elimination-block.ts'
import { countMultiplications } from './elimination-count.ts'
import { leastCosts } from './elimination-cut.ts'
import { type EliminationGraph, eliminationGraph } from './elimination-graph.ts'
import { prove } from './elimination-proof.ts'

const never = () => false
const seeds = Array.from({ length: 120 }, (_, i) => i + 1)
const graphOf = (seed: number) => randomGraph(seed, 2 + (seed % 3), 9 + (seed % 4))
const price = (block: Block, order: readonly number[]) => {
  const rows = block.rows.slice()
  return order.reduce((cost, v) => cost + eliminate(block, rows, v), 0)
}

/** Held and Karp's recurrence: what a vertex costs depends on the set before it. */
function optimum(graph: EliminationGraph): number {
  const all = graph.intermediates
  const costs = new Float64Array(2 ** all.length).fill(Number.POSITIVE_INFINITY)
  costs[0] = 0
  for (let set = 0; set < costs.length; set++) {
    const gone = all.filter((_, i) => set & (1 << i))
    const base = countMultiplications(graph, gone)
    for (const [i, v] of all.entries()) {
      if (set & (1 << i)) continue
      const next = set | (1 << i)
      costs[next] = Math.min(costs[next]!, costs[set]! + countMultiplications(graph, [...gone, v]) - base)
    }
  }
  return costs.at(-1)!
}

describe('the least cost of a vertex', () => {
  it('is the least in-degree times the least out-degree over all sets that may go before', () => {
    let above = 0
    for (const seed of seeds)
      for (const block of blocksOf(graphOf(seed)).blocks) {
        const all = [...block.vertices.keys()]
        const [ins, outs] = [all.map(() => Infinity), all.map(() => Infinity)]
        for (let set = 0; set < 2 ** all.length; set++) {
          const rows = block.rows.slice()
          for (const v of all) if (set & (1 << v)) eliminate(block, rows, v)
          const ones = (row: number) =>
            [...rows.subarray(row * block.words, (row + 1) * block.words)]
              .map((w) => w.toString(2).replaceAll('0', '').length)
              .reduce((a, b) => a + b)
          for (const v of all.filter((v) => !(set & (1 << v)))) {
            ins[v] = Math.min(ins[v]!, ones(v))
            outs[v] = Math.min(outs[v]!, ones(all.length + v) - block.free[v]!)
          }
        }
        const least = all.map((v) => ins[v]! * outs[v]!)
        expect([...leastCosts(block, block.rows, all)], `seed ${seed}`).toEqual(least)
        above += least.filter((c) => c > 1).length
      }
    expect(above).toBeGreaterThan(50)
  })
})

describe('a proof', () => {
  it('says of small graphs what trying all orders says', () => {
    let gaps = 0
    for (const seed of seeds) {
      const graph = graphOf(seed)
      const best = optimum(graph)
      const made = eliminationOrder(graph, { seed, evaluations: 0, proof: 1e6 })
      expect(made, `seed ${seed}`).toMatchObject({ chosen: best, bound: best, proven: true })
      expect(countMultiplications(graph, made.order)).toBe(best)
      const bounds = blocksOf(graph).blocks.map((b) => leastCosts(b, b.rows, [...b.vertices.keys()]))
      gaps += Number(bounds.flatMap((b) => [...b]).reduce((a, b) => a + b, 0) < best)
    }
    expect(gaps).toBeGreaterThan(10)
  })
  it('finds the order itself, and bounds it from below wherever it stops', () => {
    for (const seed of seeds)
      for (const block of blocksOf(graphOf(seed)).blocks) {
        const known = price(block, [...block.vertices.keys()]) + 1
        const { bound, order } = prove(block, known, { nodes: 1e6, expired: never })
        expect(price(block, order!)).toBe(bound)
        for (const nodes of [0, 1, 2, 5, 10, 20])
          expect(prove(block, known, { nodes, expired: never }).bound).toBeLessThanOrEqual(bound)
        expect(prove(block, bound, { nodes: 1e6, expired: never })).toMatchObject({ bound })
      }
  })
  it('is not claimed unless asked for, and ends when time does', () => {
    const graph = randomGraph(5, 4, 40)
    expect(eliminationOrder(graph, { evaluations: 100 })).toMatchObject({ bound: 0, proven: false })
    let asked = 0
    const cut = eliminationOrder(graph, { evaluations: 100, proof: 1e9, expired: () => ++asked > 3_000 })
    expect(cut.bound).toBeLessThanOrEqual(cut.chosen)
    expect(asked).toBeLessThan(20_000)
  })
})

const folder = join(import.meta.dirname, '../../../shared/data/elimination')
// Skipped where ../shared/data, the graphs of others, is absent.
describe.skipIf(!existsSync(folder))('published graphs (../shared/data/elimination)', () => {
  it.each([
    ['HumanHeartDipole', true],
    ['RobotArm_6DOF', true],
    ['RoeFlux_1d', false],
  ])('%s: proven optimal: %s', (name, proven) => {
    const graph = eliminationGraph(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')))
    const made = eliminationOrder(graph, { evaluations: 5_000, proof: 50 })
    expect(made.proven).toBe(proven)
    expect(made.bound).toBeLessThanOrEqual(made.chosen)
    expect(made.bound).toBeGreaterThan(0.75 * made.chosen)
  })
})
