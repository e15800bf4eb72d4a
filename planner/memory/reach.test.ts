import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Affine, Axis, Guard } from '../../core/loops.ts'
import { reach, separates, spaceOf } from './reach.ts'

const axis = (extent: number, tile?: Axis['tile']): Axis =>
  tile === undefined ? { name: 'i', extent, kind: 'parallel' } : { name: 'i', extent, kind: 'parallel', tile }

function pointsOf(axes: readonly Axis[]): number[][] {
  let points: number[][] = [[]]
  for (const { extent, tile } of axes) {
    points = points.flatMap((p) => {
      const count = tile === undefined ? extent : Math.min(extent, tile.total - extent * p[tile.of]!)
      return Array.from({ length: Math.max(0, count) }, (_, i) => [...p, i])
    })
  }
  return points
}
const valueAt = (map: Affine, point: readonly number[]): number =>
  map.strides.reduce((sum, s, i) => sum + s * point[i]!, map.offset)

function reached(map: Affine, guards: readonly Guard[], axes: readonly Axis[]): number[] {
  const inside = pointsOf(axes).filter((p) => guards.every((g) => valueAt(g, p) >= 0 && valueAt(g, p) < g.extent))
  return inside.map((p) => valueAt(map, p))
}

const affine = fc.record({
  offset: fc.integer({ min: -6, max: 6 }),
  strides: fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 3, maxLength: 3 }),
})
const guard = fc.record({
  offset: fc.integer({ min: -4, max: 4 }),
  strides: fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 3, maxLength: 3 }),
  extent: fc.nat(6),
})
const loops = fc
  .tuple(fc.nat(4), fc.nat(4), fc.nat(4), fc.option(fc.nat(12)))
  .map(([a, b, c, total]) => [axis(a), axis(b), axis(c, total === null ? undefined : { of: 0, total })])
const none = { lo: 0, hi: 0 }

describe('reach', () => {
  it('holds every address that is reached', () => {
    fc.assert(
      fc.property(affine, fc.array(guard, { maxLength: 3 }), loops, (map, guards, axes) => {
        const all = reached(map, guards, axes)
        const range = reach(map, guards, spaceOf(axes), none)
        if (all.length === 0) return
        expect(range!.lo).toBeLessThanOrEqual(Math.min(...all))
        expect(range!.hi).toBeGreaterThanOrEqual(Math.max(...all))
      }),
      { numRuns: 2000 },
    )
  })

  const exactly = (map: Affine, guards: readonly Guard[], axes: readonly Axis[]): void => {
    const all = reached(map, guards, axes)
    expect(reach(map, guards, spaceOf(axes), none)).toEqual({ lo: Math.min(...all), hi: Math.max(...all) })
  }
  it('is exact without guards', () => exactly({ offset: 3, strides: [5, -1] }, [], [axis(3), axis(5)]))
  it('is exact over a tiled axis', () =>
    exactly({ offset: 0, strides: [8, 1] }, [], [axis(3), axis(8, { of: 0, total: 19 })]))
  it('is exact for padding', () => {
    const guards = [
      { offset: -2, strides: [1, 0], extent: 4 },
      { offset: -1, strides: [0, 1], extent: 5 },
    ]
    exactly({ offset: -11, strides: [5, 1] }, guards, [axis(8), axis(7)])
  })
  it('is exact for a shift under a wider guard', () =>
    exactly({ offset: -5, strides: [1] }, [{ offset: -5, strides: [1], extent: 10 }], [axis(10)]))
  it('is exact for a padded window in two dimensions', () => {
    const guards = [
      { offset: -1, strides: [2, 0, 1, 0], extent: 6 },
      { offset: -1, strides: [0, 2, 0, 1], extent: 7 },
    ]
    exactly({ offset: -8, strides: [14, 2, 7, 1] }, guards, [axis(3), axis(4), axis(3), axis(3)])
  })
  it('knows that a guard may never hold', () => {
    expect(
      reach({ offset: 0, strides: [1] }, [{ offset: 9, strides: [1], extent: 4 }], spaceOf([axis(3)]), none),
    ).toBeUndefined()
    expect(reach({ offset: 0, strides: [1] }, [], spaceOf([axis(0)]), none)).toBeUndefined()
  })
})

describe('separates', () => {
  const term = fc.record({
    stride: fc.integer({ min: -9, max: 9 }),
    count: fc.integer({ min: 1, max: 4 }),
    apart: fc.boolean(),
  })
  it('is right when it says yes', () => {
    fc.assert(
      fc.property(fc.array(term, { maxLength: 4 }), (terms) => {
        if (!separates(terms)) return
        const seen = new Map<number, string>()
        for (const point of pointsOf(terms.map((t) => axis(t.count)))) {
          const address = valueAt({ offset: 0, strides: terms.map((t) => t.stride) }, point)
          const own = point.filter((_, i) => terms[i]!.apart).join()
          expect(seen.get(address) ?? own).toBe(own)
          seen.set(address, own)
        }
      }),
      { numRuns: 2000 },
    )
  })
  it('says yes to layouts, in any order of axes, and to a split beside collisions', () => {
    const apart = (strides: readonly number[]) => strides.map((stride) => ({ stride, count: 4, apart: true }))
    expect(separates(apart([16, 4, 1]))).toBe(true)
    expect(separates(apart([1, 16, 4]))).toBe(true)
    expect(separates(apart([4, 4]))).toBe(false)
    const columns = [
      { stride: 1, count: 4, apart: true },
      { stride: 4, count: 9, apart: false },
      { stride: 4, count: 2, apart: false },
    ]
    expect(separates(columns)).toBe(true)
  })
})
