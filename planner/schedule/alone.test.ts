/** Barriers around loops: every conflict is separated in every order in which ranks may meet the steps, and rank 0's loops have none inside. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Loop } from '../types.ts'
import { fenced } from './alone.ts'
import type { Unfenced } from './barriers.ts'

const unfenced: fc.Arbitrary<Unfenced[]> = fc.array(
  fc.record({
    kernel: fc.nat(5),
    ranks: fc.constantFrom('one' as const, 'one' as const, 'all' as const),
    reads: fc.uniqueArray(fc.nat(4), { maxLength: 2 }),
    writes: fc.uniqueArray(fc.nat(4), { maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 9 },
)
/** Loops that nest: intervals cut so that each is inside or beside the ones before it. */
const nested = (steps: number, cuts: readonly (readonly [number, number])[]): Loop[] => {
  const loops: Loop[] = []
  for (const [a, b] of cuts) {
    const [first, last] = [Math.min(a, b) % steps, Math.max(a, b) % steps].sort((x, y) => x - y) as [number, number]
    const crosses = loops.some((l) => l.first < first && first <= l.last && last > l.last)
    const crossed = loops.some((l) => first < l.first && l.first <= last && l.last > last)
    if (!crosses && !crossed) loops.push({ first, last, count: 2 })
  }
  return loops.sort((x, y) => x.first - y.first || y.last - x.last)
}

interface Event {
  readonly step?: number
}
/** What a rank does, barriers as events without a step, with every loop run twice. */
function walk(steps: readonly { readonly barrier: boolean }[], loops: readonly Loop[]): Event[] {
  const range = (from: number, to: number, inside: readonly Loop[]): Event[] => {
    const out: Event[] = []
    for (let at = from; at <= to; at++) {
      const loop = inside.find((l) => l.first === at)
      if (!loop) {
        out.push({ step: at }, ...(steps[at]!.barrier ? [{}] : []))
        continue
      }
      const deeper = inside.filter((l) => l !== loop && l.first >= loop.first && l.last <= loop.last)
      const rest = inside.slice(inside.indexOf(loop) + 1)
      const once = range(
        loop.first,
        loop.last,
        rest.filter((l) => deeper.includes(l)),
      )
      out.push(...once, ...once, ...(loop.barrier ? [{}] : []))
      at = loop.last
    }
    return out
  }
  return range(0, steps.length - 1, loops)
}

const conflict = (a: Unfenced, b: Unfenced): boolean =>
  !(a.ranks === 'one' && b.ranks === 'one') &&
  (a.writes.some((x) => b.writes.includes(x) || b.reads.includes(x)) || a.reads.some((x) => b.writes.includes(x)))

describe('fenced', () => {
  const cuts = fc.array(fc.tuple(fc.nat(8), fc.nat(8)), { maxLength: 4 })
  it('separates every conflict along every way through the loops', () => {
    fc.assert(
      fc.property(unfenced, cuts, (given, at) => {
        const { steps, loops } = fenced(given, nested(given.length, at))
        let phase: number[] = []
        for (const { step } of walk(steps, loops)) {
          if (step === undefined) phase = []
          else {
            for (const other of phase) if (other !== step) expect(conflict(given[other]!, given[step]!)).toBe(false)
            phase.push(step)
          }
        }
      }),
      { numRuns: 500, seed: 5 },
    )
  })
  it('leaves rank 0 alone in loops of its own, the outermost such ones, and puts no barrier in them', () => {
    let alone = 0
    fc.assert(
      fc.property(unfenced, cuts, (given, at) => {
        const { steps, loops } = fenced(given, nested(given.length, at))
        for (const [i, loop] of loops.entries()) {
          const own = given.slice(loop.first, loop.last + 1).every((s) => s.ranks === 'one')
          const inside = loops.slice(0, i).some((l) => l.alone && l.last >= loop.last)
          expect(loop.alone ?? false).toBe(own && !inside)
          if (!own) continue
          alone++
          expect(steps.slice(loop.first, loop.last + 1).some((s) => s.barrier)).toBe(false)
        }
      }),
      { numRuns: 300, seed: 6 },
    )
    expect(alone).toBeGreaterThan(50)
  })
  it('meets after a loop, not in it', () => {
    const step = (ranks: 'one' | 'all', reads: number[], writes: number[]): Unfenced => ({
      kernel: 0,
      ranks,
      reads,
      writes,
    })
    const given = [step('all', [], [1]), step('one', [2], [2]), step('one', [1], [3]), step('all', [3], [4])]
    const { steps, loops } = fenced(given, [{ first: 1, last: 2, count: 9 }])
    expect(steps.map((s) => s.barrier)).toEqual([true, false, false, false])
    expect(loops).toEqual([{ first: 1, last: 2, count: 9, alone: true, barrier: true }])
  })
})
