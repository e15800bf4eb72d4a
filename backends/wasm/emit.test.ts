import { describe, expect, it } from 'vitest'
import type { DType } from '../../core/ir.ts'
import type { BasicOp } from '../../core/scalar.ts'
import { basic, round } from '../../core/scalar-evaluate.ts'
import { allocate } from '../../core/shape.ts'
import { affine, axis, code, planBuilder, sweep } from '../fixtures/builder.ts'
import { runModule } from './run.fixture.ts'

const floats = [
  0,
  -0,
  1,
  -1,
  0.5,
  1.5,
  2.5,
  -2.5,
  -0.5,
  1e-40,
  3e9,
  -3e9,
  1e300,
  7.25,
  255.5,
  Infinity,
  -Infinity,
  Number.NaN,
]
const samples: Readonly<Record<DType, readonly number[]>> = {
  f32: floats.map(Math.fround),
  f64: [...floats, 1e-310, 2 ** 53 - 1],
  i32: [0, 1, -1, 2, 7, -7, 255, 256, 2147483647, -2147483648, 16777217],
  bool: [0, 1],
  u8: [0, 1, 2, 127, 128, 255],
}
const binary: readonly BasicOp[] = ['add', 'sub', 'mul', 'min', 'max', 'div']
const unaryFloat: readonly BasicOp[] = ['neg', 'abs', 'sqrt', 'floor', 'ceil', 'trunc', 'nearest']
const comparisons: readonly BasicOp[] = ['eq', 'ne', 'lt', 'le']

type Case = readonly [op: BasicOp, result: DType, args: readonly DType[], values?: readonly (readonly number[])[]]

const dtypes = Object.keys(samples) as DType[]
const cases: readonly Case[] = [
  ...(['f32', 'f64', 'i32', 'u8'] as const).flatMap((d) => binary.map((op): Case => [op, d, [d, d]])),
  ...(['f32', 'f64'] as const).flatMap((d) => unaryFloat.map((op): Case => [op, d, [d]])),
  ...(['neg', 'abs'] as const).map((op): Case => [op, 'i32', ['i32']]),
  ...dtypes.flatMap((d) => comparisons.map((op): Case => [op, 'bool', [d, d]])),
  ...(['and', 'or', 'add', 'mul', 'max', 'min'] as const).map((op): Case => [op, 'bool', ['bool', 'bool']]),
  ['not', 'bool', ['bool']],
  ...(['xor', 'shl', 'shr'] as const).map((op): Case => [op, 'i32', ['i32', 'i32']]),
  ...dtypes.flatMap((from) => dtypes.map((to): Case => ['cast', to, [from]])),
  ...dtypes.flatMap((d) => (['select', 'rare'] as const).map((op): Case => [op, d, ['bool', d, d]])),
  ['pow2', 'f32', ['f32'], [[-126, -125, -1, 0, -0, 1, 2, 64, 126, 127]]],
  ['pow2', 'f64', ['f64'], [[-1022, -1021, -1, 0, -0, 1, 2, 64, 1022, 1023]]],
  ...(['exponent', 'mantissa'] as const).flatMap((op): Case[] => [
    [op, 'f32', ['f32'], [[1, -1, 2 ** -126, 3.4e38, 0.75, -9.5].map(Math.fround)]],
    [op, 'f64', ['f64'], [[1, -1, 2 ** -1022, 1.7e308, 0.75, -9.5]]],
  ]),
]

/** All combinations of the arguments' values, repeated to a length that leaves one lane over. */
function table(lists: readonly (readonly number[])[]): number[][] {
  let rows: number[][] = [[]]
  for (const list of lists) rows = rows.flatMap((row) => list.map((x) => [...row, x]))
  while (rows.length % 4 !== 1 || rows.length < 5) rows.push(rows[rows.length % 2]!)
  return rows
}

describe('every basic operation, four lanes and one', () => {
  for (const [op, dtype, args, values] of cases) {
    it(`${op} ${args} → ${dtype}`, () => {
      const rows = table(args.map((d, i) => values?.[i] ?? samples[d]))
      const n = rows.length
      const p = planBuilder('op')
      const c = code()
      const inputs = args.map((d, i) => p.input(`x${i}`, d, n))
      const operands = inputs.map((input, i) => c.load(input, args[i]!, affine(0, 1)))
      const y = p.output('y', dtype, n)
      const stores = [{ buffer: y, map: affine(0, 1), value: c.op(op, dtype, ...operands) }]
      p.kernel({ name: 'op', outer: [axis('i', n)], sweeps: [sweep([], c, { stores })] })
      const given = args.map((d, i) => {
        const data = allocate(d, n)
        rows.forEach((row, at) => {
          data[at] = row[i]!
        })
        return [`x${i}`, data] as const
      })
      const got = runModule(p.build(), Object.fromEntries(given), 1).outputs.y!
      rows.forEach(([a, b, third], at) => {
        const want = round(basic[op](a!, b!, third!, dtype), dtype)
        expect(Object.is(got[at], want), `${op}(${rows[at]}) = ${got[at]} instead of ${want}`).toBe(true)
      })
    })
  }
})

describe('quotients by a number', () => {
  const most = 2147483647
  const divisors = [0, 1, 2, 3, 5, 7, 10, 12, 641, 1000, 46341, 65537, 715827883, 1073741824, most]
  it.each([...divisors, ...divisors.map((b) => -b), -2147483648])(
    'by %i, truncated, near its multiples and anywhere',
    (b) => {
      const counts = [0, 1, 2, 3, 4, 5, 1021, 32749, Math.floor(most / Math.max(1, Math.abs(b)))]
      const near = counts.flatMap((k) => [-1, 0, 1].flatMap((d) => [k * b + d, -(k * b) + d]))
      const scattered = Array.from({ length: 2000 }, (_, i) => Math.imul(i, 0x9e3779b1))
      const values = Int32Array.from([most, -2147483648, ...near, ...scattered])
      const n = values.length
      const p = planBuilder('quotient')
      const c = code()
      const x = c.load(p.input('x', 'i32', n), 'i32', affine(0, 1))
      const stores = [
        { buffer: p.output('y', 'i32', n), map: affine(0, 1), value: c.op('div', 'i32', x, c.constant(b, 'i32')) },
      ]
      p.kernel({ name: 'quotient', outer: [axis('i', n)], sweeps: [sweep([], c, { stores })] })
      const got = runModule(p.build(), { x: values }, 1).outputs.y
      expect(got).toEqual(values.map((a) => a / b))
    },
  )
})
