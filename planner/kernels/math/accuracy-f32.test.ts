/** f32 approximations against the engine's Math in float64. Promise: 2 units in the last place. */
import { describe, expect, it } from 'vitest'
import { reference } from '../../../core/scalar-evaluate.ts'
import { anyFinite, approximated, between, nearOne, nearQuarters, uniform } from './evaluate.fixture.ts'

const N = 8000

function ulps(got: number, want: number): number {
  const rounded = Math.fround(want)
  if (Object.is(got, rounded)) return 0
  if (!Number.isFinite(got) || !Number.isFinite(rounded)) return Number.POSITIVE_INFINITY
  const unit = 2 ** Math.max(Math.floor(Math.log2(Math.abs(want))) - 23, -149)
  return Math.abs(got - want) / unit
}

const angles = [...nearQuarters(8000, N), ...nearQuarters(2 ** 30, N), ...between(-10, 10, N), ...anyFinite('f32', N)]
const samples: Readonly<Record<'exp' | 'log' | 'sin' | 'cos' | 'tanh' | 'sigmoid', readonly number[]>> = {
  exp: [...between(-104, 89, N), ...between(-1, 1, N), ...between(-104, -87, N), ...between(88, 89, N)],
  log: [...anyFinite('f32', N), ...nearOne(N), ...between(0.5, 2, N)],
  sin: angles,
  cos: angles,
  tanh: [...between(-1.5, 1.5, N), ...between(-11, 11, N), ...anyFinite('f32', N)],
  sigmoid: [...between(-104, 20, N), ...between(-3, 3, N), ...between(-104, -87, N), ...anyFinite('f32', N)],
}
const reached = { exp: 1.1, log: 0.9, sin: 1.2, cos: 1.2, tanh: 1.6, sigmoid: 1.8 } as const

describe('f32', () => {
  for (const op of ['exp', 'log', 'sin', 'cos', 'tanh', 'sigmoid'] as const)
    it(op, () => {
      const run = approximated(op, 'f32')
      let most = 0
      for (const x of samples[op].map(Math.fround)) most = Math.max(most, ulps(run(x), reference[op](x, 0)))
      expect(most).toBeGreaterThan(0.4)
      expect(most).toBeLessThan(reached[op])
    })

  it('pow', () => {
    const run = approximated('pow', 'f32')
    const next = uniform(29)
    let most = 0
    for (const x of [...anyFinite('f32', N), ...nearOne(N)].map((x) => Math.fround(Math.abs(x)))) {
      const y = Math.fround((300 * next() - 155) / (Math.log2(x) || 1))
      most = Math.max(most, ulps(run(x, y), reference.pow(x, y)))
    }
    expect(most).toBeGreaterThan(0.4)
    expect(most).toBeLessThan(0.51)
  })
})
