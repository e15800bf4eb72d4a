/** A plan's sparse outputs: patterns that are none are found, whoever wrote them. */
import { describe, expect, it } from 'vitest'
import { base64 } from '../base64.ts'
import type { PlanData, SparsePort } from '../types.ts'
import { validPlan } from './valid-plan.fixture.ts'
import { validatePlan } from './validate.ts'

const of = (...numbers: number[]): string => base64(Int32Array.from(numbers))
/** The output y has three values. */
const good: SparsePort = { format: 'csr', rows: 2, columns: 4, indptr: of(0, 2, 3), indices: of(1, 3, 0) }
const broken = (change: Partial<SparsePort>): readonly string[] => {
  const [first, ...rest] = validPlan.outputs
  const plan: PlanData = { ...validPlan, outputs: [{ ...first!, sparse: { ...good, ...change } }, ...rest] }
  return validatePlan(plan).map((v) => `${v.law}: ${v.detail}`)
}

describe('the blocks of an output', () => {
  const blocks = (change: Partial<SparsePort>) =>
    broken({ format: 'blocks', rows: 3, columns: 3, indptr: of(0, 1, 2, 3), indices: of(0, 1, 2), ...change })
  it('may be blocks', () => expect(blocks({})).toEqual([]))
  it.each<readonly [string, Partial<SparsePort>, RegExp]>([
    ['stand elsewhere', { indices: of(1, 0, 2) }, /row 0 is not that of a block/],
    ['differ in length', { indptr: of(0, 1, 3, 3) }, /row 1 has|row 2 is not that of a block/],
    ['do not fill the columns', { rows: 2, columns: 3, indptr: of(0, 2, 3), indices: of(0, 1, 2) }, /in blocks of 2/],
  ])('that %s break a law', (_, change, message) => {
    expect(blocks(change)).toHaveLength(1)
    expect(blocks(change)[0]).toMatch(message)
  })
})

describe('the pattern of an output', () => {
  it('may be one', () => expect(broken({})).toEqual([]))
  it.each<readonly [string, Partial<SparsePort>, RegExp]>([
    ['is no base64', { indptr: '?' }, /no list of whole numbers/],
    ['is of no whole number of integers', { indices: 'AAAA' }, /no list of whole numbers/],
    ['has a start too few', { rows: 3 }, /3 starts of 3 rows/],
    ['starts late', { indptr: of(1, 2, 3) }, /from 1/],
    ['ends early', { indptr: of(0, 1, 2) }, /rows that end at 2/],
    ['has an entry too many', { indptr: of(0, 2, 4), indices: of(1, 3, 0, 1) }, /values \[3\]/],
    ['goes back', { indptr: of(0, 4, 3) }, /row 0|row 1 ends before/],
    ['has a column outside', { columns: 3 }, /row 0 has column 3/],
    ['has a column below', { indices: of(1, 3, -1) }, /row 1 has column -1/],
    ['repeats a column', { indices: of(1, 1, 0) }, /row 0 has column 1/],
  ])('that %s breaks a law', (_, change, message) => {
    expect(broken(change)).toEqual([expect.stringMatching(/^pattern: output y: /)])
    expect(broken(change)[0]).toMatch(message)
  })
})
