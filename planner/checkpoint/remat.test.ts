import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { training, unet, unitChain, vgg19 } from '../../bench/checkpoint/graphs.ts'
import { heldPeak, keeping } from '../../bench/checkpoint/keeping.ts'
import { attempts } from './attempts.ts'
import { leastCost } from './cover.ts'
import { evictionSchedule } from './evict.ts'
import { measure } from './measure.ts'
import { polished } from './polish.ts'
import { remat } from './remat.ts'
import { everything, type RematGraph, workingSet } from './remat-graph.ts'
import { leastOf, randomGraph, simulate } from './simulate.fixture.ts'

/** The outcome, or undefined where the budget is refused. */
function tried(graph: RematGraph, budget: number) {
  try {
    return remat(graph, budget)
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_BUDGET' })
    return undefined
  }
}

describe('recomputation', () => {
  it('fits, never undercuts the least cost of all, and is that where it says so', () => {
    let [optimal, all] = [0, 0]
    fc.assert(
      fc.property(randomGraph(8), fc.integer({ min: 2, max: 16 }), (graph, budget) => {
        const least = leastOf(graph, budget)
        const bound = leastCost(graph, budget)
        expect(bound).toBeLessThanOrEqual(least ?? Number.POSITIVE_INFINITY)
        const found = tried(graph, budget)
        if (!found) return
        expect(simulate(graph, found.schedule)).toEqual({ cost: found.cost, peak: found.peak })
        expect(found.peak).toBeLessThanOrEqual(budget)
        expect(found.cost).toBeGreaterThanOrEqual(least!)
        if (found.optimal) expect(found.cost).toBe(least)
        all++
        if (found.cost === least) optimal++
      }),
      { numRuns: 200, seed: 11 },
    )
    expect(optimal / all).toBeGreaterThan(0.95)
  })

  it('measures schedules as they are simulated', () => {
    fc.assert(
      fc.property(randomGraph(10), fc.array(fc.nat(9), { maxLength: 8 }), (graph, extra) => {
        // Everything once, and then some of it again: what it needs may be gone, and both must say so.
        const schedule = [...everything(graph), ...extra.filter((i) => i < graph.nodes.length)]
        expect(measure(graph, schedule)).toEqual(simulate(graph, schedule))
      }),
      { numRuns: 200 },
    )
    expect(() => measure(unitChain(2), [1, 0, 2, 3, 4])).toThrow('f1 is computed before f0')
    expect(() => measure(unitChain(2), [0, 1, 2, 3])).toThrow('g0 is never computed')
  })

  it('by eviction loses nothing when it is polished', () => {
    fc.assert(
      fc.property(randomGraph(12), fc.integer({ min: 6, max: 20 }), (graph, budget) => {
        for (const weights of [...attempts(graph.nodes.length)].slice(0, 60)) {
          const found = evictionSchedule(graph, budget, weights)
          if (!found) continue
          expect(simulate(graph, found).peak).toBeLessThanOrEqual(budget)
          const better = simulate(graph, polished(graph, found, budget))
          expect(better.peak).toBeLessThanOrEqual(budget)
          expect(better.cost).toBeLessThanOrEqual(simulate(graph, found).cost)
        }
      }),
      { numRuns: 20 },
    )
  })

  it('refuses budgets below the largest working set, by name', () => {
    const graph = training([
      { name: 'a', cost: 1, bytes: 10, deps: [] },
      { name: 'b', cost: 1, bytes: 30, deps: [0] },
      { name: 'loss', cost: 0, bytes: 1, deps: [1] },
    ])
    const least = Math.max(...graph.nodes.map((_, i) => workingSet(graph, i)))
    expect(least).toBe(10 + 30 + 30 + 10)
    expect(() => remat(graph, least - 1)).toThrow('budget 79 bytes: grad a and what it needs take 80 bytes at once')
    expect(remat(graph, least)).toMatchObject({ optimal: true, peak: 80 })
  })
})

describe('networks with skip connections', () => {
  it.each([
    ...[[1, 2], [2, 1], [3, 1], [3, 2]], // biome-ignore format: a table
  ])('of %i levels of %i cost no more than by any eviction, whatever the budget', (levels, convolutions) => {
    const graph = unet(levels!, convolutions!)
    const all = measure(graph, everything(graph)).peak
    const least = Math.max(...graph.nodes.map((_, i) => workingSet(graph, i)))
    for (const part of [0, 0.25, 0.5, 0.75]) {
      const budget = Math.floor(least + part * (all - least))
      const evicted = [...attempts(graph.nodes.length)].slice(0, 40).flatMap((weights) => {
        const found = evictionSchedule(graph, budget, weights)
        return found ? [measure(graph, found).cost] : []
      })
      expect(remat(graph, budget).cost).toBeLessThanOrEqual(Math.min(...evicted))
    }
  })
})

describe('published figures', () => {
  const graph = vgg19()
  const once = measure(graph, everything(graph))

  it('VGG19: everything kept, every fifth kept, and the optimum', () => {
    expect(graph.nodes).toHaveLength(51)
    expect(once.cost).toBe(58_896_187_392)
    expect(heldPeak(graph, 1)).toBe(81_723_296)
    expect(measure(graph, keeping(graph, 5)).cost).toBe(72_512_667_648)
    expect(heldPeak(graph, 5)).toBe(69_447_584)
    const best = remat(graph, 51_380_224)
    expect(best).toMatchObject({ cost: 58_982_891_520, peak: 51_380_224, optimal: true })
    const again = best.schedule.filter((i, at) => best.schedule.indexOf(i) < at && graph.nodes[i]!.cost > 0)
    expect(again.map((i) => graph.nodes[i]!.name)).toEqual(['conv1_1'])
    expect(() => remat(graph, 51_380_223)).toThrow('grad conv1_1')
  })

  it.each([
    ...[[8, 5, 22], [8, 6, 21], [8, 7, 20], [16, 8, 43], [16, 10, 41], [16, 6, 47], [24, 8, 67], [32, 10, 89]], // biome-ignore format: a table
  ])('a chain of %i equal steps in %i slots costs %i', (n, slots, cost) => {
    const found = remat(unitChain(n!), slots!)
    expect(found.cost).toBe(cost)
    expect(simulate(unitChain(n!), found.schedule)).toEqual({ cost, peak: found.peak })
  })
})
