import { existsSync, readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Block, lowerBound } from './bound.ts'
import { fitInOrder } from './fit.ts'
import { type Placement, place, type Strategy } from './place.ts'
import { fitByTime } from './sweep.ts'

const blockLists = fc
  .array(fc.record({ units: fc.nat(9), first: fc.nat(20), length: fc.nat(12) }), { maxLength: 30 })
  .map((list): Block[] =>
    list.map(({ units, first, length }, id) => ({ id, size: units * 64, first, last: first + length })),
  )

/** Every pair, looked at plainly. */
function clashes(blocks: readonly Block[], offsets: ReadonlyMap<number, number>): [Block, Block][] {
  const found: [Block, Block][] = []
  for (const a of blocks) {
    for (const b of blocks) {
      if (a.id >= b.id || a.size === 0 || b.size === 0) continue
      const [x, y] = [offsets.get(a.id)!, offsets.get(b.id)!]
      const together = a.first <= b.last && b.first <= a.last
      if (together && x < y + b.size && y < x + a.size) found.push([a, b])
    }
  }
  return found
}

function expectPlaced(blocks: readonly Block[], placement: Placement): void {
  expect(clashes(blocks, placement.offsets)).toEqual([])
  const tops = blocks.map((b) => placement.offsets.get(b.id)! + b.size)
  expect(blocks.filter((b) => b.size > 0).every((b) => placement.offsets.get(b.id)! >= 0)).toBe(true)
  expect(placement.peak).toBe(tops.reduce((m, t) => Math.max(m, t), 0))
  expect(placement.peak).toBeGreaterThanOrEqual(placement.bound)
  expect(placement.proven).toBe(placement.peak === placement.bound)
}

describe('lowerBound', () => {
  it('is the largest sum alive at a step', () => {
    fc.assert(
      fc.property(blockLists, (blocks) => {
        const { bytes, step, alive } = lowerBound(blocks)
        const at = (s: number) => blocks.filter((b) => b.first <= s && s <= b.last)
        const sum = (list: readonly Block[]) => list.reduce((n, b) => n + b.size, 0)
        expect(bytes).toBe(Math.max(0, ...Array.from({ length: 40 }, (_, s) => sum(at(s)))))
        expect(sum(alive)).toBe(bytes)
        expect(new Set(alive)).toEqual(new Set(blocks.length > 0 ? at(step) : []))
      }),
    )
  })
})

describe('place', () => {
  for (const strategy of ['naive', 'greedy', 'exact'] satisfies Strategy[]) {
    it(`${strategy}: live blocks share no byte, and the peak is right`, () => {
      fc.assert(fc.property(blockLists, (blocks) => expectPlaced(blocks, place(blocks, { strategy }))))
    })
  }

  it('naive shares nothing', () => {
    const blocks = [0, 1, 2].map((id) => ({ id, size: 64, first: id, last: id }))
    expect(place(blocks, { strategy: 'naive' })).toMatchObject({ peak: 192, bound: 64, proven: false })
    expect(place(blocks, { strategy: 'greedy' })).toMatchObject({ peak: 64, bound: 64, proven: true })
  })

  it('every order and sweep is valid by itself, not only the best', () => {
    fc.assert(
      fc.property(
        blockLists,
        fc.constantFrom('first', 'best'),
        fc.constantFrom('forward', 'backward'),
        (blocks, fit, way) => {
          const inOrder = fitInOrder(blocks, [...blocks.keys()], fit, Number.POSITIVE_INFINITY)!
          for (const { offsets, peak } of [inOrder, fitByTime(blocks, fit, way)]) {
            expect(clashes(blocks, new Map(blocks.map((b, i) => [b.id, offsets[i]!])))).toEqual([])
            expect(peak).toBe(Math.max(0, ...blocks.map((b, i) => (b.size > 0 ? offsets[i]! + b.size : 0))))
          }
        },
      ),
    )
  })

  it('does not depend on anything but the blocks', () => {
    fc.assert(
      fc.property(blockLists, (blocks) => {
        const again = structuredClone(blocks)
        expect(place(again, { strategy: 'greedy' })).toEqual(place(blocks, { strategy: 'greedy' }))
      }),
    )
  })

  it('is exact beyond 2^31 bytes', () => {
    const size = 3 * 2 ** 31 + 64
    const blocks = [0, 1, 2].map((id) => ({ id, size, first: 0, last: 1 }))
    const placement = place(blocks, { strategy: 'greedy' })
    expectPlaced(blocks, placement)
    expect(placement.peak).toBe(3 * size)
  })

  it('places 100,000 blocks of a chain close to the bound', () => {
    const n = 100_000
    // Forward results live until the backward step that mirrors them; backward results live for one more step.
    const blocks = Array.from({ length: n }, (_, id) => ({
      id,
      size: 64 * (1 + (id % 3)),
      first: id,
      last: id < n / 2 ? n - 1 - id : Math.min(n - 1, id + 1),
    }))
    const { peak, bound } = place(blocks, { strategy: 'greedy' })
    expect(peak).toBeLessThanOrEqual(bound * 1.01)
  })
})

const folder = new URL('../../../shared/data/minimalloc/', import.meta.url)
describe.skipIf(!existsSync(folder))('minimalloc instances (skipped where the data is absent)', () => {
  const files = existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith('.csv')) : []
  it.each(files)('%s', (file) => {
    const [, ...lines] = readFileSync(new URL(file, folder), 'utf8').trim().split('\n')
    const blocks = lines.map((line): Block => {
      const [id, lower, upper, size] = line.split(',').map(Number)
      return { id: id!, size: size!, first: lower!, last: upper! - 1 }
    })
    const placement = place(blocks, { strategy: 'greedy' })
    expectPlaced(blocks, placement)
    console.log(
      `${file}: peak ${placement.peak}, ${(placement.peak / placement.bound).toFixed(3)} × bound, ${placement.order}`,
    )
    expect(placement.peak).toBeLessThan(1.3 * placement.bound)
  })
})
