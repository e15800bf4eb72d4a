/** The functions beyond exp, log, sin, cos, tanh and sigmoid: f64 against fixed point, f32 against the float64 oracle. */
import { describe, expect, it } from 'vitest'
import { reference } from '../../../core/scalar-evaluate.ts'
import { anyFinite, approximated, between, nearOne, nearQuarters } from './evaluate.fixture.ts'
import { ulps } from './oracle.fixture.ts'
import { more } from './oracle-more.fixture.ts'

type Name = keyof typeof more
const N = 400
const any = anyFinite('f64', 5 * N + 100).filter((x) => Math.abs(x) > 2 ** -60 && Math.abs(x) < 2 ** 60)
const positive = any.map(Math.abs)
const around1 = nearOne(N).filter((x) => Math.abs(x - 1) > 2 ** -48)
const inside = between(-1, 1, N)

/** Arguments, and the error that is promised: at most 4. */
const cases: Readonly<Record<Name, readonly [readonly number[], number]>> = {
  exp2: [[...between(-1074, 1023, N), ...inside], 1.5],
  expm1: [[...between(-40, 700, N), ...between(-2, 2, N), ...inside.map((x) => x ** 9)], 2.7],
  log1p: [[...between(-0.999, 3, N), ...positive, ...inside.map((x) => x ** 9)], 1.3],
  log2: [[...positive, ...around1], 1.1],
  log10: [[...positive, ...around1], 1.1],
  cbrt: [any, 1.2],
  tan: [[...inside, ...between(-1e5, 1e5, N), ...nearQuarters(2 ** 30, N)], 2.2],
  asin: [[...inside, ...between(0.45, 0.55, N)], 2.6],
  acos: [[...inside, ...between(0.9, 1, N)], 1.7],
  atan: [[...any, ...between(-3, 3, N), ...between(0.4, 0.43, N)], 2.4],
  sinh: [[...between(-700, 700, N), ...between(-2, 2, N)], 2.1],
  cosh: [[...between(-700, 700, N), ...between(-2, 2, N)], 1.7],
  asinh: [[...any, ...between(-2, 2, N)], 2],
  acosh: [[...between(1, 2, N), ...between(1, 1.01, N), ...positive.map((x) => 1 + x)], 2.8],
  atanh: [[...inside, ...inside.map((x) => x ** 9)], 2],
  erf: [between(-6, 6, N), 2.7],
  erfc: [[...between(-6, 3, N), ...between(0, 26.5, N / 2)], 3.6],
  lgamma: [[...between(0, 3, 60), ...between(1.15, 1.3, 60), ...between(2, 9, 60), ...between(8, 100, 40)], 4],
  digamma: [[...between(0, 3, 60), ...between(1.4, 1.5, 60), ...between(2, 9, 60), ...between(8, 100, 40)], 4],
}

describe('f64', () => {
  it.each(Object.keys(cases) as Name[])('%s', (name) => {
    const run = approximated(name, 'f64')
    const [xs, most] = cases[name]
    let worst = 0
    for (const x of xs) worst = Math.max(worst, ulps(run(x), more[name](x), 53, -1074))
    expect(worst).toBeGreaterThan(0.4)
    expect(worst).toBeLessThan(most)
  })
  it('erfinv: the true value lies within 4 units', () => {
    const run = approximated('erfinv', 'f64')
    for (const x of between(0.001, 0.9999, 150)) {
      const y = run(x)
      const step = 4 * 2 ** (Math.floor(Math.log2(y)) - 52)
      const below = more.erf(y - step)
      const above = more.erf(y + step)
      const wanted = BigInt(x * 2 ** 60) << BigInt(256 - below.exponent - 60)
      expect(below.value < wanted && wanted < above.value, `erfinv(${x})`).toBe(true)
    }
  })
  it('atan2 agrees with atan in the four quadrants', () => {
    const run = approximated('atan2', 'f64')
    for (const x of [...any, ...inside])
      for (const y of [3, -0.01, x * 1.5, -x, 1e300, 1e-300])
        expect(Math.abs(run(y, x) - Math.atan2(y, x))).toBeLessThanOrEqual(Math.abs(Math.atan2(y, x)) * 5e-16)
  })
})

/** Of those that are computed in f32 itself; the others are, in f64, as good as rounded once. */
const single: Partial<Record<Name | 'erfinv', number>> = { exp2: 1, expm1: 1.7, log1p: 0.9, erf: 1.4 }

describe('f32', () => {
  const names = [...(Object.keys(cases) as Name[]), 'erfinv'] as const
  it.each(names)('%s', (name) => {
    const run = approximated(name, 'f32')
    const domain = name === 'erfinv' ? inside : cases[name][0]
    let worst = 0
    for (const x of domain.map(Math.fround)) {
      const want = reference[name](x, 0)
      const nearest = Math.fround(want)
      if (!Number.isFinite(nearest)) expect(run(x)).toBe(nearest)
      else if (want !== 0)
        worst = Math.max(
          worst,
          Math.abs(run(x) - want) / 2 ** Math.max(Math.floor(Math.log2(Math.abs(want))) - 23, -149),
        )
    }
    expect(worst).toBeGreaterThan(0.4)
    expect(worst).toBeLessThan(single[name] ?? 0.53)
  })
})

describe('special values', () => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number
  const points = [0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, -2.5, inf, -inf, nan, 1000, -1000, 2 ** -149, -(2 ** -140)]
  const unary = [...Object.keys(cases), 'erfinv'] as (Name | 'erfinv')[]
  it.each(unary.flatMap((name) => (['f32', 'f64'] as const).map((d) => [name, d] as const)))('%s %s', (name, dtype) => {
    const run = approximated(name, dtype)
    for (const x of points) {
      const want = reference[name](x, 0)
      const rounded = dtype === 'f32' ? Math.fround(want) : want
      const got = run(x)
      const close = Math.abs(got - rounded) <= Math.abs(rounded) * (dtype === 'f32' ? 2e-7 : 2e-14)
      if (!close || rounded === 0) expect(got, `${name}(${x})`).toBe(rounded)
    }
  })
  it('atan2, as IEEE 754 has it', () => {
    const all = [...points, 1e308, -1e308]
    for (const dtype of ['f32', 'f64'] as const) {
      const run = approximated('atan2', dtype)
      const to = dtype === 'f32' ? Math.fround : (x: number) => x
      for (const y of all)
        for (const x of all) {
          const want = Math.atan2(to(y), to(x))
          const got = run(y, x)
          if (Number.isNaN(want) || want === 0) expect(got, `atan2(${y}, ${x})`).toBe(to(want))
          else expect(got, `atan2(${y}, ${x})`).toBeCloseTo(want, dtype === 'f32' ? 6 : 15)
        }
    }
  })
  it('whole powers and roots are exact', () => {
    for (const dtype of ['f32', 'f64'] as const)
      for (let n = -30; n <= 30; n++) {
        expect(approximated('exp2', dtype)(n)).toBe(2 ** n)
        expect(approximated('log2', dtype)(2 ** n)).toBe(n)
        expect(approximated('cbrt', dtype)(n ** 3)).toBe(n)
        if (n >= 0 && n <= 10) expect(approximated('log10', dtype)(10 ** n)).toBe(n)
      }
  })
})
