import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { divisionOf } from './tape-limit.ts'

interface Sizes {
  readonly tape: number
  readonly carry: number
}

/** Most bytes at once: run segment by segment, what is left after the last first. */
function bytesOf(length: number, [every, ...inside]: readonly number[], sizes: Sizes): number {
  if (every === undefined) return length * sizes.tape
  const starts = Math.floor(length / every)
  const rest = length - starts * every
  return starts * sizes.carry + Math.max(bytesOf(every, inside, sizes), rest * sizes.tape)
}

/** Fewest levels of all ways that take no more than `limit`. */
function fewest(length: number, sizes: Sizes, limit: number): number | undefined {
  if (length * sizes.tape <= limit) return 0
  let least: number | undefined
  for (let every = 1; every < length; every++) {
    const starts = Math.floor(length / every)
    const left = limit - starts * sizes.carry
    const inside = (length - starts * every) * sizes.tape <= left ? fewest(every, sizes, left) : undefined
    if (inside !== undefined && inside + 1 < (least ?? Number.POSITIVE_INFINITY)) least = inside + 1
  }
  return least
}

describe('segments within a limit', () => {
  const sizes = fc.record({ tape: fc.integer({ min: 1, max: 6 }), carry: fc.integer({ min: 1, max: 3 }) })

  it('have the fewest levels of all ways that fit, and fit wherever one does', () => {
    let divided = 0
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 24 }), sizes, fc.integer({ min: 2, max: 60 }), (length, own, limit) => {
        const { every, bytes } = divisionOf(length, own, limit)
        expect(bytes).toBe(bytesOf(length, every, own))
        const least = fewest(length, own, limit)
        if (least === undefined) expect(bytes).toBeGreaterThan(limit)
        else expect({ levels: every.length, fits: bytes <= limit }).toEqual({ levels: least, fits: true })
        if (least !== undefined && least > 1) divided++
      }),
      { numRuns: 600, seed: 5 },
    )
    expect(divided).toBeGreaterThan(10)
  })

  it('fall to bytes like a root of the length, for lengths that nothing divides too', () => {
    for (const length of [1000, 99_991, 720_720]) {
      const root = Math.sqrt(length * 5)
      const { every, bytes } = divisionOf(length, { tape: 5, carry: 1 }, 2.2 * root)
      expect(every).toHaveLength(1)
      expect(bytes).toBeLessThanOrEqual(2.2 * root)
      expect(bytes).toBe(bytesOf(length, every, { tape: 5, carry: 1 }))
    }
  })
})
