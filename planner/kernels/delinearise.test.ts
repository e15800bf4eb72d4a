/** delinearise, by enumeration: what it answers is the address it was asked about, and stays within every axis. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Index } from '../../core/ir.ts'
import { count, stridesOf } from '../../core/shape.ts'
import { delinearise } from './delinearise.ts'

const valueOf = (at: Index, point: readonly number[]): number =>
  at.terms.reduce((sum, t) => sum + t.stride * point[t.axis]!, at.offset)

function* points(extents: readonly number[]): Generator<number[]> {
  for (let n = 0; n < count(extents); n++) yield stridesOf(extents).map((s, d) => Math.floor(n / s) % extents[d]!)
}

const extents = fc.array(fc.integer({ min: 2, max: 4 }), { maxLength: 3 })
const shape = fc.array(fc.constantFrom(1, 2, 3, 4, 6), { maxLength: 4 })
/** Any affine address, inside or not. */
const anywhere = fc.tuple(extents, shape, fc.array(fc.nat(12), { minLength: 3, maxLength: 3 }), fc.nat(8))
const indexOf = (sizes: readonly number[], strides: readonly number[], offset: number): Index => ({
  offset,
  terms: sizes
    .map((extent, axis) => ({ axis, extent, stride: strides[axis]! }))
    .filter((t) => t.stride > 0 && t.extent > 1),
})

describe('delinearise', () => {
  it('is exact or undefined', () => {
    fc.assert(
      fc.property(anywhere, ([sizes, to, strides, offset]) => {
        const flat = indexOf(sizes, strides, offset)
        const made = delinearise(flat, to)
        for (const point of made ? points(sizes) : []) {
          const at = made!.map((index) => valueOf(index, point))
          expect(at.every((k, d) => k >= 0 && k < to[d]!)).toBe(true)
          expect(at.reduce((sum, k, d) => sum + k * stridesOf(to)[d]!, 0)).toBe(valueOf(flat, point))
        }
      }),
      { numRuns: 2000, seed: 3 },
    )
  })
  it('finds the axes again of every row-major address of a shape', () => {
    fc.assert(
      fc.property(shape, (to) => {
        expect(delinearise(indexOf(to, stridesOf(to), 0), to)).toBeDefined()
      }),
      { numRuns: 200, seed: 3 },
    )
  })
  it('splits [6] = [2, 3] where loop axes do, and refuses where one loop axis straddles both', () => {
    const two = indexOf([2, 3], [3, 1], 0)
    expect(delinearise(two, [2, 3])!.map((i) => i.terms.length)).toEqual([1, 1])
    expect(delinearise(indexOf([6], [1], 0), [2, 3])).toBeUndefined()
  })
})
