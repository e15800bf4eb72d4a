/** The safetensors codec: what is written reads back, what others write is understood, and nothing in a file is believed unchecked. */
import { describe, expect, it } from 'vitest'
import type { Tensor } from '../core/ir.ts'
import { readTensors, writeTensors } from './safetensors.ts'

const tensors: readonly (readonly [string, Tensor])[] = [
  ['flags', { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ['w', { dtype: 'f32', shape: [2, 3], data: Float32Array.of(1, -0, Number.NaN, Infinity, 1e-45, 3) }],
  ['step', { dtype: 'i32', shape: [], data: Int32Array.of(-(2 ** 31)) }],
  ['d', { dtype: 'f64', shape: [1, 1], data: Float64Array.of(Math.PI) }],
  ['none', { dtype: 'f32', shape: [0, 4], data: new Float32Array(0) }],
  ['bytes', { dtype: 'u8', shape: [5], data: Uint8Array.of(0, 1, 2, 254, 255) }],
]

/** A file of any header over `data` bytes. */
function fileOf(header: unknown, data: Uint8Array | number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const tail = typeof data === 'number' ? new Uint8Array(data) : data
  const out = new Uint8Array(8 + text.length + tail.length)
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true)
  out.set(text, 8)
  out.set(tail, 8 + text.length)
  return out
}

describe('safetensors', () => {
  it('reads back what it writes, bit for bit, aligned, with metadata', () => {
    const file = writeTensors(tensors, { format: 'x' })
    const read = readTensors(file, 'file')
    expect(new Map(read.tensors)).toEqual(new Map(tensors))
    expect(Object.is(read.tensors.get('w')!.data[1], -0)).toBe(true)
    expect(read.metadata).toEqual({ format: 'x' })
    const length = Number(new DataView(file.buffer).getBigUint64(0, true))
    expect(length % 8).toBe(0)
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)))
    const width = { f64: 8, f32: 4, i32: 4, bool: 1, u8: 1 }
    for (const [name, { dtype }] of tensors) expect(header[name].data_offsets[0] % width[dtype]).toBe(0)
  })
  it('reads a file at any place of a larger buffer', () => {
    const file = writeTensors(tensors)
    const around = new Uint8Array(file.length + 9)
    around.set(file, 3)
    expect(readTensors(around.subarray(3, 3 + file.length), 'file').tensors.size).toBe(tensors.length)
  })
  it('reads halves, brain floats and 64-bit integers', () => {
    const header = {
      h: { dtype: 'F16', shape: [4], data_offsets: [0, 8] },
      b: { dtype: 'BF16', shape: [2], data_offsets: [8, 12] },
      i: { dtype: 'I64', shape: [1], data_offsets: [12, 20] },
    }
    const data = new Uint8Array(20)
    const view = new DataView(data.buffer)
    for (const [i, bits] of [0x3c00, 0x0001, 0xfbff, 0x7c00].entries()) view.setUint16(2 * i, bits, true)
    for (const [i, bits] of [0x3f80, 0xc0a0].entries()) view.setUint16(8 + 2 * i, bits, true)
    view.setBigInt64(12, -5n, true)
    const { tensors: read } = readTensors(fileOf(header, data), 'file')
    expect(read.get('h')!.data).toEqual(Float32Array.of(1, 2 ** -24, -65504, Infinity))
    expect(read.get('b')!.data).toEqual(Float32Array.of(1, -5))
    expect(read.get('i')).toEqual({ dtype: 'i32', shape: [1], data: Int32Array.of(-5) })
    view.setBigInt64(12, 2n ** 40n, true)
    expect(() => readTensors(fileOf(header, data), 'file')).toThrow(
      /file: i: 1099511627776 at position 0 does not fit i32/,
    )
  })

  const one = (entry: object) => ({ w: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...entry } })
  it.each<readonly [string, Uint8Array, RegExp]>([
    ['no bytes', new Uint8Array(3), /3 bytes are no safetensors file/],
    ['a header longer than the file', fileOf('{}', 0).subarray(0, 9), /is cut off: a header of 2 bytes in 9/],
    ['a header of 2^60 bytes', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 16, 123), /a header of/],
    ['no JSON', fileOf('{"a":', 0), /the header is not JSON/],
    ['no object', fileOf('[]', 0), /no JSON object/],
    ['null', fileOf('null', 0), /no JSON object/],
    ['an unknown dtype', fileOf(one({ dtype: 'F8_E4M3' }), 8), /w: dtype "F8_E4M3" is not one of/],
    ['a dtype of the prototype', fileOf(one({ dtype: 'constructor' }), 8), /is not one of/],
    ['an entry that is none', fileOf({ w: null }, 0), /w: dtype undefined/],
    ['a negative dimension', fileOf(one({ shape: [-2] }), 8), /w: shape must be/],
    ['a fraction of a dimension', fileOf(one({ shape: [0.5, 4] }), 8), /w: shape must be/],
    ['a shape that is too large', fileOf(one({ shape: [2 ** 40, 2 ** 40] }), 8), /8 bytes are not F32/],
    ['offsets past the end', fileOf(one({ data_offsets: [0, 12], shape: [3] }), 8), /do not lie in 8 bytes/],
    ['offsets backwards', fileOf(one({ data_offsets: [8, 0] }), 8), /do not lie in 8 bytes/],
    ['bytes of another shape', fileOf(one({ shape: [3] }), 8), /8 bytes are not F32\[3\]/],
    ['a gap', fileOf(one({ data_offsets: [4, 12] }), 12), /overlap or leave a gap at byte 0/],
    ['bytes at the end', fileOf(one({}), 9), /1 bytes at the end belong to nothing/],
    ['arrays over each other', fileOf({ ...one({}), v: one({}).w }, 8), /overlap/],
    ['metadata that is no text', fileOf({ __metadata__: { a: 1 } }, 0), /must map names to text/],
  ])('refuses %s', (_, file, message) => {
    expect(() => readTensors(file, 'file')).toThrow(message)
    expect(() => readTensors(file, 'file')).toThrow(expect.objectContaining({ code: 'E_FORMAT' }))
  })
})
