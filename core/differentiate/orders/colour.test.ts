/** Compressed seeds: the same Jacobian as in full, from columns, rows or both; what leaves an entry out is refused. */
import { describe, expect, it } from 'vitest'
import { evaluate } from '../../evaluate.ts'
import { distance } from '../../laws.fixture.ts'
import * as op from '../../ops.ts'
import type { ColourOrder, Mode } from '../../order.ts'
import { f32, f64, program } from '../../program.ts'
import { jacobian } from '../../requests.ts'
import { ramp } from '../../samples.ts'
import { resolve } from '../resolve.ts'

/** Entries [0, 0], [0, 1], [1, 1], [1, 2] … of 5 by 6, in f32 of f64. */
const band = program({
  inputs: { x: f64(2, 3), w: f32(5) },
  outputs: ({ x, w }) => {
    const flat = op.reshape(x, [6])
    const next = op.mul(op.sin(op.slice(flat, [0, 5])), op.slice(flat, [1, 6]))
    return { y: op.mul(op.cast(next, 'f32'), w), s: op.sum(x) }
  },
})
const at = { x: ramp('f64', [2, 3]), w: ramp('f32', [5], 1) }
const made = (mode: Mode, format: 'dense' | 'csr' = 'dense') =>
  evaluate(resolve(jacobian(band, { of: 'y', wrt: 'x', mode, format }).graph), at)['dy_dx']!

const orders: readonly (readonly [string, Omit<ColourOrder, 'kind'>])[] = [
  ['columns', { columns: [0, 1, 0, 1, 0, 1] }],
  ['more columns than it takes', { columns: [0, 1, 2, 3, 4, 5] }],
  ['rows', { rows: [0, 1, 0, 1, 0] }],
  ['both', { columns: [-1, 0, -1, 0, -1, 0], rows: [0, 1, 0, 1, 0] }],
]

describe('compressed seeds', () => {
  it.each(orders)('of %s give the full Jacobian, and its entries alone', (_, order) => {
    const full = made('forward')
    const own = made({ kind: 'colour', ...order })
    expect([own.shape, own.dtype]).toEqual([full.shape, full.dtype])
    expect(distance(own.data, full.data)).toBeLessThan(1e-6)
    const entries = made({ kind: 'colour', ...order }, 'csr')
    expect(entries.dtype).toBe('f32')
    expect(entries.data).toEqual(own.data.filter((v) => v !== 0))
  })

  it.each<readonly [string, object, RegExp]>([
    ['nothing', {}, /columns\?: \[\.\.\.\], rows\?/],
    ['too few colours', { columns: [0, 1] }, /columns must be a list of 6/],
    ['text', { rows: 'all' }, /rows must be a list of 5/],
    ['a colour that is none', { columns: [0, 1, 0, 1, 0, 99] }, /columns\[5\] is 99/],
    ['half a colour', { rows: [0, 1, 0.5, 1, 0] }, /rows\[2\] is 0.5/],
    ['two of one colour in a row', { columns: [0, 0, 1, 0, 1, 0] }, /entry \[0, 0\] stands nowhere alone/],
    ['a column in no seed', { columns: [0, 1, 0, 1, 0, -1] }, /entry \[4, 5\]/],
  ])('of %s are refused', (_, order, message) => {
    for (const format of ['dense', 'csr'] as const) {
      const give = () => made({ kind: 'colour', ...order } as Mode, format)
      expect(give).toThrow(expect.objectContaining({ code: 'E_ORDER' }))
      expect(give).toThrow(message)
    }
  })
  it('take one result and one value', () => {
    const two = jacobian(band, { of: 'y', wrt: ['x', 'w'], mode: { kind: 'colour', columns: [0] } })
    expect(() => resolve(two.graph)).toThrow(/one result and one value/)
  })
})
