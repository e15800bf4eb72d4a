import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Role, Step } from '../types.ts'
import { type Unfenced, withBarriers } from './barriers.ts'
import { lifetimes } from './lifetimes.ts'

const schedules: fc.Arbitrary<Unfenced[]> = fc.array(
  fc.record({
    kernel: fc.nat(5),
    ranks: fc.constantFrom('one' as const, 'all' as const),
    reads: fc.uniqueArray(fc.nat(6), { maxLength: 3 }),
    writes: fc.uniqueArray(fc.nat(6), { maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 12 },
)
const all = (...ids: number[]) => ids.map((id) => ({ id, role: 'temporary' as Role }))
const step = (ranks: 'one' | 'all', barrier: boolean): Step => ({ kernel: 0, ranks, barrier })

describe('lifetimes', () => {
  it('two that do not meet are ordered, whatever the ranks do', () => {
    fc.assert(
      fc.property(schedules, (unordered) => {
        const steps = withBarriers(unordered)
        const lives = lifetimes(unordered, steps, all(0, 1, 2, 3, 4, 5, 6))
        const ordered = (i: number, j: number) =>
          i === j ||
          steps.slice(i, j).some((s) => s.barrier) ||
          (steps[i]!.ranks === 'one' && steps[j]!.ranks === 'one')
        const uses = (id: number) =>
          unordered.flatMap((s, i) => (s.reads.includes(id) || s.writes.includes(id) ? [i] : []))
        for (const [a, [first, last]] of lives) {
          for (const i of uses(a)) expect(first <= i && i <= last).toBe(true)
          for (const [b, life] of lives) {
            // A buffer is written before anything else uses it: that write is what orders its other uses.
            const born = uses(b)[0]
            if (last >= life[0] || born === undefined || !unordered[born]!.writes.includes(b)) continue
            for (const i of uses(a)) for (const j of uses(b)) expect(i < j && ordered(i, j)).toBe(true)
          }
        }
      }),
      { numRuns: 2000 },
    )
  })
  const write = (id: number) => ({ reads: [], writes: [id] })
  const read = (id: number) => ({ reads: [id], writes: [] })

  it('a temporary lives from its write to its last read, where barriers order the steps', () => {
    const steps = [step('all', true), step('all', true), step('all', true), step('all', false)]
    expect(lifetimes([write(9), write(1), read(1), read(9)], steps, all(1)).get(1)).toEqual([1, 2])
  })
  it('its end covers later steps of its phase', () => {
    const steps = [step('all', true), step('all', false), step('all', false), step('all', true), step('all', false)]
    expect(lifetimes([write(1), read(1), write(2), write(3), write(4)], steps, all(1)).get(1)).toEqual([0, 3])
  })
  it('after a use by rank 0, only up to the last step of all ranks', () => {
    const steps = [step('one', false), step('one', false), step('all', false), step('one', false)]
    expect(lifetimes([write(1), read(1), write(2), write(3)], steps, all(1)).get(1)).toEqual([0, 2])
  })
  it('a use by all ranks before the last use by rank 0 counts too', () => {
    const steps = [step('one', true), step('all', false), step('one', false), step('one', false)]
    expect(lifetimes([write(1), read(1), read(1), write(3)], steps, all(1)).get(1)).toEqual([0, 3])
  })
  it('what crosses the boundary lives to the end', () => {
    const steps = [step('all', true), step('all', true), step('all', false)]
    const accesses = [{ reads: [1, 2, 3], writes: [] }, write(4), { reads: [], writes: [] }]
    const buffers = (['input', 'state', 'constant', 'output', 'control'] as const).map((role, i) => ({
      id: i + 1,
      role,
    }))
    const lives = lifetimes(accesses, steps, buffers)
    for (const id of [1, 2, 3, 5]) expect(lives.get(id)).toEqual([0, 2])
    expect(lives.get(4)).toEqual([1, 2])
  })
  it('has an answer for no steps', () => expect(lifetimes([], [], all(1)).get(1)).toEqual([0, 0]))
})
