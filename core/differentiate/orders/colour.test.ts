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
  it('take several values and results together, and give the same blocks', () => {
    const fields = program({
      inputs: { u: f64(3, 4), v: f64(12), k: f32(4) },
      outputs: ({ u, v, k }) => {
        const flat = op.reshape(u, [12])
        const next = op.concat([op.slice(v, [1, 12]), op.slice(v, [0, 1])])
        return {
          f: op.add(op.mul(op.sin(flat), v), op.square(next)),
          g: op.mul(op.exp(u), op.cast(k, 'f64')),
          h: op.mul(k, k),
        }
      },
    })
    const given = { u: ramp('f64', [3, 4]), v: ramp('f64', [12], 1), k: ramp('f32', [4], 2) }
    const all = (of: readonly string[], wrt: readonly string[], mode: Mode) =>
      evaluate(resolve(jacobian(fields, { of, wrt, mode } as never).graph), given)
    const columns = {
      kind: 'colour',
      columns: [...Array(12).fill(0), ...Array.from({ length: 12 }, (_, i) => 1 + (i % 2))],
    }
    const rows = { kind: 'colour', rows: Array.from({ length: 12 }, (_, i) => i % 2) }
    const cases = [
      [['f', 'g'], ['u', 'v'], columns],
      [['f'], ['u', 'v'], rows],
      [['g', 'f'], ['v'], { kind: 'colour', columns: Array.from({ length: 12 }, (_, i) => i % 2) }],
      [['g'], ['k', 'u'], { kind: 'colour', columns: [...Array(4).fill(0), ...Array(12).fill(1)] }],
    ] as const
    for (const [of, wrt, order] of cases) {
      const [own, full] = [all(of, wrt, order as Mode), all(of, wrt, 'forward')]
      for (const y of of)
        for (const x of wrt) {
          const [a, b] = [own[`d${y}_d${x}`]!, full[`d${y}_d${x}`]!]
          expect([a.shape, a.dtype]).toEqual([b.shape, b.dtype])
          expect(distance(a.data, b.data), `${y} by ${x}`).toBeLessThan(1e-6)
          expect(b.data.some((value) => value !== 0) || (y === 'g' && x === 'v')).toBe(true)
        }
    }
    expect(() => all(['f', 'h'], ['u'], columns as Mode)).toThrow(/all results must be of one dtype/)
  })
})
