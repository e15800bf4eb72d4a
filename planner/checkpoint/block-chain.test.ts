import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Stage, training, unet, unitChain } from '../../bench/checkpoint/graphs.ts'
import { blockSchedule } from './block-chain.ts'
import { blocksOf, together } from './blocks.ts'
import { everything, type RematGraph, workingSet } from './remat-graph.ts'
import { leastOf, simulate } from './simulate.fixture.ts'

/** Blocks of a few values, each of which reads some before it in its block, and a sum of the last with the block's beginning. */
const folded = (most: number, inside: number): fc.Arbitrary<RematGraph> => {
  const value = fc.record({
    cost: fc.integer({ min: 1, max: 5 }),
    bytes: fc.integer({ min: 1, max: 4 }),
    from: fc.nat(9),
  })
  const block = fc.record({ values: fc.array(value, { minLength: 1, maxLength: inside }), skip: fc.boolean() })
  return fc.array(block, { minLength: 2, maxLength: most }).map((blocks) => {
    const stages: Stage[] = [{ name: 'x', cost: 1, bytes: 2, deps: [] }]
    for (const [k, { values, skip }] of blocks.entries()) {
      const begin = stages.length - 1
      for (const [i, { cost, bytes, from }] of values.entries())
        stages.push({
          name: `b${k}_${i}`,
          cost,
          bytes,
          deps: [...new Set([stages.length - 1, begin + (from % (i + 1))])],
        })
      if (skip) stages.push({ name: `sum${k}`, cost: 1, bytes: 2, deps: [begin, stages.length - 1] })
    }
    return training([...stages, { name: 'loss', cost: 0, bytes: 1, deps: [stages.length - 1] }])
  })
}

describe('graphs that fold', () => {
  it('fall apart into nested blocks, which together are the graph', () => {
    fc.assert(
      fc.property(folded(6, 4), (graph) => {
        const blocks = blocksOf(graph)!
        expect([...blocks.flatMap((b) => b.there), ...blocks.toReversed().flatMap((b) => b.back)]).toEqual(
          everything(graph),
        )
        // Of a block, only its end and its gradient are read outside, and nothing before its beginning is read inside.
        for (const [k, { there, back }] of blocks.entries()) {
          const [inside, begin] = [new Set([...there, ...back]), blocks[k - 1]?.there.at(-1) ?? 0]
          const [end, gradient, next] = [there.at(-1), back.at(-1), blocks[k + 1]?.back.at(-1)]
          for (const [i, { deps }] of graph.nodes.entries())
            for (const d of deps) {
              if (inside.has(d) && !inside.has(i) && i < there[0]!) throw new Error('reads ahead')
              if (inside.has(d) && !inside.has(i) && i > back.at(-1)!) expect([gradient]).toContain(d)
              if (inside.has(i) && !inside.has(d)) expect(d === next || d >= begin).toBe(true)
            }
          expect(end === undefined || blocks[k + 1] === undefined || end < blocks[k + 1]!.there[0]!).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
    expect(blocksOf(unitChain(8))!.length).toBeGreaterThan(6)
    // Skips over everything leave little to fold.
    expect(blocksOf(unet(2, 1))?.length ?? 0).toBeLessThan(6)
  })

  it('get schedules that fit, cost no less than the least of all, and often that', () => {
    let [found, least] = [0, 0]
    fc.assert(
      fc.property(folded(2, 2), fc.double({ min: 0, max: 1, noNaN: true }), (graph, part) => {
        const room = Math.max(...graph.nodes.map((_, i) => workingSet(graph, i)))
        const budget = Math.floor(room + part * (simulate(graph, everything(graph)).peak - room))
        const schedule = blockSchedule(graph, blocksOf(graph)!, budget)
        if (!schedule) return
        const { cost, peak } = simulate(graph, schedule)
        expect(peak).toBeLessThanOrEqual(budget)
        const best = graph.nodes.length <= 11 ? leastOf(graph, budget) : undefined
        if (best === undefined) return
        expect(cost).toBeGreaterThanOrEqual(best)
        found++
        if (cost === best) least++
      }),
      { numRuns: 150, seed: 3 },
    )
    expect(least / found).toBeGreaterThan(0.9)
  })

  it('of many blocks fit any budget that leaves room, everything once among them', () => {
    fc.assert(
      fc.property(
        folded(12, 5),
        fc.double({ min: 0.3, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 9 }),
        (graph, part, most) => {
          const blocks = together(blocksOf(graph)!, most)
          const whole = simulate(graph, everything(graph))
          const schedule = blockSchedule(graph, blocks, Math.floor(part * whole.peak))
          if (schedule) expect(simulate(graph, schedule).peak).toBeLessThanOrEqual(part * whole.peak)
          const once = blockSchedule(graph, blocks, whole.peak + 8)
          expect(once && simulate(graph, once).cost).toBe(whole.cost)
        },
      ),
      { numRuns: 40 },
    )
  })
})
