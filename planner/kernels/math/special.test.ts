/** Zeros, infinities, NaN, ends of the ranges, signs, and pow as IEEE 754-2019 §9.2.1 has it. */
import { describe, expect, it } from 'vitest'
import { reference } from '../../../core/scalar-evaluate.ts'
import { anyFinite, approximated } from './evaluate.fixture.ts'

const { NaN: nan, POSITIVE_INFINITY: inf } = Number
const cases: Readonly<
  Record<'exp' | 'log' | 'sin' | 'cos' | 'tanh' | 'sigmoid', readonly (readonly [number, number])[]>
> = {
  exp: [
    [0, 1],
    [-0, 1],
    [inf, inf],
    [-inf, 0],
    [nan, nan],
    [1000, inf],
    [-1000, 0],
    [1e30, inf],
    [-1e30, 0],
  ],
  log: [
    [0, -inf],
    [-0, -inf],
    [1, 0],
    [inf, inf],
    [-1, nan],
    [-inf, nan],
    [nan, nan],
    [-1e-45, nan],
  ],
  sin: [
    [0, 0],
    [-0, -0],
    [inf, nan],
    [-inf, nan],
    [nan, nan],
  ],
  cos: [
    [0, 1],
    [-0, 1],
    [1e-20, 1],
    [inf, nan],
    [-inf, nan],
    [nan, nan],
  ],
  tanh: [
    [0, 0],
    [-0, -0],
    [inf, 1],
    [-inf, -1],
    [30, 1],
    [-30, -1],
    [1e30, 1],
    [nan, nan],
  ],
  sigmoid: [
    [0, 0.5],
    [-0, 0.5],
    [inf, 1],
    [-inf, 0],
    [100, 1],
    [-1e30, 0],
    [1e30, 1],
    [nan, nan],
  ],
}

for (const dtype of ['f32', 'f64'] as const)
  describe(dtype, () => {
    for (const op of Object.keys(cases) as (keyof typeof cases)[])
      it(op, () => {
        const run = approximated(op, dtype)
        for (const [x, y] of cases[op]) expect(run(x), `${op}(${x})`).toBe(y)
      })

    it('pow', () => {
      const run = approximated('pow', dtype)
      const least = dtype === 'f32' ? 2 ** -149 : 2 ** -1074
      const values = [0, 1, 2, 3, 0.5, 1.5, 2.5, inf, least, 1e30, 2 ** 24 - 1, 2 ** 24, 2 ** 31 + 256]
      const all = [...values, ...values.map((v) => -v), nan]
      for (const x of all)
        for (const y of all) {
          const want = reference.pow(x, y)
          const rounded = dtype === 'f32' ? Math.fround(want) : want
          const got = run(x, y)
          const close = Math.abs(got - rounded) <= Math.abs(rounded) * (dtype === 'f32' ? 2e-7 : 5e-16)
          if (!close || got === 0) expect(got, `pow(${x}, ${y})`).toBe(rounded)
        }
    })

    it('keeps subnormal arguments and results', () => {
      const [scale, bits] = dtype === 'f32' ? [-126, 23] : [-1022, 52]
      const x = 3 * 2 ** (scale - bits)
      for (const op of ['sin', 'tanh'] as const) expect(approximated(op, dtype)(x), op).toBe(x)
      expect(approximated('log', dtype)(x)).toBeCloseTo(
        Math.log(3) + (scale - bits) * Math.LN2,
        dtype === 'f32' ? 4 : 12,
      )
      for (const op of ['exp', 'sigmoid'] as const)
        expect(approximated(op, dtype)((scale - bits + 5) * Math.LN2) / 2 ** (scale - bits), op).toBeCloseTo(32, 0)
      expect(approximated('pow', dtype)(2, scale - bits)).toBe(2 ** (scale - bits))
    })

    it('stays within bounds, and odd functions are odd', () => {
      const xs = anyFinite(dtype, 600)
      const [sin, cos, tanh, sigmoid] = (['sin', 'cos', 'tanh', 'sigmoid'] as const).map((op) =>
        approximated(op, dtype),
      )
      for (const x of xs) {
        for (const f of [sin!, cos!, tanh!, sigmoid!]) expect(Math.abs(f(x))).toBeLessThanOrEqual(1)
        expect(sigmoid!(x)).toBeGreaterThanOrEqual(0)
        for (const f of [sin!, tanh!]) expect(f(-x)).toBe(-f(x))
        expect(cos!(-x)).toBe(cos!(x))
      }
    })
  })
