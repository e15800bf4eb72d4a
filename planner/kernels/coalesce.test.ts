/** coalesce, by enumeration: every access has the same addresses in the same order as before, and no fewer axes remain than must. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Affine, Axis, Guard, Kernel } from '../../core/loops.ts'
import { count, stridesOf } from '../../core/shape.ts'
import { coalesce } from './coalesce.ts'

const axisOf =
  (kind: Axis['kind']) =>
  (extent: number, i: number): Axis => ({ name: `${kind[0]}${i}`, extent, kind })

/** Outer and inner axes, and strides for two loads (one guarded) and a store: row-major ones often, so that axes do join. */
const kernels = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
    fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
    fc.array(fc.oneof(fc.constant(-1), fc.nat(6)), { minLength: 5, maxLength: 5 }),
    fc.array(fc.oneof(fc.constant(-1), fc.nat(6)), { minLength: 5, maxLength: 5 }),
  )
  .map(([outer, inner, first, second]): Kernel => {
    const all = [...outer, ...inner]
    const form = (choices: readonly number[]): Affine => {
      const dense = stridesOf(all)
      return { offset: 2, strides: all.map((_, i) => (choices[i] === -1 ? dense[i]! : choices[i]!)) }
    }
    const guard: Guard = { ...form(second), extent: 5 }
    return {
      name: 'random',
      outer: outer.map(axisOf('parallel')),
      sweeps: [
        {
          inner: inner.map(axisOf('sequential')),
          code: [
            { op: 'load', dtype: 'f32', buffer: 1, map: form(first) },
            { op: 'load', dtype: 'f32', buffer: 2, map: form(second), guards: [guard] },
            { op: 'index', dtype: 'i32', map: form(second) },
          ],
          reductions: [],
          stores: [{ buffer: 3, map: form(all.map(() => -1)), value: 0 }],
        },
      ],
    }
  })

/** Values of every affine form at every point, in the order of the loops. */
function trace({ outer, sweeps: [sweep] }: Kernel): number[][] {
  const extents = [...outer, ...sweep!.inner].map((a) => a.extent)
  const forms = [
    ...sweep!.code.flatMap((i) => ['map' in i ? [i.map] : [], 'guards' in i ? (i.guards ?? []) : []].flat()),
    sweep!.stores[0]!.map,
  ]
  return Array.from({ length: count(extents) }, (_, n) => {
    const point = stridesOf(extents).map((s, d) => Math.floor(n / s) % extents[d]!)
    return forms.map((f) => f.strides.reduce((sum, s, d) => sum + s * point[d]!, f.offset))
  })
}

describe('coalesce', () => {
  it('keeps every address', () => {
    fc.assert(
      fc.property(kernels, (kernel) => {
        expect(trace(coalesce(kernel))).toEqual(trace(kernel))
      }),
      { numRuns: 1000, seed: 9 },
    )
  })
  it('makes one axis of a dense tensor, and keeps those that a load crosses in another order', () => {
    const outer = [2, 3, 4].map(axisOf('parallel'))
    const copying = (strides: readonly number[]): Kernel => ({
      name: 'copy',
      outer,
      sweeps: [
        {
          inner: [],
          code: [{ op: 'load', dtype: 'f32', buffer: 1, map: { offset: 0, strides } }],
          reductions: [],
          stores: [{ buffer: 2, map: { offset: 0, strides: [12, 4, 1] }, value: 0 }],
        },
      ],
    })
    const extents = (k: Kernel) => coalesce(k).outer.map((a) => a.extent)
    expect(extents(copying([12, 4, 1]))).toEqual([24])
    expect(extents(copying([1, 8, 2]))).toEqual([2, 12])
    expect(extents(copying([1, 2, 6]))).toEqual([2, 3, 4])
  })
})
