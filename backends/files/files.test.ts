/** Files of arrays: what is written reads back, what NumPy and spreadsheets write is understood, and what is damaged is refused. */
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import type { Tensor } from '../../core/ir.ts'
import { f32, f64, i32, u8 } from '../../core/program.ts'
import { arrange, batches, type Data, readData, writeData } from './index.ts'
import { readNpy, writeNpy } from './npy.ts'

const folder = await mkdtemp(join(tmpdir(), 'cotangent-'))
const at = (name: string): string => join(folder, name)
const all: readonly (readonly [string, Tensor])[] = [
  ['x', { dtype: 'f32', shape: [2, 3], data: Float32Array.of(1, -0, Number.NaN, Infinity, 1e-45, 3) }],
  ['y', { dtype: 'i32', shape: [2], data: Int32Array.of(-(2 ** 31), 7) }],
  ['d', { dtype: 'f64', shape: [], data: Float64Array.of(Math.PI) }],
  ['m', { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ['u', { dtype: 'u8', shape: [0, 4], data: new Uint8Array(0) }],
]
const latin = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))

/** As numpy.lib.format writes a file. */
function npy(descr: string, shape: string, body: Uint8Array, { version = 1, order = 'False' } = {}): Uint8Array {
  const text = `{'descr': ${descr.startsWith('[') ? descr : `'${descr}'`}, 'fortran_order': ${order}, 'shape': ${shape}, }`
  const lengthBytes = version === 1 ? 2 : 4
  const length = Math.ceil((8 + lengthBytes + text.length + 1) / 64) * 64 - 8 - lengthBytes
  const digits = Array.from({ length: lengthBytes }, (_, i) => (length >> (8 * i)) & 255)
  const head = `\x93NUMPY${String.fromCharCode(version, 0, ...digits)}${text.padEnd(length - 1)}\n`
  return Uint8Array.of(...latin(head), ...body)
}
const bytesOf = (...values: readonly { buffer: ArrayBufferLike }[]): Uint8Array =>
  Uint8Array.from(values.flatMap((v) => [...new Uint8Array(v.buffer)]))

describe('arrays of files', () => {
  it.each(['.npz', '.safetensors'])('%s: what is written reads back, bit for bit', async (ending) => {
    await writeData(at(`all${ending}`), new Map(all))
    const read = await readData(at(`all${ending}`))
    expect(new Map(read)).toEqual(new Map(all))
    expect(Object.is(read.get('x')!.data[1], -0)).toBe(true)
    const first = await readFile(at(`all${ending}`))
    await writeData(at(`again${ending}`), read)
    if (ending === '.npz') expect(await readFile(at(`again${ending}`))).toEqual(first)
  })
  it('.npy: one array, called as the file is', async () => {
    await writeData(at('weights.npy'), new Map([all[0]!]))
    expect([...(await readData(at('weights.npy')))]).toEqual([['weights', all[0]![1]]])
    await expect(writeData(at('two.npy'), new Map(all))).rejects.toThrow(/holds one array; there are 5/)
  })
  it('leaves no temporary file behind', async () => {
    expect((await readdir(folder)).filter((f) => f.includes('.tmp'))).toEqual([])
  })
})

describe('NumPy arrays', () => {
  const six = Float32Array.of(1, 2, 3, 4, 5, 6)
  it.each([
    ['version 1', npy('<f4', '(2, 3)', bytesOf(six))],
    ['version 2', npy('<f4', '(2, 3)', bytesOf(six), { version: 2 })],
    ['columns first', npy('<f4', '(2, 3)', bytesOf(Float32Array.of(1, 4, 2, 5, 3, 6)), { order: 'True' })],
    [
      'the other byte order',
      npy(
        '>f4',
        '(2, 3)',
        bytesOf(six).map((_, i, b) => b[i - (i % 4) + 3 - (i % 4)]!),
      ),
    ],
    ['our own', writeNpy({ dtype: 'f32', shape: [2, 3], data: six })],
  ])('%s', (_, file) => expect(readNpy(file, 'a')).toEqual({ dtype: 'f32', shape: [2, 3], data: six }))
  it('three axes, columns first', () => {
    const [a, b, c] = [2, 3, 4]
    const rows = Int32Array.from({ length: 24 }, (_, i) => i)
    const columns = new Int32Array(24)
    for (let i = 0; i < a; i++)
      for (let j = 0; j < b; j++) for (let k = 0; k < c; k++) columns[i + a * (j + b * k)] = rows[(i * b + j) * c + k]!
    expect(readNpy(npy('<i4', '(2, 3, 4)', bytesOf(columns), { order: 'True' }), 'a').data).toEqual(rows)
  })
  it.each([
    ['<i8', BigInt64Array.of(-5n), 'i32', -5],
    ['<i2', Int16Array.of(-300), 'i32', -300],
    ['|i1', Int8Array.of(-3), 'i32', -3],
    ['<u2', Uint16Array.of(65535), 'i32', 65535],
    ['|u1', Uint8Array.of(200), 'u8', 200],
    ['|b1', Uint8Array.of(1), 'bool', 1],
    ['<f8', Float64Array.of(0.1), 'f64', 0.1],
    ['<f2', Uint16Array.of(0x3555), 'f32', 0.333251953125],
  ] as const)('%s', (descr, data, dtype, value) => {
    const read = readNpy(npy(descr, '(1,)', bytesOf(data)), 'a')
    expect([read.dtype, read.shape, [...read.data]]).toEqual([dtype, [1], [value]])
  })
  it.each<readonly [string, Uint8Array, RegExp]>([
    [
      'a number too large',
      npy('<i8', '()', bytesOf(BigInt64Array.of(2n ** 33n))),
      /a: 8589934592 at position 0 does not fit/,
    ],
    ['text', npy('<U5', '()', new Uint8Array(20)), /dtype '<U5' is not one of/],
    ['objects', npy('|O', '(1,)', new Uint8Array(20)), /dtype '\|O'/],
    ['records', npy("[('a', '<f4')]", '()', new Uint8Array(4)), /no descr that is understood/],
    ['too few bytes', npy('<f4', '(2,)', new Uint8Array(7)), /7 bytes are not <f4\[2\]/],
    ['an endless shape', npy('<f4', `(${'9'.repeat(30)}, 9)`, new Uint8Array(8)), /8 bytes are not/],
    ['another magic', latin('\x93NUMPI\x01\x00aaaaaaa'), /is no NumPy array/],
    ['a later version', npy('<f4', '()', new Uint8Array(4), { version: 9 }), /version 9/],
    ['a header cut off', npy('<f4', '()', new Uint8Array(4)).subarray(0, 40), /cut off/],
  ])('refuses %s', (_, file, message) => expect(() => readNpy(file, 'a')).toThrow(message))
  it('refuses archives that are none, damaged or claim too much', async () => {
    const good = zipSync({ 'x.npy': npy('<f4', '(1000,)', new Uint8Array(4000)) })
    const lying = good.slice()
    const view = new DataView(lying.buffer)
    const central = good.findIndex((_, i) => view.getUint32(Math.min(i, good.length - 4), true) === 0x02014b50)
    view.setUint32(central + 24, 2 ** 31, true)
    for (const [name, bytes, message] of [
      ['no.npz', latin('nothing'), /no zip archive/],
      ['cut.npz', good.subarray(0, good.length / 2), /no zip archive/],
      ['lying.npz', lying, /x.npy claims to unpack from \d+ to 2147483648 bytes/],
    ] as const) {
      await writeFile(at(name), bytes)
      await expect(readData(at(name)), name).rejects.toThrow(message)
    }
  })
})

describe('tables', () => {
  const csv = async (text: string, options = {}): Promise<Data> => {
    await writeFile(at('table.csv'), text)
    return readData(at('table.csv'), options)
  }
  it('columns by name: whole numbers, numbers, words', async () => {
    const read = await csv('﻿length,width,kind,count\r\n1.5,2,"b, c",3\r\n,-2e3,a,-4\r\ninf,NaN,"b, c",5\r\n\r\n')
    expect(Object.fromEntries(read)).toEqual({
      length: { dtype: 'f64', shape: [3], data: Float64Array.of(1.5, Number.NaN, Infinity) },
      width: { dtype: 'f64', shape: [3], data: Float64Array.of(2, -2000, Number.NaN) },
      kind: { dtype: 'i32', shape: [3], data: Int32Array.of(1, 0, 1), classes: ['a', 'b, c'] },
      count: { dtype: 'i32', shape: [3], data: Int32Array.of(3, -4, 5) },
    })
  })
  it('without names, and with other separators', async () => {
    expect([...(await csv('1;2\n3;4\n')).keys()]).toEqual(['column1', 'column2'])
    expect([...(await csv('a,b\nc,d\n', { header: false })).get('column1')!.data]).toEqual([0, 1])
    await writeFile(at('tabs.tsv'), 'a\tb\n1\t2\n')
    expect([...(await readData(at('tabs.tsv'))).keys()]).toEqual(['a', 'b'])
  })
  it.each([
    ['rows of other lengths', 'a,b\n1,2\n3\n', /row 3 has 1 cells; the first has 2/],
    ['names twice', 'a,a\n1,2\n', /two columns are called 'a'/],
    ['quotes without end', 'a,b\n"1,2\n', /row \d: .*quote/i],
  ])('refuses %s', (_, text, message) => expect(csv(text)).rejects.toThrow(message))
  it('are written with a column each, and read back', async () => {
    const y: Tensor = { dtype: 'f32', shape: [2, 2], data: Float32Array.of(1, 2.5, 3, 4) }
    const kind = { dtype: 'i32' as const, shape: [2], data: Int32Array.of(1, 0), classes: ['a', 'b'] }
    await writeData(
      at('out.csv'),
      new Map<string, Tensor>([
        ['y', y],
        ['kind', kind],
      ]),
    )
    expect(await readFile(at('out.csv'), 'utf8')).toBe('y.0,y.1,kind\n1,2.5,b\n3,4,a\n')
    expect([...(await readData(at('out.csv'))).get('y.1')!.data]).toEqual([2.5, 4])
  })
})

it('a file that is not there keeps its code; an ending that is not known is named', async () => {
  await expect(readData(at('none.npz'))).rejects.toMatchObject({
    code: 'ENOENT',
    message: /none.npz: cannot read: there is no such file/,
  })
  await expect(readData(at('x.parquet'))).rejects.toThrow(/ends in none of .npz, .npy, .csv/)
  await expect(writeData(at('no/such/folder.npz'), new Map())).rejects.toMatchObject({ code: 'ENOENT' })
})

describe('arrange', () => {
  const iris: Data = new Map([
    ['a', { dtype: 'f64', shape: [2], data: Float64Array.of(1, 2) }],
    ['b', { dtype: 'i32', shape: [2], data: Int32Array.of(3, 4) }],
    ['kind', { dtype: 'i32', shape: [2], data: Int32Array.of(0, 1), classes: ['p', 'q'] }],
  ])
  it('deals columns out in order, in the dtypes of the inputs', () => {
    const { data, examples, missing } = arrange(iris, { x: f32('B', 2), y: i32('B') })
    expect(Object.fromEntries(data)).toEqual({
      x: { dtype: 'f32', shape: [2, 2], data: Float32Array.of(1, 3, 2, 4) },
      y: { dtype: 'i32', shape: [2], data: Int32Array.of(0, 1), classes: ['p', 'q'] },
    })
    expect({ examples, missing }).toEqual({ examples: 2, missing: [] })
  })
  it('takes arrays by name, in another shape of as many values', () => {
    const pictures: Data = new Map([['x', { dtype: 'u8', shape: [2, 4], data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }]])
    const { data, missing } = arrange(pictures, { x: f32('B', 1, 2, 2), y: i32('B') })
    expect(data.get('x')).toEqual({ dtype: 'f32', shape: [2, 1, 2, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) })
    expect(missing).toEqual(['y'])
  })
  it('takes what columns have a name by name, and the rest in order', () => {
    expect(arrange(iris, { kind: i32('B'), x: f64('B', 2) }).data.get('x')!.data).toEqual(Float64Array.of(1, 3, 2, 4))
  })
  it.each([
    ['columns left over', { x: f32('B', 2) }, /1 columns belong to no input \(kind\)/],
    ['too few columns', { x: f32('B', 4) }, /nothing is left for x/],
    ['fractions for integers', { kind: i32('B'), b: i32('B'), a: u8('B'), z: f32('B', 3) }, undefined],
  ])('refuses %s', (_, inputs, message) => {
    if (message) expect(() => arrange(iris, inputs)).toThrow(message)
    else expect(arrange(iris, inputs).missing).toEqual(['z'])
  })
  it('refuses values that the input cannot hold, shapes of other sizes, and counts that differ', () => {
    const x = (data: Float64Array, ...shape: number[]): Data => new Map([['x', { dtype: 'f64', shape, data }]])
    expect(() => arrange(x(Float64Array.of(1, 1.5), 2), { x: i32('B') })).toThrow(
      /x: 1.5 at position 1 is not of dtype i32/,
    )
    expect(() => arrange(x(Float64Array.of(1, 256), 2), { x: u8('B') })).toThrow(/256 at position 1/)
    expect(() => arrange(x(new Float64Array(6), 2, 3), { x: f64('B', 4) })).toThrow(
      /f64\[2,3\], 3 values an example; .* takes 4/,
    )
    const uneven: Data = new Map([
      ...x(new Float64Array(2), 2),
      ['y', { dtype: 'i32', shape: [3], data: new Int32Array(3) }],
    ])
    expect(() => arrange(uneven, { x: f64('B'), y: i32('B') })).toThrow(/x has 2 examples, y has 3 examples/)
  })
})

describe('batches', () => {
  const n = 103
  const data: Data = new Map([
    ['x', { dtype: 'f32', shape: [n, 2], data: Float32Array.from({ length: 2 * n }, (_, i) => i) }],
    ['y', { dtype: 'i32', shape: [n], data: Int32Array.from({ length: n }, (_, i) => i) }],
  ])
  const order = (options: Partial<Parameters<typeof batches>[1]> = {}) =>
    [...batches(data, { size: 10, ...options })].flatMap((b) => [...b['y']!])
  it('have every example once, rows together, the short one last', () => {
    for (const shuffle of [false, true]) {
      const all = [...batches(data, { size: 10, shuffle, seed: 3 })]
      expect(all.map((b) => b['y']!.length)).toEqual([...Array(10).fill(10), 3])
      for (const { x, y } of all)
        for (const [i, row] of [...y!].entries())
          expect([...x!.slice(2 * i, 2 * i + 2)]).toEqual([2 * row, 2 * row + 1])
      expect(all.flatMap((b) => [...b['y']!]).sort((a, b) => a - b)).toEqual([...data.get('y')!.data])
    }
    expect(order()).toEqual([...data.get('y')!.data])
  })
  it('are in an order of the seed, and drop the short one if asked', () => {
    expect(order({ shuffle: true, seed: 1 })).toEqual(order({ shuffle: true, seed: 1 }))
    expect(order({ shuffle: true, seed: 1 })).not.toEqual(order({ shuffle: true, seed: 2 }))
    expect(order({ drop: true })).toHaveLength(100)
    expect([...batches(new Map(), { size: 3 })]).toEqual([])
  })
  it('refuse counts that differ and sizes that are none', () => {
    expect(() => [...batches(data, { size: 0 })]).toThrow(/size is 0/)
    const uneven: Data = new Map([...data, ['z', { dtype: 'i32', shape: [], data: new Int32Array(1) }]])
    expect(() => [...batches(uneven, { size: 2 })]).toThrow(/z is i32\[\]/)
  })
})
