/** Colourings: known counts, and by their definition, over random patterns. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sourcesOf } from '../../core/differentiate/orders/colour.ts'
import { transposed } from '../../core/pattern.ts'
import { bicolouring } from './bicolour.ts'
import { arrowhead, banded, cross, patternOfRows, stencil, unreadable } from './colour.fixture.ts'
import { colouringOf, colourText, seedsOf } from './colour-strategy.ts'
import { colourColumns } from './intersection.ts'
import { latticeColouring } from './lattice.ts'
import { starColouring } from './star.ts'

/** Brusselator: two species on a periodic grid, each with its neighbours and with the other. */
const brusselator = (n: number) => {
  const one = stencil([n, n], cross(2), true)
  const [points, at] = [n * n, Array.from({ length: n * n }, (_, i) => i)]
  const list = (i: number) => [...one.indices.subarray(one.indptr[i], one.indptr[i + 1])]
  const shape = [2, n, n]
  return patternOfRows(
    [...at.map((i) => [...list(i), i + points]), ...at.map((i) => [i, ...list(i).map((j) => j + points)])],
    {
      rows: shape,
      columns: shape,
    },
  )
}

const random = fc
  .record({ rows: fc.integer({ min: 1, max: 14 }), columns: fc.integer({ min: 1, max: 14 }), seed: fc.nat(9999) })
  .chain(({ rows, columns }) =>
    fc
      .array(fc.uniqueArray(fc.nat(columns - 1), { maxLength: 4 }), { minLength: rows, maxLength: rows })
      .map((lists) => patternOfRows(lists, { rows: [rows], columns: [columns] })),
  )

describe('a colouring', () => {
  it.each([
    ['tridiagonal', banded(100, 1, 1), 3],
    ['a band, 2 below and 4 above', banded(60, 2, 4), 7],
    ['a diagonal', banded(50, 0, 0), 1],
    ['five points', stencil([40, 30], cross(2)), 5],
    ['five points, periodic', stencil([20, 20], cross(2), true), 5],
    ['seven points', stencil([8, 9, 10], cross(3)), 7],
  ])('of %s takes as few colours as a row has entries: %#', (_, p, most) => {
    const order = colouringOf(p, false)!
    expect(seedsOf(order)).toBe(most)
    expect(unreadable(p, order)).toBeUndefined()
  })
  it('of the Brusselator on 32 × 32 takes at most 12', () => {
    const p = brusselator(32)
    const order = colouringOf(p, false)!
    expect(seedsOf(order)).toBeLessThanOrEqual(12)
    expect(unreadable(p, order)).toBeUndefined()
  })
  it('takes rows and columns where one of each is full: 3, and 2 if the matrix is symmetric', () => {
    const p = arrowhead(500)
    const order = colouringOf(p, false)!
    expect([seedsOf(order), colourText(order)]).toEqual([3, '2 of columns + 1 of rows'])
    expect(unreadable(p, order)).toBeUndefined()
    const star = colouringOf(p, true)!
    expect(seedsOf(star)).toBe(2)
    expect(unreadable(p, star, true)).toBeUndefined()
  })
  it('of a symmetric matrix takes fewer where mirror images may be read', () => {
    // A tree whose vertices have four children.
    const parent = (i: number) => Math.floor((i - 1) / 4)
    const lists = Array.from({ length: 85 }, (_, i) =>
      Array.from({ length: 85 }, (_, j) => j).filter((j) => j === i || parent(i) === j || parent(j) === i),
    )
    const p = patternOfRows(lists, { rows: [85], columns: [85] })
    const [plain, star] = [colouringOf(p, false)!, colouringOf(p, true)!]
    expect([seedsOf(plain), seedsOf(star)]).toEqual([6, 3])
    expect(unreadable(p, star)).toBeDefined()
    expect(unreadable(p, star, true)).toBeUndefined()
    expect(typeof sourcesOf(star, p, true)).toBe('object')
  })
  it('of a pattern whose graph is too large goes row by row', () => {
    const p = banded(3000, 37, 37)
    const { colours, count } = colourColumns(p)!
    expect(count).toBe(75)
    expect(unreadable(p, { kind: 'colour', columns: [...colours] })).toBeUndefined()
  })
  it('takes rows where they take fewer seeds', () => {
    const p = patternOfRows([[0, 1, 2, 3, 4]], { rows: [1], columns: [5] })
    expect(colouringOf(p, false)!).toEqual({ kind: 'colour', rows: [0] })
    expect(unreadable(p, colouringOf(p, false)!)).toBeUndefined()
  })

  it('keeps columns of a row apart, and is no worse than any single order, over random patterns', () => {
    fc.assert(
      fc.property(random, (p) => {
        const order = colouringOf(p, false)!
        expect(unreadable(p, order)).toBeUndefined()
        expect(typeof sourcesOf(order, p, false)).toBe('object')
        const columns = { kind: 'colour', columns: [...colourColumns(p)!.colours] } as const
        expect(unreadable(p, columns)).toBeUndefined()
        expect(seedsOf(order)).toBeLessThanOrEqual(seedsOf(columns))
      }),
      { numRuns: 500, seed: 1 },
    )
  })
  it('by stars shows every entry or its mirror image, over random symmetric patterns', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 16 }),
        fc.array(fc.tuple(fc.nat(15), fc.nat(15)), { maxLength: 40 }),
        (n, edges) => {
          const lists = Array.from({ length: n }, (_, i) => new Set([i]))
          for (const [a, b] of edges) {
            lists[a % n]!.add(b % n)
            lists[b % n]!.add(a % n)
          }
          const p = patternOfRows(
            lists.map((list) => [...list]),
            { rows: [n], columns: [n] },
          )
          const star = { kind: 'colour', columns: [...starColouring(p)!.colours] } as const
          expect(unreadable(p, star, true)).toBeUndefined()
          expect(typeof sourcesOf(star, p, true)).toBe('object')
          const both = bicolouring(p, transposed(p), n + 1, colourColumns)
          if (both) expect(unreadable(p, both)).toBeUndefined()
        },
      ),
      { numRuns: 500, seed: 5 },
    )
  })
  it('is refused where two of one colour meet: as the definition says, over random colours', () => {
    fc.assert(
      fc.property(random, fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 28, maxLength: 28 }), (p, colours) => {
        const order = {
          kind: 'colour',
          columns: colours.slice(0, p.columns),
          rows: colours.slice(14, 14 + p.rows),
        } as const
        expect(typeof sourcesOf(order, p, false) === 'string').toBe(unreadable(p, order) !== undefined)
      }),
      { numRuns: 500, seed: 2 },
    )
  })
  it('in closed form is one of fewer colours, or none', () => {
    const p = stencil([12, 12], cross(2))
    expect(latticeColouring(p, 6)?.count).toBe(5)
    expect(latticeColouring(p, 5)).toBeUndefined()
    expect(latticeColouring(arrowhead(40), 40)).toBeUndefined()
  })
})
