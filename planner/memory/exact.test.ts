import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutting } from '../../bench/memory/cuttings.ts'
import { type Block, lowerBound } from './bound.ts'
import { exact } from './exact.ts'
import { fitInOrder } from './fit.ts'
import { greedy } from './greedy.ts'
import { place } from './place.ts'
import { decide } from './portfolio.ts'
import { overlaps, sectionsOf } from './sections.ts'

const blocksOf = (maxLength: number) =>
  fc
    .array(fc.record({ units: fc.integer({ min: 1, max: 6 }), first: fc.nat(6), length: fc.nat(4) }), { maxLength })
    .map((list) =>
      list.map(({ units, first, length }, id): Block => ({ id, size: units * 64, first, last: first + length })),
    )

/** Of all orders: some order puts each block of an optimal placement at its lowest gap, by increasing offset. */
function optimum(blocks: readonly Block[]): number {
  const walk = (order: number[]): number =>
    order.length === blocks.length
      ? fitInOrder(blocks, order, 'first', Number.POSITIVE_INFINITY)!.peak
      : Math.min(...blocks.flatMap((_, i) => (order.includes(i) ? [] : [walk([...order, i])])))
  return walk([])
}

function topOf(blocks: readonly Block[], offsets: Float64Array): number {
  for (const [i, a] of blocks.entries())
    for (const [j, b] of blocks.entries())
      if (i < j && a.first <= b.last && b.first <= a.last)
        expect(offsets[i]! + a.size <= offsets[j]! || offsets[j]! + b.size <= offsets[i]!).toBe(true)
  return blocks.reduce((top, b, i) => Math.max(top, offsets[i]! + b.size), 0)
}

describe('exact placement', () => {
  it('is optimal where it says so, and it says so for small problems', () => {
    fc.assert(
      fc.property(blocksOf(6), (blocks) => {
        const found = exact(blocks)
        expect(topOf(blocks, found.offsets)).toBe(found.peak)
        expect(found).toMatchObject({ peak: optimum(blocks), bound: optimum(blocks) })
      }),
      { numRuns: 200 },
    )
  })

  it('raises the bound above the bytes alive together where they do not fit', () => {
    // Found at random, then made small: five units are alive together at most, and six are needed.
    const spans = [[3, 0, 0], [1, 2, 5], [3, 4, 6], [2, 6, 9], [1, 3, 5], [2, 0, 2], [2, 2, 3]] as const // biome-ignore format: a table
    const blocks = spans.map(([units, first, last], id) => ({ id, size: 64 * units, first, last }))
    expect(lowerBound(blocks).bytes).toBe(5 * 64)
    expect(optimum(blocks)).toBe(6 * 64)
    expect(place(blocks, { strategy: 'exact' })).toMatchObject({ peak: 6 * 64, bound: 6 * 64, proven: true })
    expect(place(blocks, { strategy: 'greedy' })).toMatchObject({ peak: 6 * 64, bound: 5 * 64, proven: false })
  })

  it.each([
    [80, 0],
    [120, 6],
    [160, 8],
  ])('reaches the optimum of %i pieces cut from a rectangle, %i of them left out', (count, dropped) => {
    for (let seed = 1; seed <= 5; seed++) {
      const { blocks, optimum: height } = cutting(seed, count, 1000, 2000, dropped)
      const found = exact(blocks, { nodes: 100_000 })
      expect([seed, found.peak, found.bound]).toEqual([seed, height, height])
      expect(topOf(blocks, found.offsets)).toBe(height)
    }
  })

  it('the rectangles are hard: cheap orders miss the optimum of most', () => {
    const problems = [1, 2, 3, 4, 5].map((seed) => cutting(seed, 120, 1000, 2000))
    expect(problems.filter(({ blocks, optimum: o }) => greedy(blocks, o).peak > o).length).toBeGreaterThan(2)
    for (const { blocks, optimum: o } of problems) expect(lowerBound(blocks).bytes).toBe(o)
  })

  it('keeps to its budget, is then no worse than the cheap orders, and does not claim what it has not proven', () => {
    const { blocks, optimum: height } = cutting(7, 240, 1000, 2000)
    for (const nodes of [0, 1, 100, 1000]) {
      const found = exact(blocks, { nodes })
      expect(found.nodes).toBeLessThanOrEqual(nodes)
      expect(found.peak).toBeLessThanOrEqual(greedy(blocks, height).peak)
      expect(found.bound).toBeLessThanOrEqual(height)
      expect(topOf(blocks, found.offsets)).toBe(found.peak)
    }
    expect(exact(blocks, { nodes: 1e9, expired: () => true }).nodes).toBe(0)
  })

  it('works part by part in time: a hard part does not spoil the others, in whatever order they come', () => {
    const hard = cutting(2, 80, 100, 2000)
    const later = hard.blocks.map((b) => ({ ...b, id: b.id + 1000, first: b.first + 500, last: b.last + 500 }))
    const mixed = [...later, ...hard.blocks].toSorted((a, b) => (a.id % 7) - (b.id % 7))
    const found = place(mixed, { strategy: 'exact' })
    expect(found).toMatchObject({ peak: hard.optimum, proven: true })
  })

  it('goes deep without recursion, and is exact beyond 2^32 bytes', () => {
    const big = 2 ** 40
    const chain = Array.from({ length: 3000 }, (_, id) => ({ id, size: big + (id % 2), first: id, last: id + 1 }))
    const sections = sectionsOf(chain)
    const found = decide({ sections, overlaps: overlaps(sections, 1e6)! }, 2 * big + 1, { nodes: 1e5 })
    expect(topOf(chain.slice(0, 500), found.offsets![0]!)).toBe(2 * big + 1)
    expect(found.nodes).toBeGreaterThanOrEqual(chain.length)
  })
})

describe('sections', () => {
  it('hold what is alive together, and crossings what is alive on both sides of a border', () => {
    fc.assert(
      fc.property(blocksOf(12), (blocks) => {
        const { count, from, to, members, totals, crossings } = sectionsOf(blocks)
        for (let s = 0; s < count; s++) {
          const inside = [...members.items.subarray(members.starts[s], members.starts[s + 1])]
          expect(inside.every((i) => from[i]! <= s && s < to[i]!)).toBe(true)
          expect(totals[s]).toBe(inside.reduce((n, i) => n + blocks[i]!.size, 0))
          expect(crossings[s]).toBe(inside.filter((i) => to[i]! > s + 1).length)
        }
        expect(Math.max(0, ...totals)).toBe(lowerBound(blocks).bytes)
        for (const [i, a] of blocks.entries())
          for (const [j, b] of blocks.entries())
            expect(from[i]! < to[j]! && from[j]! < to[i]!).toBe(a.first <= b.last && b.first <= a.last)
      }),
    )
  })
})

const folder = new URL('../../../shared/data/minimalloc/', import.meta.url)
const read = (name: string): Block[] => {
  const [, ...lines] = readFileSync(new URL(`${name}.1048576.csv`, folder), 'utf8')
    .trim()
    .split('\n')
  return lines.map((line) => {
    const [id, lower, upper, size] = line.split(',').map(Number)
    return { id: id!, size: size!, first: lower!, last: upper! - 1 }
  })
}
describe.skipIf(!existsSync(folder))('published instances (skipped where the data is absent)', () => {
  it.each([
    ['A', 1_048_576],
    ['B', 1_048_576],
    ['C', 1_039_360],
    ['D', 1_042_432],
    ['E', 1_048_576],
    ['F', 1_048_576],
  ])('%s fits into %i bytes', (name, capacity) => {
    const blocks = read(name)
    const { offsets, peak } = exact(blocks, { capacity, nodes: 200_000 })
    expect(topOf(blocks, offsets)).toBe(peak)
    expect(peak).toBeLessThanOrEqual(capacity)
  })

  it.each([
    ['C', 30_642],
    ['D', 11_582],
    ['F', 52_454],
  ])('%s takes the published search %i nodes', (name, nodes) => {
    const found = exact(read(name), { published: true, capacity: 1_048_576, nodes: 1e6 })
    expect(found).toMatchObject({ nodes, order: expect.stringContaining('published') })
    expect(topOf(read(name), found.offsets)).toBe(found.peak)
  })
})
