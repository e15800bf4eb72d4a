import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unetStep } from '../../bench/checkpoint/unet-step.ts'
import { lowerBound } from '../memory/bound.ts'
import { place } from '../memory/place.ts'
import { blocksOf } from './arena.ts'
import { arenaOf, joint } from './joint.ts'
import { leastBytes } from './joint-bound.ts'
import { measure } from './measure.ts'
import { everything, type RematGraph } from './remat-graph.ts'
import { leastBytesOf, randomGraph, simulate } from './simulate.fixture.ts'

/** Some values may take the place of one that they read, of the same bytes. */
const withPlaces = (most: number): fc.Arbitrary<RematGraph> =>
  randomGraph(most).map(({ nodes }) => ({
    nodes: nodes.map((n) => {
      const over = n.deps.find((d) => nodes[d]!.bytes === n.bytes)
      return over === undefined ? n : { ...n, over }
    }),
  }))

const onceOf = ({ nodes }: RematGraph): number => nodes.reduce((sum, n) => sum + n.cost, 0)

describe('schedules in an arena', () => {
  it('take what is alive at once, and no more where nothing lies in place', () => {
    fc.assert(
      fc.property(randomGraph(10), fc.array(fc.nat(9), { maxLength: 6 }), (graph, extra) => {
        const schedule = [...everything(graph), ...extra.filter((i) => i < graph.nodes.length)]
        expect(lowerBound(blocksOf(graph, schedule)!).bytes).toBe(simulate(graph, schedule).peak)
      }),
      { numRuns: 200 },
    )
  })

  it('let a value lie where one was that nothing reads any more', () => {
    const chain = (over: boolean): RematGraph => ({
      nodes: [0, 1, 2].map((i) => ({
        ...{ name: `n${i}`, cost: 1, bytes: 64, deps: i > 0 ? [i - 1] : [] },
        ...(over && i > 0 && { over: i - 1 }),
      })),
    })
    expect([true, false].map((over) => arenaOf(chain(over), [0, 1, 2]))).toEqual([64, 128])
    // n0 is read again, so n1 cannot lie there; n2 can lie where n1 was.
    const again = { nodes: [...chain(true).nodes, { name: 'n3', cost: 1, bytes: 0, deps: [0, 2] }] }
    expect(arenaOf(again, [0, 1, 2, 3])).toBe(128)
    expect(arenaOf(again, [0, 1, 2, 0, 3])).toBe(128)
    expect(blocksOf(again, [1, 0, 2, 3])).toBeUndefined()
  })
})

describe('order, recomputation, in-place and placement together', () => {
  it('never need less than the bound, which is never above the least of all', () => {
    fc.assert(
      fc.property(withPlaces(6), fc.nat(12), (graph, more) => {
        const cost = onceOf(graph) + more
        const least = leastBytesOf(graph, cost)
        const bound = leastBytes(graph, cost)
        expect(bound).toBeLessThanOrEqual(least)
        const found = joint(graph, everything(graph), cost, { trials: 400 })
        expect(found.bound).toBe(bound)
        expect(found.arena).toBeGreaterThanOrEqual(least)
        expect(found.arena).toBeLessThanOrEqual(arenaOf(graph, everything(graph)))
        expect(found.cost).toBeLessThanOrEqual(cost)
        expect(measure(graph, found.schedule).cost).toBe(found.cost)
        expect(place(blocksOf(graph, found.schedule)!, { strategy: 'exact' }).peak).toBeLessThanOrEqual(found.arena)
      }),
      { numRuns: 60 },
    )
  })

  it('reach the least arena of a U-Net, for a tenth more time', () => {
    const graph = unetStep(2, 1)
    const cost = 1.1 * onceOf(graph)
    const { arena, bound } = joint(graph, everything(graph), cost)
    expect(arena).toBeLessThan(0.8 * arenaOf(graph, everything(graph)))
    expect(arena / bound).toBeLessThan(1.002)
  })
})
