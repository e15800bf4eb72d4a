import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { training, unitChain, vgg19 } from '../../bench/checkpoint/graphs.ts'
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

/** Every `k`th forward value stays; the others are computed again from it, a stretch at a time, when the gradients come to it. */
function keeping({ nodes }: RematGraph, k: number): readonly number[] {
  const loss = (nodes.length - 1) / 2
  const out = [...Array(loss + 1).keys()]
  for (let end = loss - 1; end >= 0; end -= k) {
    for (let i = Math.max(0, end - k + 1); i < end; i++) out.push(i)
    for (let i = end; i > end - k && i >= 0; i--) out.push(2 * loss - i)
  }
  return out
}

/**
 * As the published peaks count: what is kept stays until the last gradient, and so do the values of a stretch, and their gradients, until the
 * next stretch; the last gradient lets go of all that it does not read, so it does not count here.
 */
function heldPeak({ nodes }: RematGraph, k: number): number {
  const loss = (nodes.length - 1) / 2
  const bytes = (list: readonly number[]) => [...new Set(list)].reduce((sum, i) => sum + nodes[i]!.bytes, 0)
  const kept = [...Array(loss).keys()].filter((i) => i % k === k - 1)
  let peak = 0
  for (let end = loss - 1; end >= 0; end -= k)
    for (let i = end; i > Math.max(0, end - k); i--) {
      const stretch = [...Array(k - 1).keys()].map((d) => end - 1 - d)
      const gradients = [...stretch.filter((j) => j >= i), i, ...(i + 1 < loss ? [i + 1] : [])].map((j) => 2 * loss - j)
      peak = Math.max(peak, bytes([...kept, ...stretch, ...gradients]))
    }
  return peak
}
