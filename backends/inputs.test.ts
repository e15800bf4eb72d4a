/** What may be fed, and how a feed that does not fit is told. */
import { describe, expect, it } from 'vitest'
import type { Dim } from '../core/ir.ts'
import * as op from '../core/ops.ts'
import { bool, f32, i32, program } from '../core/program.ts'
import { compile } from './compile.ts'
import { checkValue, type InputValue } from './inputs.ts'
import { interpreter } from './interpreter/index.ts'

const x = { name: 'x', dtype: 'f32', shape: [2, 3] } as const
const want = Float32Array.of(1, 2, 3, 4, 5, 6)

describe('a value', () => {
  it.each<readonly [string, InputValue]>([
    ['a typed array', want],
    [
      'arrays nested as the shape',
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    ['one flat array', [1, 2, 3, 4, 5, 6]],
  ])('may be %s', (_, value) => expect(checkValue(x, value)).toEqual(want))
  it('of rank 0 may be a number, or an array of one', () => {
    const scalar = { name: 's', dtype: 'i32', shape: [] } as const
    for (const value of [7, [7], Int32Array.of(7)]) expect(checkValue(scalar, value)).toEqual(Int32Array.of(7))
    expect(checkValue({ name: 'b', dtype: 'bool', shape: [] }, true)).toEqual(Uint8Array.of(1))
  })
  it('of no elements may be an empty array, at any depth', () => {
    const none = { name: 'n', dtype: 'f32', shape: [0, 3] } as const
    for (const value of [[], new Float32Array(0)]) expect(checkValue(none, value)).toEqual(new Float32Array(0))
  })
  it.each<readonly [string, InputValue, RegExp]>([
    ['too few', new Float32Array(5), /^x: 6 values = f32\[2,3\]; got 5$/],
    ['a number', 3, /^x: 6 values = f32\[2,3\]; got 1$/],
    ['another class', new Float64Array(6), /^x: f32\[2,3\] takes Float32Array; got Float64Array/],
    ['text', 'six' as unknown as InputValue, /takes Float32Array; got string/],
    ['nothing', null as unknown as InputValue, /got null/],
    [
      'rows for columns',
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      /needs 2 items at depth 0; got 3/,
    ],
    [
      'uneven rows',
      [
        [1, 2, 3],
        [4, 5],
      ],
      /needs 3 items at depth 1; got 2/,
    ],
    [
      'too deep',
      [
        [[1], 2, 3],
        [4, 5, 6],
      ],
      /at position 0 is not of dtype f32/,
    ],
    ['text inside', [1, 2, 3, 4, 5, '6' as unknown as number], /6 at position 5 is not of dtype f32/],
  ])('may not be %s', (_, value, message) => expect(() => checkValue(x, value)).toThrow(message))
})

it('a wrong length says how many values of which type were expected, whether the batch size was given or is a number', async () => {
  const y = (shape: readonly Dim[]) =>
    program({ inputs: { x: f32(...shape) }, outputs: (v) => ({ y: op.sum(v.x, { axes: 1 }) }) })
  const message = 'x: 50,176 values = f32[64,784]; got 784'
  const backend = interpreter()
  for (const exe of [
    await compile(y([64, 784]), { backend }),
    await compile(y(['B', 784]), { backend, sizes: { B: 64 } }),
  ]) {
    await expect(exe.run({ x: new Float32Array(784) })).rejects.toMatchObject({ code: 'E_INPUT_LENGTH', message })
    expect(() => exe.runSync({ x: new Float32Array(784) })).toThrow(message)
    await exe.close()
  }
})

it.each([undefined, null, 3])('%s instead of inputs is told by the names that are missing', async (nothing) => {
  const backend = interpreter()
  for (const size of [2, 'B'] as const) {
    const p = program({ inputs: { x: f32(size) }, outputs: (v) => ({ y: op.sum(v.x) }) })
    const exe = await compile(p, { backend })
    await expect(exe.run(nothing as never)).rejects.toMatchObject({
      code: 'E_INPUT_NAMES',
      message: expect.stringContaining('missing: x'),
    })
    expect(() => exe.runSync(nothing as never)).toThrow('missing: x')
    await exe.close()
  }
})

it('sizes follow from lengths where they are left out: several names, names that are there twice, flat and nested', async () => {
  const p = program({
    inputs: { a: f32('N', 'N'), b: f32('N', 'M'), c: i32('M', 2), d: bool() },
    outputs: ({ a, b, c, d }) => ({ p: op.matmul(a, b), q: op.where(d, c, 0) }),
  })
  const exe = await compile(p, { backend: interpreter() })
  const flat = await exe.run({
    a: new Float32Array(9).fill(1),
    b: new Float32Array(12).fill(1),
    c: new Int32Array(8),
    d: 1,
  })
  expect(flat.p).toEqual(new Float32Array(12).fill(3))
  const rows = [
    [1, 1, 1, 1],
    [1, 1, 1, 1],
    [1, 1, 1, 1],
  ]
  const nested = await exe.run({
    a: [
      [1, 1, 1],
      [1, 1, 1],
      [1, 1, 1],
    ],
    b: rows,
    c: rows[0]!.map(() => [0, 0]),
    d: true,
  })
  expect(nested).toEqual(flat)
  expect(exe.plan.inputs.map((i) => i.shape)).toEqual([[3, 3], [3, 4], [4, 2], []])
  await expect(
    exe.run({ a: new Float32Array(8), b: new Float32Array(12), c: new Int32Array(8), d: 1 }),
  ).rejects.toThrow(/a: 8 values for f32\[N,N\] make no whole N|dimension N is/)
  await exe.close()
  const unsaid = await compile(program({ inputs: { a: f32('N', 'M') }, outputs: ({ a }) => ({ s: op.sum(a) }) }), {
    backend: interpreter(),
  })
  await expect(unsaid.run({ a: new Float32Array(6) })).rejects.toThrow(
    /size of dimension N does not follow from a; compile with sizes/,
  )
  expect(
    (
      await unsaid.run({
        a: [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      })
    ).s,
  ).toBe(21)
  await unsaid.close()
})
