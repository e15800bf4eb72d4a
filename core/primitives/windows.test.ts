/** windows against their definition; overlapAdd is the transpose for every stride, dilation and direction; the rewrite to a contraction is exact. */
import { describe, expect, it } from 'vitest'
import { at, checkDerivatives, filledBy, ramps, valueOf } from '../composites/trial.fixture.ts'
import { DeclarationError } from '../errors.ts'
import { evaluate } from '../evaluate.ts'
import type { Node } from '../ir.ts'
import { distance, graph, inner } from '../laws.fixture.ts'
import { ramp } from '../samples.ts'
import { tensorType } from '../shape.ts'
import { contract } from './contract.ts'
import { input } from './leaf.ts'
import { overlapAdd, overlaps, windows } from './windows.ts'

const cases = [1, 2, 3].flatMap((stride) => [1, 2, 3, -1, -2].map((dilation) => ({ stride, dilation })))

describe('windows', () => {
  it.each(cases)('stride $stride, dilation $dilation: element k of window o', ({ stride, dilation }) => {
    const [x] = ramps([2, 11])
    const y = valueOf((n) => windows(n, { size: [3], stride: [stride], dilation: [dilation] }), [x!])
    const step = Math.abs(dilation)
    const count = Math.floor((11 - 2 * step - 1) / stride) + 1
    const expected = filledBy([2, count, 3], ([b, o, k]) =>
      at(x!, [b!, o! * stride + (dilation > 0 ? k! : 2 - k!) * step]),
    )
    expect(y).toEqual(expected)
  })
  it('refuses windows that do not fit', () => {
    const x = input('x', tensorType('f32', [4]))
    expect(() => windows(x, { size: [3], count: [3] })).toThrow(DeclarationError)
    expect(() => windows(x, { size: [0] })).toThrow(/whole numbers/)
    expect(() => windows(x, { size: [2, 2] })).toThrow(DeclarationError)
  })
})

describe('overlapAdd', () => {
  it.each(cases)('stride $stride, dilation $dilation: ⟨windows(x), y⟩ = ⟨x, overlapAdd(y)⟩', ({ stride, dilation }) => {
    const options = { size: [3, 2], stride: [stride, 1], dilation: [dilation, 2] }
    const [x] = ramps([2, 12, 7])
    const seen = valueOf((n) => windows(n, options), [x!])
    const y = ramp('f64', seen.shape, 3)
    const back = valueOf((n) => overlapAdd(n, [12, 7], options), [y])
    const [left, right] = [inner([seen], [y]), inner([x!], [back])]
    expect(Math.abs(left.sum - right.sum)).toBeLessThan(1e-12 * left.scale)
    checkDerivatives((n) => overlapAdd(windows(n, options), [12, 7], options), [x!])
  })
})

describe('windows of a product', () => {
  const made = (stride: number, dilation: number, size: number, spec: string): Node => {
    const a = input('a', tensorType('f64', [2, 3, 4]))
    const b = input('b', tensorType('f64', [3, 5, size]))
    const quotients = Math.ceil((3 * stride + (size - 1) * dilation + 1) / stride)
    return overlaps(contract(spec, a, b), [quotients], {
      size: [size],
      stride: [stride],
      dilation: [dilation],
      count: [4],
    })
  }
  const values = (size: number) => ({ a: ramp('f64', [2, 3, 4]), b: ramp('f64', [3, 5, size], 1) })
  it.each([
    [1, 1, 3],
    [1, 2, 3],
    [2, 1, 3],
    [3, 1, 2],
    [2, 1, 1],
  ])('stride %d, dilation %d, size %d: becomes a contraction of the same value', (stride, dilation, size) => {
    const node = made(stride, dilation, size, 'nco,cuk->nuok')
    const better = node.op.rewrite!(node)!
    expect(better.type).toEqual(node.type)
    const inputs = [...new Set(node.operands[0]!.operands)]
    const got = evaluate(graph(inputs, { was: node, is: better }), values(size))
    expect(distance(got['is']!.data, got['was']!.data)).toBeLessThan(1e-14)
  })
  it.each([
    [
      [1, 3, 4],
      [3, 1, 3],
    ],
    [
      [2, 1, 4],
      [1, 5, 3],
    ],
    [
      [1, 1, 1],
      [1, 1, 3],
    ],
    [
      [2, 3, 4],
      [3, 5, 1],
    ],
    [
      [1, 1, 1],
      [1, 1, 1],
    ],
  ])('does so too where the product was rid of axes of size 1: %j by %j', (first, second) => {
    const a = input('a', tensorType('f64', first))
    const b = input('b', tensorType('f64', second))
    const product = contract('nco,cuk->nuok', a, b)
    const [count, size] = [first[2]!, second[2]!]
    const node = overlaps(product.op.rewrite!(product)!, [count + size - 1], { size: [size], count: [count] })
    const better = node.op.rewrite!(node)!
    expect(better.type).toEqual(node.type)
    const got = evaluate(graph([a, b], { was: node, is: better }), { a: ramp('f64', first), b: ramp('f64', second, 1) })
    expect(distance(got['is']!.data, got['was']!.data)).toBeLessThan(1e-14)
  })
  it('stays where windows and elements come from one operand', () => {
    const a = input('a', tensorType('f64', [2, 3, 4]))
    const b = input('b', tensorType('f64', [2, 5]))
    const node = overlaps(contract('nko,nu->uok', a, b), [6], { size: [3], count: [4] })
    expect(node.op.rewrite!(node)).toBeUndefined()
  })
})
