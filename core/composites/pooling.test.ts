/** Pools, padding, columns and resampling against plain loops and known values, and their derivatives. */
import { describe, expect, it } from 'vitest'
import { DeclarationError } from '../errors.ts'
import { evaluate } from '../evaluate.ts'
import type { Tensor } from '../ir.ts'
import { distance, inner } from '../laws.fixture.ts'
import * as op from '../ops.ts'
import { input } from '../primitives/leaf.ts'
import { f64, program } from '../program.ts'
import { grad } from '../requests.ts'
import { tensor, tensorType } from '../shape.ts'
import { adaptiveArgmaxPool, adaptiveAvgPool2d, adaptiveMaxPool2d } from './adaptive-pooling.ts'
import { col2im, im2col } from './columns.ts'
import { type PadMode, padBy } from './padding.ts'
import { argmaxPool2d, avgPool1d, avgPool2d, lpPool1d, type MaxPoolOptions, maxPool1d, maxPool2d } from './pooling.ts'
import { type InterpolateOptions, interpolate } from './resampling.ts'
import { at, type Composite, checkDerivatives, filledBy, ramps, valueOf } from './trial.fixture.ts'
import { maxUnpool } from './unpooling.ts'

/** The window of output (i, j): positions that lie inside. */
function inside(x: Tensor, o: Required<{ [K in keyof MaxPoolOptions]: number }>, i: number, j: number): number[][] {
  const [h, w] = x.shape.slice(-2) as [number, number]
  const along = (k: number) => Array.from({ length: o.size }, (_, r) => k * o.stride - o.padding + r * o.dilation)
  return along(i).flatMap((r) => along(j).flatMap((c) => (r >= 0 && r < h && c >= 0 && c < w ? [[r, c]] : [])))
}

describe('max pools', () => {
  it.each([
    { size: 2, stride: 2, padding: 0, dilation: 1, ceilMode: 0 },
    { size: 3, stride: 2, padding: 1, dilation: 1, ceilMode: 1 },
    { size: 3, stride: 1, padding: 1, dilation: 2, ceilMode: 0 },
    { size: 2, stride: 3, padding: 1, dilation: 2, ceilMode: 1 },
  ])('%o', (o) => {
    const [x] = ramps([2, 7, 8])
    const options = { ...o, ceilMode: o.ceilMode === 1 }
    const y = valueOf((n) => maxPool2d(n, options), [x!])
    const best = (b: number, i: number, j: number) => {
      const cells = inside(x!, o, i, j)
      const values = cells.map((p) => at(x!, [b, ...p]))
      return cells[values.indexOf(Math.max(...values))]!
    }
    expect(y).toEqual(filledBy(y.shape, ([b, i, j]) => at(x!, [b!, ...best(b!, i!, j!)])))
    const index = valueOf((n) => argmaxPool2d(n, options), [x!])
    expect(Array.from(index.data)).toEqual(
      Array.from(filledBy(y.shape, ([b, i, j]) => best(b!, i!, j!).reduce((p, k) => p * 8 + k, 0)).data),
    )
    checkDerivatives((n) => maxPool2d(n, options), [x!])
  })
  it('of equal maxima the first takes the derivative', () => {
    const x = tensor('f64', [1, 4], [3, 3, 1, 1])
    const p = program({ inputs: { x: f64(1, 4) }, outputs: (i) => ({ y: op.sum(maxPool1d(i.x, { size: 2 })) }) })
    expect(Array.from(evaluate(grad(p, { of: 'y', wrt: 'x' }).graph, { x })['dy_dx']!.data)).toEqual([1, 0, 1, 0])
    const first = valueOf((n) => argmaxPool2d(n, { size: [1, 2] }), [x])
    expect(Array.from(first.data)).toEqual([0, 2])
  })
})

describe('maxUnpool', () => {
  it.each([2, 1])('puts maxima back where they were, stride %d', (stride) => {
    const [x] = ramps([2, 4, 6])
    const options = { size: 2, stride }
    const there: Composite = (n) =>
      maxUnpool(maxPool2d(n, options), argmaxPool2d(n, options), [4, 6], { unique: stride >= 2 })
    const y = valueOf(there, [x!])
    const [pooled, found] = [maxPool2d, argmaxPool2d].map((f) => valueOf((n) => f(n, options), [x!]))
    const plane = pooled!.data.length / 2
    const expected = filledBy([2, 4, 6], () => 0)
    found!.data.forEach((p, k) => {
      expected.data[Math.floor(k / plane) * 24 + p] = pooled!.data[k]!
    })
    expect(y).toEqual(expected)
    checkDerivatives(there, [x!])
  })
  it('of equal positions the last counts, and takes the derivative alone', () => {
    const there = tensor('i32', [3], [1, 1, 0])
    const f: Composite = (n) => maxUnpool(n, op.constant(there.data, 'i32', [3]), [3])
    const x = tensor('f64', [3], [5, 2, 7])
    expect(Array.from(valueOf(f, [x]).data)).toEqual([7, 2, 0])
    const p = program({ inputs: { x: f64(3) }, outputs: (i) => ({ y: op.sum(f(i.x)) }) })
    expect(Array.from(evaluate(grad(p, { of: 'y', wrt: 'x' }).graph, { x })['dy_dx']!.data)).toEqual([0, 1, 1])
  })
})

describe('averages', () => {
  it('padding counts, or does not; a divisor replaces the count', () => {
    const x = tensor('f64', [1, 3], [1, 2, 3])
    const run = (o: object) =>
      Array.from(valueOf((n) => avgPool1d(n, { size: 2, stride: 2, padding: 1, ...o }), [x]).data)
    expect(run({})).toEqual([0.5, 2.5])
    expect(run({ countIncludePad: false })).toEqual([1, 2.5])
    expect(run({ divisor: 4 })).toEqual([0.25, 1.25])
  })
  it('a window cut off by ceilMode is the mean of what is there', () => {
    const x = tensor('f64', [1, 5], [1, 2, 3, 4, 5])
    expect(Array.from(valueOf((n) => avgPool1d(n, { size: 2, ceilMode: true }), [x]).data)).toEqual([1.5, 3.5, 5])
    checkDerivatives((n) => avgPool2d(n, { size: 3, stride: 2, padding: 1, ceilMode: true }), ramps([2, 6, 6]))
  })
  it('lpPool is the p-norm of windows', () => {
    const x = tensor('f64', [1, 4], [3, 4, 6, 8])
    expect(distance(valueOf((n) => lpPool1d(n, { p: 2, size: 2 }), [x]).data, [5, 10])).toBeLessThan(1e-14)
    checkDerivatives((n) => lpPool1d(n, { p: 2, size: 2 }), [x])
  })
})

describe('adaptive pools', () => {
  const [x] = ramps([2, 5, 7])
  const span = (size: number, n: number, i: number) => {
    const from = Math.floor((i * size) / n)
    return Array.from({ length: Math.ceil(((i + 1) * size) / n) - from }, (_, k) => from + k)
  }
  it.each([[[2, 3]], [[5, 7]], [[1, 1]], [[8, 4]]])('%o', (size) => {
    const cells = (i: number, j: number) => span(5, size[0]!, i).flatMap((r) => span(7, size[1]!, j).map((c) => [r, c]))
    const values = (b: number, i: number, j: number) => cells(i, j).map((p) => at(x!, [b, ...p]))
    const mean = (v: readonly number[]) => v.reduce((s, k) => s + k, 0) / v.length
    const averages = valueOf((n) => adaptiveAvgPool2d(n, size), [x!])
    expect(distance(averages.data, filledBy([2, ...size], ([b, i, j]) => mean(values(b!, i!, j!))).data)).toBeLessThan(
      1e-14,
    )
    const most = valueOf((n) => adaptiveMaxPool2d(n, size), [x!])
    expect(most).toEqual(filledBy([2, ...size], ([b, i, j]) => Math.max(...values(b!, i!, j!))))
    const where = valueOf((n) => adaptiveArgmaxPool(2, n, size), [x!])
    expect(Array.from(where.data, (p, k) => x!.data[Math.floor(k / (size[0]! * size[1]!)) * 35 + p])).toEqual(
      Array.from(most.data),
    )
    for (const f of [adaptiveAvgPool2d, adaptiveMaxPool2d]) checkDerivatives((n) => f(n, size), [x!])
  })
})

describe('padding', () => {
  const x = tensor('f64', [1, 4], [1, 2, 3, 4])
  it.each<[PadMode, number[]]>([
    ['reflect', [3, 2, 1, 2, 3, 4, 3]],
    ['replicate', [1, 1, 1, 2, 3, 4, 4]],
    ['circular', [3, 4, 1, 2, 3, 4, 1]],
  ])('%s', (mode, expected) => {
    expect(
      Array.from(
        valueOf(
          (n) =>
            padBy(
              n,
              [
                [0, 0],
                [2, 1],
              ],
              mode,
            ),
          [x],
        ).data,
      ),
    ).toEqual(expected)
    checkDerivatives(
      (n) =>
        padBy(
          n,
          [
            [0, 0],
            [2, 1],
            [1, -1],
          ],
          mode,
        ),
      ramps([2, 3, 4]),
    )
  })
  it('refuses what is not there', () => {
    const n = input('x', tensorType('f32', [3]))
    expect(() => padBy(n, [[3, 0]], 'reflect')).toThrow(DeclarationError)
    expect(() => padBy(n, [[0, 4]], 'circular')).toThrow(/size 3/)
  })
})

describe('columns', () => {
  const options = { size: [2, 3], stride: [2, 1], padding: 1, dilation: [1, 2] }
  it('im2col lists windows by channel, row and column; col2im is its transpose', () => {
    const [x] = ramps([2, 2, 5, 6])
    const y = valueOf((n) => im2col(n, options), [x!])
    expect(y.shape).toEqual([2, 12, 12])
    expect(y).toEqual(
      filledBy([2, 12, 12], ([b, r, p]) => {
        const [c, i, j] = [Math.floor(r! / 6), Math.floor(r! / 3) % 2, r! % 3]
        return at(x!, [b!, c, Math.floor(p! / 4) * 2 - 1 + i, (p! % 4) - 1 + j * 2])
      }),
    )
    const [u] = ramps([2, 12, 12])
    const back = valueOf((n) => col2im(n, [5, 6], options), [u!])
    const [left, right] = [inner([y], [u!]), inner([x!], [back])]
    expect(Math.abs(left.sum - right.sum)).toBeLessThan(1e-12 * left.scale)
    checkDerivatives((n) => col2im(n, [5, 6], options), [u!])
  })
})

describe('interpolate', () => {
  const line = tensor('f64', [1, 1, 4], [1, 2, 4, 8])
  const run = (o: InterpolateOptions) => Array.from(valueOf((n) => interpolate(n, o), [line]).data)
  it('nearest takes corners, nearest-exact middles', () => {
    expect(run({ size: 8 })).toEqual([1, 1, 2, 2, 4, 4, 8, 8])
    expect(run({ size: 3 })).toEqual([1, 2, 4])
    expect(run({ size: 3, mode: 'nearest-exact' })).toEqual([1, 4, 8])
  })
  it('linear goes through pixels as areas, or through aligned corners', () => {
    expect(run({ size: 8, mode: 'linear' })).toEqual([1, 1.25, 1.75, 2.5, 3.5, 5, 7, 8])
    expect(distance(run({ size: 7, mode: 'linear', alignCorners: true }), [1, 1.5, 2, 3, 4, 6, 8])).toBeLessThan(1e-14)
  })
  it('cubic keeps straight lines away from the edges', () => {
    const ramp = tensor('f64', [1, 1, 8], [0, 1, 2, 3, 4, 5, 6, 7])
    const y = valueOf((n) => interpolate(n, { size: 15, mode: 'cubic', alignCorners: true }), [ramp])
    expect(distance(y.data.slice(3, 12), [1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5])).toBeLessThan(1e-12)
  })
  it.each<InterpolateOptions>([
    { size: [3, 7] },
    { scale: [2, 0.5], mode: 'linear' },
    { scale: 1.7, mode: 'cubic' },
    { size: [2, 3], mode: 'area' },
    { scale: 2, mode: 'nearest-exact' },
  ])('derivatives of %o', (o) => checkDerivatives((n) => interpolate(n, o), ramps([1, 2, 4, 5])))
  it('refuses a size and a scale at once, and corners of nearest', () => {
    const n = input('x', tensorType('f32', [1, 1, 4]))
    expect(() => interpolate(n, { size: 2, scale: 2 })).toThrow(DeclarationError)
    expect(() => interpolate(n, { size: 2, alignCorners: true })).toThrow(/alignCorners/)
  })
})
