/** The rules of structures against matrices: of every pair of kinds that fit, what a descriptor says of a sum, a product and a transpose holds of the dense one. */
import { describe, expect, it } from 'vitest'
import { count, eachIndex } from '../shape.ts'
import { uniform } from '../threefry.ts'
import { brokenClaim, transposedMatrix } from './structure.fixture.ts'
import {
  added,
  composed,
  denseOf,
  diagonalOf,
  type Structure,
  structure,
  structureName,
  transposed,
  zeroOf,
} from './structure.ts'

interface Known {
  readonly s: Structure
  readonly matrix: readonly number[]
}
let draws = 0
const draw = (): number => 0.5 + uniform(5, 3, draws++)

/** The matrix whose entries `at` gives. */
function known(s: Structure, at: (row: readonly number[], column: readonly number[]) => number): Known {
  const matrix: number[] = []
  eachIndex(s.rows, (_, i) => eachIndex(s.columns, (__, j) => matrix.push(at([...i], [...j]))))
  return { s, matrix }
}
const same = (i: readonly number[], j: readonly number[]): boolean => i.every((v, a) => v === j[a])
/** A number for each key, drawn once. */
function drawn(): (...key: readonly unknown[]) => number {
  const values = new Map<string, number>()
  return (...key) => {
    const k = JSON.stringify(key)
    if (!values.has(k)) values.set(k, draw())
    return values.get(k)!
  }
}

const SHAPE = [3, 4]
const one = { rowwise: true, columnwise: true, values: 1, shifts: [], repeated: [], pairs: [] } as const
const loose = { ...one, rowwise: false, columnwise: false, values: 'varies' } as const
const square = { rows: SHAPE, columns: SHAPE }

/** At least one of each kind that the linear graph tells apart, all from 3 × 4 to 3 × 4 but those that gather or spread. */
function kinds(): Known[] {
  const [a, b, c, d, e, f] = [drawn(), drawn(), drawn(), drawn(), drawn(), drawn()] as const
  const left = drawn()
  return [
    known(zeroOf(SHAPE, SHAPE), () => 0),
    known(diagonalOf(SHAPE, 1), (i, j) => Number(same(i, j))),
    known(diagonalOf(SHAPE, -1), (i, j) => -Number(same(i, j))),
    known(diagonalOf(SHAPE, 2.5), (i, j) => 2.5 * Number(same(i, j))),
    known(diagonalOf(SHAPE, 'constant'), (i, j) => (same(i, j) ? a(i) : 0)),
    known(diagonalOf(SHAPE, 'varies', [0]), (i, j) => (same(i, j) ? b(i[1]) : 0)),
    known(denseOf(SHAPE, SHAPE), (i, j) => c(i, j)),
    known(structure({ ...loose, ...square, pairs: [[0, 0]] }), (i, j) => (i[0] === j[0] ? d(i, j) : 0)),
    known(structure({ ...loose, ...square, pairs: [[0, 0]], repeated: [0] }), (i, j) =>
      i[0] === j[0] ? e(i[1], j[1]) : 0,
    ),
    known(
      structure({ ...loose, ...square, pairs: [[0, 0]], repeated: [0], shifts: [{ row: 1, column: 1, stride: 1 }] }),
      (i, j) => (i[0] === j[0] && Math.abs(i[1]! - j[1]!) < 2 ? f(j[1]! - i[1]!) : 0),
    ),
    known(structure({ ...one, ...square }), (i, j) => Number(i[0] === 2 - j[0]! && i[1] === (j[1]! + 1) % 4)),
    known(structure({ ...one, ...square }), (i, j) => Number(i[0] === j[0] && i[1]! + 1 === j[1])),
    known(structure({ ...loose, ...square, rank: 1 }), (i, j) => left('row', i) * left('column', j)),
    // From 3 × 4 to 3: sums of rows; back: each row spread; and a product by a vector of weights.
    known(structure({ ...one, rowwise: false, pairs: [[0, 0]], repeated: [0], rows: [3], columns: SHAPE }), (i, j) =>
      Number(i[0] === j[0]),
    ),
    known(structure({ ...one, columnwise: false, pairs: [[0, 0]], repeated: [0], rows: SHAPE, columns: [3] }), (i, j) =>
      Number(i[0] === j[0]),
    ),
    known(structure({ ...one, columnwise: false, rows: SHAPE, columns: [4] }), (i, j) => Number(i[1] === 3 - j[0]!)),
    known(structure({ ...one, rowwise: false, rows: [], columns: SHAPE }), () => 1),
    known(structure({ ...loose, rows: [2], columns: [4], shifts: [{ row: 0, column: 0, stride: 2 }] }), (i, j) =>
      j[0]! - 2 * i[0]! >= 0 && j[0]! - 2 * i[0]! < 2 ? a('stride', j[0]! - 2 * i[0]!) : 0,
    ),
  ]
}

function product(f: Known, g: Known): number[] {
  const [m, k, n] = [count(f.s.rows), count(f.s.columns), count(g.s.columns)]
  return Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n]
    return Array.from({ length: k }, (_, t) => f.matrix[i * k + t]! * g.matrix[t * n + j]!).reduce((x, y) => x + y, 0)
  })
}
const fits = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && same(a, b)

describe('the rules of structures', () => {
  const all = [...kinds(), ...kinds().slice(4)]
  const turned = all.map(({ s, matrix }) => ({
    s: transposed(s),
    matrix: transposedMatrix(matrix, count(s.rows), count(s.columns)),
  }))
  const every = [...all, ...turned]

  it('begin with descriptors that hold, of all kinds', () => {
    for (const { s, matrix } of every) expect(brokenClaim(s, matrix), structureName(s)).toBeUndefined()
    const names = new Set(every.map(({ s }) => structureName(s).split(' ')[0]))
    for (const name of ['zero', 'identity', 'scale', 'constant', 'diagonal', 'dense', 'block-diagonal', 'Kronecker'])
      expect(names).toContain(name)
    for (const name of ['Toeplitz', 'permutation', 'low', 'reduce', 'broadcast']) expect(names).toContain(name)
  })

  it('hold of products of two and of three', () => {
    let pairs = 0
    const products = every.flatMap((f) =>
      every.flatMap((g) => {
        if (!fits(f.s.columns, g.s.rows)) return []
        pairs++
        const made = { s: composed(f.s, g.s), matrix: product(f, g) }
        expect(brokenClaim(made.s, made.matrix), `${structureName(f.s)} · ${structureName(g.s)}`).toBeUndefined()
        return [made]
      }),
    )
    expect(pairs).toBeGreaterThan(700)
    for (const f of all)
      products.forEach((g, at) => {
        if (at % 7 !== 0 || !fits(f.s.columns, g.s.rows)) return
        expect(brokenClaim(composed(f.s, g.s), product(f, g)), structureName(f.s)).toBeUndefined()
      })
  })

  it('hold of sums', () => {
    for (const f of every)
      for (const g of every) {
        if (!fits(f.s.rows, g.s.rows) || !fits(f.s.columns, g.s.columns)) continue
        const sum = f.matrix.map((v, at) => v + g.matrix[at]!)
        expect(brokenClaim(added(f.s, g.s), sum), `${structureName(f.s)} + ${structureName(g.s)}`).toBeUndefined()
      }
  })

  it('keep what they can: blocks of blocks, scales of scales, permutations of permutations, the lower rank', () => {
    const name = (f: Structure, g: Structure): string => structureName(composed(f, g))
    const of = (kind: string): Structure => all.find(({ s }) => structureName(s) === kind)!.s
    expect(name(of('scale 2.5'), of('scale -1'))).toBe('scale -2.5')
    expect(name(of('permutation'), of('permutation'))).toBe('permutation')
    expect(name(of('block-diagonal'), of('Kronecker I ⊗ W'))).toBe('block-diagonal')
    expect(name(of('Kronecker I ⊗ W'), of('Kronecker I ⊗ W'))).toBe('Kronecker I ⊗ W')
    expect(name(of('diagonal'), of('scale 2.5'))).toBe('diagonal')
    expect(name(of('dense'), of('low rank 1'))).toBe('low rank 1')
    expect(name(of('zero'), of('dense'))).toBe('zero')
  })
})
