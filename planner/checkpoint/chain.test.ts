import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unitChain, vgg19 } from '../../bench/checkpoint/graphs.ts'
import { type Chain, chainOf, chainSchedule } from './chain.ts'
import { measure } from './measure.ts'
import type { RematGraph, RematNode, Schedule } from './remat-graph.ts'
import { leastOf, simulate } from './simulate.fixture.ts'

const chains = (most: number): fc.Arbitrary<RematGraph> => {
  const amounts = fc.record({
    ...{ cost: fc.nat(5), bytes: fc.nat(4), gradCost: fc.nat(5), gradBytes: fc.nat(4), reads: fc.boolean() },
  })
  return fc.tuple(fc.array(amounts, { minLength: 1, maxLength: most }), fc.boolean()).map(([list, loss]) => {
    const forward = [...list, ...(loss ? [{ cost: 0, bytes: 1, gradCost: 0, gradBytes: 0, reads: false }] : [])]
    const nodes: RematNode[] = forward.map((n, i) => ({ ...n, name: `f${i}`, deps: i > 0 ? [i - 1] : [] }))
    for (let i = list.length - 1; i >= 0; i--) {
      const { gradCost, gradBytes, reads } = list[i]!
      const readsLoss = loss && i === list.length - 1
      const first = nodes.length === forward.length
      const next = (reads || readsLoss) && i + 1 < forward.length ? [i + 1] : []
      nodes.push({ name: `g${i}`, cost: gradCost, bytes: gradBytes, deps: [i, ...next, ...(first ? [] : [nodes.length - 1])] }) // biome-ignore format: one node
    }
    return { nodes }
  })
}

/** All ways to get from s back to s by way of e: some value kept, what comes after it, its gradient, what comes before it. */
function ways({ forward, backward }: Chain, s: number, e: number): Schedule[] {
  if (e < s) return [[]]
  return Array.from({ length: e - s + 1 }, (_, d) => s + d).flatMap((k) =>
    ways({ forward, backward } as Chain, k + 1, e).flatMap((right) =>
      ways({ forward, backward } as Chain, s, k - 1).map((left) => [
        ...[...forward.slice(s, k + 1), ...right],
        ...[...(backward[k] === undefined ? [] : [backward[k]]), ...left],
      ]),
    ),
  )
}

describe('chains', () => {
  it('are recomputed at the least cost of all ways in which what is kept stays', () => {
    fc.assert(
      fc.property(chains(5), fc.integer({ min: 1, max: 40 }), (graph, budget) => {
        const chain = chainOf(graph)!
        const fitting = ways(chain, 0, chain.forward.length - 1)
          .map((schedule) => simulate(graph, schedule))
          .filter(({ peak }) => peak <= budget)
        const best = fitting.length === 0 ? undefined : Math.min(...fitting.map(({ cost }) => cost))
        const found = chainSchedule(graph, chain, budget)
        expect(found && simulate(graph, found).cost).toBe(best)
        if (found) expect(simulate(graph, found).peak).toBeLessThanOrEqual(budget)
      }),
      { numRuns: 300 },
    )
  })

  it('reach the least cost of all where steps are equal', () => {
    for (const budget of [4, 5, 6]) {
      const graph = unitChain(4)
      const found = chainSchedule(graph, chainOf(graph)!, budget)
      expect(found && simulate(graph, found).cost).toBe(leastOf(graph, budget))
    }
  })

  it('are told from other graphs', () => {
    const { nodes } = vgg19()
    expect(chainOf({ nodes })?.forward).toHaveLength(26)
    expect(chainOf({ nodes: nodes.map((n, i) => (i === 9 ? { ...n, deps: [8, 2] } : n)) })).toBeUndefined()
    expect(chainOf({ nodes: nodes.slice(0, -1) })).toBeUndefined()
  })

  it('of 50 different values are recomputed within a third of the memory, for at most a third more', () => {
    const n = 50
    const size = (i: number) => 1 + ((i * 7919) % 10_007)
    const forward = Array.from({ length: n }, (_, i) => ({ name: `f${i}`, deps: i > 0 ? [i - 1] : [] }))
    const backward = Array.from({ length: n }, (_, k) => ({ name: `g${k}`, deps: [n - 1 - k, ...(k > 0 ? [n + k - 1] : [])] })) // biome-ignore format: one node
    const nodes = [...forward, ...backward].map((node, i) => ({ ...node, cost: size(i), bytes: size(i + 1000) }))
    const whole = measure({ nodes }, [...nodes.keys()])
    const budget = whole.peak / 3
    const found = measure({ nodes }, chainSchedule({ nodes }, chainOf({ nodes })!, budget)!)
    expect(found.peak).toBeLessThanOrEqual(budget)
    expect(found.cost).toBeLessThanOrEqual((4 / 3) * whole.cost)
  })
})
