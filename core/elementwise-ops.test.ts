/** Elementwise ops and activations at the points where they could go wrong: extremes, kinks, zeros, NaN; to second order. */
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import type { Node, Tensor } from './ir.ts'
import * as op from './ops.ts'
import { f64, i32, program } from './program.ts'
import { grad, hessian } from './requests.ts'
import { tensor } from './shape.ts'

const { POSITIVE_INFINITY: inf, NaN: nan } = Number
const vector = (values: readonly number[]): Tensor => tensor('f64', [values.length], values)

/** Value, slope and curvature of f at each point. */
function at(f: (x: Node) => Node, xs: readonly number[]) {
  const p = program({ inputs: { x: f64(xs.length) }, outputs: ({ x }) => ({ y: f(x), s: op.sum(f(x)) }) })
  const run = (q: { graph: typeof p.graph }) => evaluate(q.graph, { x: vector(xs) })
  const plain = (t: ArrayLike<number>) => Array.from(t, (v) => (v === 0 ? 0 : v))
  const second = run(hessian(p, { of: 's', wrt: 'x' }))['d2s_dx_dx']!
  return {
    values: Array.from(run(p)['y']!.data),
    slopes: plain(run(grad(p, { of: 's', wrt: 'x' }))['ds_dx']!.data),
    curvatures: plain(xs.map((_, i) => second.data[i * xs.length + i]!)),
  }
}
function at2(f: (a: Node, b: Node) => Node, a: number, b: number): readonly number[] {
  const p = program({ inputs: { a: f64(), b: f64() }, outputs: ({ a, b }) => ({ y: f(a, b) }) })
  const d = evaluate(grad(p, { of: 'y', wrt: ['a', 'b'] }).graph, {
    a: tensor('f64', [], [a]),
    b: tensor('f64', [], [b]),
  })
  return [d['y']!.data[0]!, d['dy_da']!.data[0]!, d['dy_db']!.data[0]!]
}
const close = (got: readonly number[], want: readonly number[], digits = 12): void => {
  expect(got.length).toBe(want.length)
  want.forEach((w, i) => void (Number.isFinite(w) ? expect(got[i]).toBeCloseTo(w, digits) : expect(got[i]).toBe(w)))
}

describe('extremes', () => {
  it('softplus neither overflows nor loses its tail', () => {
    const { values, slopes, curvatures } = at(op.softplus, [100, 1e4, -1e4, -50, inf, -inf, 0])
    expect(values).toEqual([100, 1e4, 0, Math.log1p(Math.exp(-50)), inf, 0, Math.LN2])
    close(slopes, [1, 1, 0, 0, 1, 0, 0.5])
    close(curvatures.slice(0, 4), [0, 0, 0, 0])
  })
  it('logaddexp at infinities and far apart', () => {
    expect(at2(op.logaddexp, 1e4, -1e4)).toEqual([1e4, 1, 0])
    expect(at2(op.logaddexp, -inf, -inf)).toEqual([-inf, 0.5, 0.5])
    expect(at2(op.logaddexp, inf, -inf)).toEqual([inf, 1, 0])
    close(at2(op.logaddexp, 1, 1), [1 + Math.LN2, 0.5, 0.5])
    expect(at2(op.logaddexp, nan, 1)[0]).toBe(nan)
    const tied = program({ inputs: { x: f64() }, outputs: ({ x }) => ({ y: op.logaddexp(x, 0) }) })
    const second = evaluate(hessian(tied, { of: 'y', wrt: 'x' }).graph, { x: tensor('f64', [], [0]) })
    expect(second['d2y_dx_dx']!.data[0]).toBeCloseTo(0.25, 12)
  })
  it('hypot neither overflows nor underflows, and is infinite beside NaN', () => {
    close(
      at2(op.hypot, 3e300, 4e300).map((v, i) => (i === 0 ? v / 1e300 : v)),
      [5, 0.6, 0.8],
    )
    expect(at2(op.hypot, 3e-320, 4e-320)[0]).toBe(5e-320)
    expect(at2(op.hypot, nan, -inf)[0]).toBe(inf)
    expect(at2(op.hypot, 0, 0)).toEqual([0, 0, 0])
  })
  it('xlogy and xlog1py are 0 at x = 0', () => {
    expect(at2(op.xlogy, 0, 0)).toEqual([0, 0, 0])
    expect(at2(op.xlogy, 0, -3)).toEqual([0, 0, 0])
    close(at2(op.xlogy, 0, 2), [0, Math.log(2), 0])
    expect(at2(op.xlogy, 0, nan)[0]).toBe(nan)
    close(at2(op.xlog1py, 0, 2), [0, Math.log(3), 0])
    expect(at2(op.xlog1py, 0, -1)).toEqual([0, 0, 0])
  })
  it('atan2 has finite slopes at the origin and for large arguments', () => {
    expect(at2(op.atan2, 0, 0)).toEqual([0, 0, 0])
    close(
      at2(op.atan2, 1e200, 1e200).map((v, i) => (i === 0 ? v : v * 1e200)),
      [Math.PI / 4, 0.5, -0.5],
    )
  })
  it('expm1, log1p, sinh and erfc keep what the compositions cancel', () => {
    close(at(op.expm1, [1e-12, -40]).values, [1.0000000000005e-12, -1], 24)
    expect(at(op.expm1, [-40]).slopes[0]).toBeCloseTo(Math.exp(-40), 30)
    close(at(op.log1p, [1e-12]).values, [9.999999999995e-13], 24)
    expect(at(op.erfc, [6]).values[0]! / 2.1519736712498913e-17).toBeCloseTo(1, 12)
    expect(at(op.gelu, [-6]).values[0]! / -5.919525870226189e-9).toBeCloseTo(1, 6)
  })
})

describe('where a quotient is 0/0', () => {
  it('sinc has all its derivatives at and around 0', () => {
    const { values, slopes, curvatures } = at(op.sinc, [0, 1e-9, 1e-4, 0.19, 0.2, 1])
    close(values.slice(0, 2), [1, 1])
    close(slopes.slice(0, 3), [0, (-(Math.PI ** 2) / 3) * 1e-9, (-(Math.PI ** 2) / 3) * 1e-4], 11)
    close(curvatures.slice(0, 2), [-(Math.PI ** 2) / 3, -(Math.PI ** 2) / 3], 11)
    const [a, b] = [at(op.sinc, [0.19098593]), at(op.sinc, [0.19098594])]
    expect(a.curvatures[0]).toBeCloseTo(b.curvatures[0]!, 6)
    expect(slopes[5]).toBeCloseTo(-1, 12)
  })
})

describe('rounding and division', () => {
  it('round takes halves to the even number; derivatives are 0', () => {
    const { values, slopes } = at(op.round, [0.5, 1.5, 2.5, -0.5, -1.5, 1e300])
    expect(values).toEqual([0, 2, 2, -0, -2, 1e300])
    expect(slopes).toEqual([0, 0, 0, 0, 0, 0])
  })
  it('fmod has the sign of a and remainder that of b, exactly', () => {
    for (const [a, b] of [
      [7, 3],
      [-7, 3],
      [7, -3],
      [-7, -3],
      [0.3, 0.1],
      [1e17, 3],
      [1e30, 7.3],
      [5e-324, 3e-320],
      [1.7e308, 1.1e308],
      [3, 1e305],
    ] as const) {
      const floored = a % b !== 0 && a % b < 0 !== b < 0 ? (a % b) + b : a % b
      expect(at2(op.fmod, a, b)[0], `fmod(${a}, ${b})`).toBe(a % b)
      expect(at2(op.remainder, a, b)[0], `remainder(${a}, ${b})`).toBe(floored)
    }
    expect(at2(op.fmod, 7.5, 2)).toEqual([1.5, 1, -3])
    expect(at2(op.remainder, -7.5, 2)).toEqual([0.5, 1, 4])
    expect(at2(op.fmod, 1, 0)[0]).toBe(nan)
    expect(at2(op.fmod, 1, inf)[0]).toBe(1)
    expect(at2(op.fmod, inf, 1)[0]).toBe(nan)
  })
  it('integers have remainders, and 0 where there is none', () => {
    const p = program({
      inputs: { a: i32(4), b: i32(4) },
      outputs: ({ a, b }) => ({ r: op.remainder(a, b), f: op.fmod(a, b) }),
    })
    const feeds = { a: tensor('i32', [4], [7, -7, 2147483647, 5]), b: tensor('i32', [4], [3, 3, -10, 0]) }
    const y = evaluate(p.graph, feeds)
    expect(Array.from(y['r']!.data)).toEqual([1, 2, -3, 0])
    expect(Array.from(y['f']!.data)).toEqual([1, -1, 7, 0])
  })
  it('floorDivide and truncDivide are right where a/b rounds up to a whole number', () => {
    const p = program({
      inputs: { a: f64(3), b: f64(3) },
      outputs: ({ a, b }) => ({ f: op.floorDivide(a, b), t: op.truncDivide(a, b) }),
    })
    const y = evaluate(p.graph, { a: vector([1, -7, 0.3]), b: vector([0.1, 2, -0.1]) })
    expect(Array.from(y['f']!.data)).toEqual([9, -4, -3])
    expect(Array.from(y['t']!.data)).toEqual([9, -3, -2])
  })
  it('of integers they round and wrap as integers do, and give 0 where there is no quotient', () => {
    const p = program({
      inputs: { a: i32(7), b: i32(7) },
      outputs: ({ a, b }) => ({ f: op.floorDivide(a, b), t: op.truncDivide(a, b), c: op.floorDivide(a, 2) }),
    })
    const least = -2147483648
    const feeds = {
      a: tensor('i32', [7], [7, -7, 7, 2147483647, least, 5, least]),
      b: tensor('i32', [7], [2, 2, -2, 1, -1, 0, 0]),
    }
    const y = evaluate(p.graph, feeds)
    expect(Array.from(y['f']!.data)).toEqual([3, -4, -4, 2147483647, least, 0, 0])
    expect(Array.from(y['t']!.data)).toEqual([3, -3, -3, 2147483647, least, 0, 0])
    expect(Array.from(y['c']!.data)).toEqual([3, -4, 3, 1073741823, least / 2, 2, least / 2])
  })
  it('quotients and remainders of integers are those of exact arithmetic, for every pair of extremes', () => {
    const sizes = [0, 1, 2, 3, 7, 10, 46341, 65536, 1073741823, 1073741824, 2147483646, 2147483647]
    const values = [...sizes, ...sizes.slice(1).map((x) => -x), -2147483648]
    const pairs = values.flatMap((a) => values.map((b) => [a, b] as const))
    const n = pairs.length
    const p = program({
      inputs: { a: i32(n), b: i32(n) },
      outputs: ({ a, b }) => ({
        trunc: op.truncDivide(a, b),
        floor: op.floorDivide(a, b),
        fmod: op.fmod(a, b),
        mod: op.mod(a, b),
      }),
    })
    const column = (i: 0 | 1) =>
      tensor(
        'i32',
        [n],
        pairs.map((pair) => pair[i]),
      )
    const y = evaluate(p.graph, { a: column(0), b: column(1) })
    pairs.forEach(([a, b], i) => {
      const [x, d] = [BigInt(a), BigInt(b)]
      const left = b === 0 ? 0n : x % d
      const moved = left !== 0n && left < 0n !== d < 0n
      const quotient = b === 0 ? 0n : x / d
      const want = [quotient, moved ? quotient - 1n : quotient, left, moved ? left + d : left]
      const got = ['trunc', 'floor', 'fmod', 'mod'].map((name) => y[name]!.data[i])
      expect(got, `${a}, ${b}`).toEqual(want.map((q) => Number(BigInt.asIntN(32, q))))
    })
  })
})

describe('kinds of numbers', () => {
  it('isNaN, isFinite, isInf, signbit give bools', () => {
    const p = program({
      inputs: { x: f64(5) },
      outputs: ({ x }) => ({ n: op.isNaN(x), f: op.isFinite(x), i: op.isInf(x), s: op.signbit(x) }),
    })
    const y = evaluate(p.graph, { x: vector([nan, inf, -inf, -0, 1]) })
    expect(y['n']!.dtype).toBe('bool')
    expect(Object.values(y).map((t) => Array.from(t.data).join(''))).toEqual(['10000', '00011', '01100', '00110'])
  })
  it('sign keeps NaN; copysign sees −0; fmax and fmin pass over NaN', () => {
    expect(at(op.sign, [-3, 0, 2, nan]).values).toEqual([-1, 0, 1, nan])
    expect(at2(op.copysign, 2, -0)).toEqual([-2, -1, 0])
    expect(at2(op.copysign, -2, 3)).toEqual([2, -1, 0])
    expect([at2(op.fmax, nan, 1)[0], at2(op.fmin, 2, nan)[0], at2(op.fmax, 1, 2)[0]]).toEqual([1, 2, 2])
  })
  it('nanToNum replaces, and passes the derivative of finite numbers only', () => {
    const { values, slopes } = at((x) => op.nanToNum(x, { nan: 5, posinf: 7 }), [nan, inf, -inf, 2])
    expect(values).toEqual([5, 7, -Number.MAX_VALUE, 2])
    expect(slopes).toEqual([0, 0, 0, 1])
  })
})

describe('activations at their kinks', () => {
  const slopesAt = (f: (x: Node) => Node, xs: readonly number[]) => at(f, xs).slopes
  it('the derivative of clamp passes at the bounds, that of hardtanh does not', () => {
    expect(slopesAt((x) => op.clamp(x, -1, 1), [-2, -1, 0, 1, 2])).toEqual([0, 1, 1, 1, 0])
    expect(slopesAt((x) => op.hardtanh(x), [-2, -1, 0, 1, 2])).toEqual([0, 0, 1, 0, 0])
    expect(slopesAt(op.relu6, [-1, 0, 3, 6, 7])).toEqual([0, 0, 1, 0, 0])
  })
  it('values', () => {
    close(at(op.elu, [-1, 2, -1e4]).values, [Math.expm1(-1), 2, -1])
    close(at((x) => op.celu(x, 2), [-1]).values, [2 * Math.expm1(-0.5)])
    close(at(op.hardswish, [-4, -3, 0, 3, 4]).values, [-0, -0, 0, 3, 4])
    close(at(op.softshrink, [-1, 0.2, 1]).values, [-0.5, 0, 0.5])
    close(at(op.hardshrink, [-1, 0.2, 1]).values, [-1, 0, 1])
    close(at(op.logSigmoid, [1e4, -1e4, 0]).values, [-0, -1e4, -Math.LN2])
    close(at(op.mish, [1]).values, [Math.tanh(Math.log1p(Math.E))])
    close(at((x) => op.gelu(x, 'tanh'), [1]).values, [0.8411919906082768])
  })
  it('no overflow leaks from the branch of elu and selu that is not taken', () => {
    for (const f of [op.elu, op.selu]) {
      const { slopes, curvatures } = at((x) => f(x), [1e4, -1e4, 800])
      expect([...slopes, ...curvatures].every(Number.isFinite)).toBe(true)
    }
  })
  it('prelu and glu say what does not fit', () => {
    const p = (f: (x: Node, w: Node) => Node) => () =>
      program({ inputs: { x: f64(2, 3), w: f64(4) }, outputs: ({ x, w }) => ({ y: f(x, w) }) })
    expect(p(op.prelu)).toThrow(/^prelu: the weights do not fit/)
    expect(p((x) => op.glu(x))).toThrow(/^glu: axis -1 has 3 elements/)
    expect(p((x) => op.polygamma(31, x))).toThrow(/^polygamma: the order is 31/)
  })
})

describe('gamma', () => {
  it('polygamma: known values, and reflection', () => {
    close(at((x) => op.polygamma(1, x), [1, 0.5, 2]).values, [Math.PI ** 2 / 6, Math.PI ** 2 / 2, Math.PI ** 2 / 6 - 1])
    close(at((x) => op.polygamma(2, x), [1]).values, [-2.4041138063191885])
    // ψ₁(1 − x) + ψ₁(x) = π²/sin² πx.
    const [low, high] = at((x) => op.polygamma(1, x), [-1.3, 2.3]).values
    expect(low! + high!).toBeCloseTo((Math.PI / Math.sin(Math.PI * 1.3)) ** 2, 10)
  })
  it('the slope of lgamma is digamma, whose is trigamma', () => {
    const l = at(op.lgamma, [0.3, 4.5, -2.4])
    close(l.slopes, at(op.digamma, [0.3, 4.5, -2.4]).values)
    close(l.curvatures, at((x) => op.polygamma(1, x), [0.3, 4.5, -2.4]).values, 10)
  })
})
