import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unet } from '../bench/checkpoint/graphs.ts'
import { milpOf, scheduleOf } from '../planner/checkpoint/milp.ts'
import { remat } from '../planner/checkpoint/remat.ts'
import { rematExact } from '../planner/checkpoint/remat-exact.ts'
import { everything, workingSet } from '../planner/checkpoint/remat-graph.ts'
import { leastOf, randomGraph, simulate } from '../planner/checkpoint/simulate.fixture.ts'
import { highsSolver } from './solver.ts'

describe('the integer program of recomputation', async () => {
  const solver = await highsSolver()

  it('gives schedules that fit, none cheaper than the least of all, and nearly always that', async () => {
    let [least, solved] = [0, 0]
    const graphs = fc.tuple(randomGraph(6), fc.integer({ min: 3, max: 12 }))
    await fc.assert(
      fc.asyncProperty(graphs, async ([graph, budget]) => {
        const best = leastOf(graph, budget)
        const { status, values } = await solver(milpOf(graph, budget, 1000), { seconds: 20 })
        if (best === undefined) expect(status).toBe('infeasible')
        if (status !== 'optimal') return
        if (best === undefined) throw new Error('solved what has no solution')
        const { cost, peak } = simulate(graph, scheduleOf(graph, { status, values }))
        expect(peak).toBeLessThanOrEqual(budget)
        expect(cost).toBeGreaterThanOrEqual(best)
        solved++
        if (cost === best) least++
      }),
      { numRuns: 60, seed: 5 },
    )
    expect(solved).toBeGreaterThan(20)
    expect(least / solved).toBeGreaterThan(0.95)
  })

  it('is never worse than eviction where branches leave it a gap', async () => {
    const graph = unet(1, 1)
    const whole = simulate(graph, everything(graph)).peak
    const least = Math.max(...graph.nodes.map((_, i) => workingSet(graph, i)))
    for (const budget of [least, Math.round((least + whole) / 2), whole]) {
      const [exact, quick] = [await rematExact(graph, budget, solver, { seconds: 20 }), remat(graph, budget)]
      expect(exact.cost).toBeLessThanOrEqual(quick.cost)
      expect(exact.bound).toBeGreaterThanOrEqual(quick.bound)
      expect(simulate(graph, exact.schedule)).toEqual({ cost: exact.cost, peak: exact.peak })
      expect(exact.peak).toBeLessThanOrEqual(budget)
    }
  })
})
