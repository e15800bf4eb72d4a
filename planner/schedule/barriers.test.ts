import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Unfenced, withBarriers } from './barriers.ts'

const unfenced: fc.Arbitrary<Unfenced[]> = fc.array(
  fc.record({
    kernel: fc.nat(5),
    ranks: fc.constantFrom('one' as const, 'all' as const),
    reads: fc.uniqueArray(fc.nat(5), { maxLength: 3 }),
    writes: fc.uniqueArray(fc.nat(5), { maxLength: 2 }),
  }),
  { maxLength: 10 },
)

const conflict = (a: Unfenced, b: Unfenced): boolean =>
  !(a.ranks === 'one' && b.ranks === 'one') &&
  (a.writes.some((x) => b.writes.includes(x) || b.reads.includes(x)) || a.reads.some((x) => b.writes.includes(x)))

const safe = (steps: readonly Unfenced[], barriers: readonly boolean[]): boolean =>
  steps.every((b, j) => steps.slice(0, j).every((a, i) => !conflict(a, b) || barriers.slice(i, j).includes(true)))

const step = (ranks: 'one' | 'all', reads: number[], writes: number[]): Unfenced => ({
  kernel: 0,
  ranks,
  reads,
  writes,
})
const barriersOf = (...steps: Unfenced[]): boolean[] => withBarriers(steps).map((s) => s.barrier)

describe('withBarriers', () => {
  it('separates every conflict, with as few barriers as possible, and keeps the steps', () => {
    fc.assert(
      fc.property(unfenced, (steps) => {
        const fenced = withBarriers(steps)
        const barriers = fenced.map((s) => s.barrier)
        expect(safe(steps, barriers)).toBe(true)
        expect(barriers.at(-1) ?? false).toBe(false)
        expect(fenced.map(({ kernel, ranks }) => ({ kernel, ranks }))).toEqual(
          steps.map(({ kernel, ranks }) => ({ kernel, ranks })),
        )
        const count = barriers.filter(Boolean).length
        for (let bits = 0; bits < 1 << steps.length; bits++) {
          const other = steps.map((_, i) => ((bits >> i) & 1) === 1)
          if (other.filter(Boolean).length < count) expect(safe(steps, other)).toBe(false)
        }
      }),
      { numRuns: 200 },
    )
  })
  it('reads need none', () => expect(barriersOf(step('all', [1], [2]), step('all', [1], [3]))).toEqual([false, false]))
  it('write, then read', () => expect(barriersOf(step('all', [], [1]), step('all', [1], [2]))).toEqual([true, false]))
  it('read, then write', () => expect(barriersOf(step('all', [1], []), step('one', [], [1]))).toEqual([true, false]))
  it('write, then write', () => expect(barriersOf(step('one', [], [1]), step('all', [], [1]))).toEqual([true, false]))
  it('rank 0 needs none with itself', () =>
    expect(barriersOf(step('one', [], [1]), step('one', [1], [1]))).toEqual([false, false]))
  it('one barrier serves all conflicts across it, as late as possible', () =>
    expect(
      barriersOf(step('all', [], [1]), step('all', [], [2]), step('all', [1], [3]), step('all', [2], [4])),
    ).toEqual([false, true, false, false]))
})
