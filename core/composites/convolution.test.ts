/** Convolutions against plain loops, transposed ones against the transpose, both to second order by data and by weights. */
import { describe, expect, it } from 'vitest'
import { DeclarationError } from '../errors.ts'
import type { Tensor } from '../ir.ts'
import { distance, inner } from '../laws.fixture.ts'
import { input } from '../primitives/leaf.ts'
import { tensorType } from '../shape.ts'
import { type ConvOptions, conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d } from './convolution.ts'
import { at, checkDerivatives, filledBy, ramps, sumOver, valueOf } from './trial.fixture.ts'

interface Plain {
  readonly stride: number
  readonly padding: number
  readonly dilation: number
  readonly groups: number
}
/** The definition, for any number of spatial axes. */
function naive(x: Tensor, w: Tensor, o: Plain): Tensor {
  const kernel = w.shape.slice(2)
  const spatial = x.shape
    .slice(2)
    .map((d, i) => Math.floor((d + 2 * o.padding - o.dilation * (kernel[i]! - 1) - 1) / o.stride) + 1)
  const [channels, perGroup] = [w.shape[1]!, w.shape[0]! / o.groups]
  return filledBy([x.shape[0]!, w.shape[0]!, ...spatial], ([n, u, ...y]) =>
    sumOver([channels, ...kernel], ([c, ...k]) => {
      const from = Math.floor(u! / perGroup) * channels + c!
      return (
        at(x, [n!, from, ...y.map((p, i) => p * o.stride - o.padding + k[i]! * o.dilation)]) * at(w, [u!, c!, ...k])
      )
    }),
  )
}
const grid: readonly Plain[] = [1, 2].flatMap((stride) =>
  [0, 2].flatMap((padding) =>
    [1, 2].flatMap((dilation) => [1, 2].map((groups) => ({ stride, padding, dilation, groups }))),
  ),
)

describe('convolutions', () => {
  it.each(grid)('1-d: %o', (o) => {
    const [x, w] = ramps([2, 4, 9], [6, 4 / o.groups, 3])
    expect(distance(valueOf((a, b) => conv1d(a, b, o), [x!, w!]).data, naive(x!, w!, o).data)).toBeLessThan(1e-13)
  })
  it.each(grid)('2-d: %o', (o) => {
    const [x, w] = ramps([2, 4, 7, 6], [4, 4 / o.groups, 3, 2])
    expect(distance(valueOf((a, b) => conv2d(a, b, o), [x!, w!]).data, naive(x!, w!, o).data)).toBeLessThan(1e-13)
    checkDerivatives((a, b) => conv2d(a, b, o), ramps([1, 2, 5, 5], [2, 2 / o.groups, 3, 2]))
  })
  it('3-d', () => {
    const o = { stride: 2, padding: 1, dilation: 1, groups: 1 }
    const [x, w] = ramps([1, 2, 4, 5, 4], [3, 2, 2, 3, 2])
    expect(distance(valueOf((a, b) => conv3d(a, b, o), [x!, w!]).data, naive(x!, w!, o).data)).toBeLessThan(1e-13)
  })
  it('a bias is added to every channel, and one example is a batch of one', () => {
    const [x, w, bias] = ramps([2, 5, 5], [3, 2, 2, 2], [3])
    const y = valueOf((a, b, c) => conv2d(a, b, { bias: c }), [x!, w!, bias!])
    const plain = naive({ ...x!, shape: [1, ...x!.shape] }, w!, { stride: 1, padding: 0, dilation: 1, groups: 1 })
    expect(y.shape).toEqual([3, 4, 4])
    expect(
      distance(
        y.data,
        plain.data.map((v, i) => v + bias!.data[Math.floor(i / 16)]!),
      ),
    ).toBeLessThan(1e-13)
  })
  it("padding 'same' keeps the size, the odd zero last; 'valid' has none", () => {
    const [x, w] = ramps([1, 1, 5], [1, 1, 4])
    const [same, by] = [{ padding: 'same' }, { padding: 1 }].map((o) =>
      valueOf((a, b) => conv1d(a, b, o as ConvOptions), [x!, w!]),
    )
    expect(same!.shape).toEqual([1, 1, 5])
    expect(Array.from(same!.data.slice(0, 4))).toEqual(Array.from(by!.data))
    expect(valueOf((a, b) => conv1d(a, b, { padding: 'valid' }), [x!, w!]).shape).toEqual([1, 1, 2])
  })
})

describe('transposed convolutions', () => {
  it.each(grid)('are the transpose: %o', (o) => {
    const [x, w] = ramps([2, 4, 9, 8], [6, 4 / o.groups, 3, 2])
    const forward = valueOf((a, b) => conv2d(a, b, o), [x!, w!])
    const [y] = ramps(forward.shape)
    const outputPadding = [9, 8].map((d, i) => (d + 2 * o.padding - o.dilation * ([3, 2][i]! - 1) - 1) % o.stride)
    const back = valueOf((a, b) => convTranspose2d(a, b, { ...o, outputPadding }), [y!, w!])
    expect(back.shape).toEqual(x!.shape)
    const [left, right] = [inner([forward], [y!]), inner([x!], [back])]
    expect(Math.abs(left.sum - right.sum)).toBeLessThan(1e-12 * left.scale)
    checkDerivatives((a, b) => convTranspose2d(a, b, o), ramps([1, 2, 4, 4], [2, 2 / o.groups, 3, 2]))
  })
  it('a dilated kernel with a bias', () => {
    const o = { stride: 2, dilation: 3, padding: 1, outputPadding: 2 }
    checkDerivatives((x, w, bias) => convTranspose1d(x, w, { ...o, bias }), ramps([2, 3, 4], [3, 2, 2], [2]))
  })
})

describe('refusals', () => {
  const x = input('x', tensorType('f32', [1, 4, 5, 5]))
  const w = (...shape: number[]) => input('w', tensorType('f32', shape))
  it.each<[string, () => unknown]>([
    ['channels', () => conv2d(x, w(2, 3, 3, 3))],
    ['groups', () => conv2d(x, w(2, 1, 3, 3), { groups: 3 })],
    ['larger', () => conv2d(x, w(2, 4, 7, 3))],
    ['rank', () => conv2d(x, w(2, 4, 3))],
    ["'same' needs stride 1", () => conv2d(x, w(2, 4, 3, 3), { padding: 'same', stride: 2 })],
    ['stride', () => conv2d(x, w(2, 4, 3, 3), { stride: 0 })],
    ['bias', () => conv2d(x, w(2, 4, 3, 3), { bias: w(3) })],
    ['outputPadding', () => convTranspose2d(x, w(4, 2, 3, 3), { stride: 2, outputPadding: 2 })],
  ])('%s', (word, make) => {
    expect(make).toThrow(DeclarationError)
    expect(make).toThrow(word)
  })
})
