/** The digits of π, from Machin's formula. */
import { expect, it } from 'vitest'
import { piTo } from './oracle.fixture.ts'
import { digitsOfTwoOverPi, halfPi, halfPiLow, halfPiParts, twoOverPi, twoOverPiBits } from './pi.ts'

const bits = BigInt(twoOverPiBits)
/** A double times 2^400, for doubles that are multiples of 2^−400. */
const scaled = (x: number): bigint => {
  const part = Math.round(Math.log2(Math.abs(x))) - 60
  return BigInt(x * 2 ** -part) << BigInt(400 + part)
}

it('2/π', () => {
  const pi = piTo(2n * bits)
  expect(twoOverPi).toBe((1n << (3n * bits + 1n)) / pi)
  const first = digitsOfTwoOverPi(26, 3)
  expect(first.reduce((sum, d, i) => sum + d * 2 ** (-26 * (i + 1)), 0)).toBe(2 / Math.PI)
})

it('π/2 in parts', () => {
  const half = piTo(400n) / 2n
  const miss = (parts: readonly number[]) => {
    const error = parts.map(scaled).reduce((left, part) => left - part, half)
    return Number(error) / 2 ** 400
  }
  expect(Math.abs(miss([halfPi, halfPiLow]))).toBeLessThan(2 ** -106)
  expect(Math.abs(miss(halfPiParts.f32))).toBeLessThan(2 ** -62)
  expect(Math.abs(miss(halfPiParts.f64))).toBeLessThan(2 ** -155)
  for (const part of halfPiParts.f32) expect(Math.fround(part)).toBe(part)
})
