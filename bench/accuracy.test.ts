/** A sample of the f32 inputs through the wasm backend: every function keeps its promise. */
import { describe, expect, it } from 'vitest'
import { accuracy, error } from './accuracy.ts'

describe('accuracy', () => {
  it('every unary function is within 2 ulp in f32, NaN and infinities included', async () => {
    const rows = []
    for await (const row of accuracy.rows({ quick: false, sample: 2 ** 16 })) rows.push(row)
    expect(rows.length).toBeGreaterThanOrEqual(30)
    expect(rows.filter((r) => !(r.ulp <= 2))).toEqual([])
    expect(rows.filter((r) => r.ulp === 0)).toEqual([])
  })
  it('measures in units of the last place', () => {
    expect(error(1 + 2 ** -22, 1)).toBe(2)
    expect(error(1, 1 + 2 ** -24)).toBe(0.5)
    expect(error(3 * 2 ** -149, 2 ** -149)).toBe(2)
    expect(error(Number.NaN, Number.NaN)).toBe(0)
    for (const [got, want] of [
      [Number.NaN, 1],
      [1, Number.NaN],
      [Number.POSITIVE_INFINITY, 1],
      [1, 1e300],
    ] as const)
      expect(error(got, want)).toBe(Number.POSITIVE_INFINITY)
  })
})
