/** f64 approximations against fixed-point arithmetic of 256 bits. Promise: 4 units in the last place; here: what they reach. */
import { describe, expect, it } from 'vitest'
import { anyFinite, approximated, between, nearOne, nearQuarters, uniform } from './evaluate.fixture.ts'
import { oracle, ulps } from './oracle.fixture.ts'

const N = 2000
const overflow = { exp: 709.78, sigmoid: 745 }
const angles = [
  ...nearQuarters(600_000, N),
  ...nearQuarters(2 ** 40, N),
  ...between(-10, 10, N),
  ...anyFinite('f64', N),
]
const samples: Readonly<Record<'exp' | 'log' | 'sin' | 'cos' | 'tanh' | 'sigmoid', readonly number[]>> = {
  exp: [...between(-745, overflow.exp, N), ...between(-1, 1, N), ...between(-745.1, -708, N)],
  log: [...anyFinite('f64', N).map(Math.abs), ...nearOne(N), ...between(0.5, 2, N)],
  sin: angles,
  // The double closest to a multiple of π/2: 6381956970095103 · 2^797.
  cos: [...angles, 6381956970095103 * 2 ** 797],
  tanh: [
    ...between(-1.5, 1.5, N),
    ...between(-22, 22, N),
    ...nearOne(N),
    ...anyFinite('f64', N).filter((x) => Math.abs(x) > 1e-30 && Math.abs(x) < 100),
  ],
  sigmoid: [...between(-745, 40, N), ...between(-3, 3, N), ...between(-745, -707, N)],
}

const worst = (op: keyof typeof oracle, cases: Iterable<readonly [number, number]>): number => {
  const run = approximated(op, 'f64')
  let most = 0
  for (const [x, y] of cases) most = Math.max(most, ulps(run(x, y), oracle[op](x, y), 53, -1074))
  return most
}

const reached = { exp: 1.1, log: 1, sin: 1.2, cos: 1.2, tanh: 1.7, sigmoid: 1.8 } as const

describe('f64', () => {
  for (const op of ['exp', 'log', 'sin', 'cos', 'tanh', 'sigmoid'] as const)
    it(op, () => {
      const most = worst(
        op,
        samples[op].map((x) => [x, 0] as const),
      )
      expect(most).toBeGreaterThan(0.4)
      expect(most).toBeLessThan(reached[op])
    })

  it('pow', () => {
    const next = uniform(23)
    const bases = [...anyFinite('f64', N).map(Math.abs), ...nearOne(N), ...between(0.1, 10, N)].filter((x) => x !== 1)
    const cases = bases.map((x, i) => [x, i % 2 ? 40 * next() - 20 : (2090 * next() - 1070) / Math.log2(x)] as const)
    const finite = cases.filter(([x, y]) => Math.abs(y * Math.log2(x) + 25) < 1048)
    expect(finite.length).toBeGreaterThan(N)
    expect(worst('pow', finite)).toBeLessThan(1.1)
  })

  it('gives whole powers of whole numbers exactly', () => {
    const pow = approximated('pow', 'f64')
    for (let base = -40; base <= 40; base++)
      for (let n = 0; n <= 9; n++) expect(pow(base, n), `${base}^${n}`).toBe(Number(BigInt(base) ** BigInt(n)))
  })
})
