/**
 * The safetensors format: a JSON header of names, types and places, then little-endian data.
 * Invariant: reading checks every number of the header against the file before it is used; what is written reads back bit for bit.
 * May not: do I/O. Source: github.com/huggingface/safetensors, "Format".
 */
import { badFormat } from '../core/errors-files.ts'
import type { DType, Tensor } from '../core/ir.ts'
import { bytesOf } from '../core/shape.ts'
import { type ElementKind, elementBytes, elementDtype, readElements } from './elements.ts'

export interface TensorFile {
  readonly tensors: ReadonlyMap<string, Tensor>
  readonly metadata: { readonly [key: string]: string }
}

const written: Readonly<Record<DType, string>> = { f32: 'F32', f64: 'F64', i32: 'I32', bool: 'BOOL', u8: 'U8' }
const kinds: { readonly [dtype: string]: ElementKind } = {
  BOOL: 'b1',
  U8: 'u1',
  U16: 'u2',
  U32: 'u4',
  U64: 'u8',
  I8: 'i1',
  I16: 'i2',
  I32: 'i4',
  I64: 'i8',
  F16: 'f2',
  BF16: 'bf2',
  F32: 'f4',
  F64: 'f8',
}
const METADATA = '__metadata__'
/** As the reference implementation: a longer header is an attack. */
const LONGEST_HEADER = 100_000_000

/** Wide elements first, so that every array is aligned in the file. */
export function writeTensors(
  tensors: Iterable<readonly [string, Tensor]>,
  metadata: { readonly [key: string]: string } = {},
): Uint8Array {
  const sorted = [...tensors].sort((a, b) => bytesOf[b[1].dtype] - bytesOf[a[1].dtype])
  let end = 0
  const entries = sorted.map(([name, { dtype, shape, data }]) => {
    const begin = end
    end += data.byteLength
    return [name, { dtype: written[dtype], shape, data_offsets: [begin, end] }] as const
  })
  const text = JSON.stringify(Object.fromEntries([[METADATA, metadata] as const, ...entries]))
  const header = new TextEncoder().encode(text)
  const start = 8 + Math.ceil(header.length / 8) * 8
  const out = new Uint8Array(start + end).fill(0x20, 8, start)
  new DataView(out.buffer).setBigUint64(0, BigInt(start - 8), true)
  out.set(header, 8)
  for (const [i, [, { data }]] of sorted.entries())
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start + entries[i]![1].data_offsets[0]!)
  return out
}

/** `what` names the file in messages. */
export function readTensors(bytes: Uint8Array, what: string): TensorFile {
  const { header, start } = readHeader(bytes, what)
  const size = bytes.length - start
  const tensors = new Map<string, Tensor>()
  const spans: (readonly [number, number])[] = []
  let metadata: TensorFile['metadata'] = {}
  for (const [name, entry] of Object.entries(header)) {
    if (name === METADATA) {
      metadata = strings(entry, what)
      continue
    }
    const { kind, shape, count, begin, end } = place(entry, size, `${what}: ${name}`)
    spans.push([begin, end])
    const data = readElements(`${what}: ${name}`, bytes.subarray(start + begin, start + end), kind, count)
    tensors.set(name, { dtype: elementDtype(kind), shape, data })
  }
  checkTiling(spans, size, what)
  return { tensors, metadata }
}

function readHeader(bytes: Uint8Array, what: string): { readonly header: object; readonly start: number } {
  if (bytes.length < 8) throw badFormat(what, `${bytes.length} bytes are no safetensors file`)
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  if (length > LONGEST_HEADER || 8 + length > bytes.length)
    throw badFormat(what, `is no safetensors file, or is cut off: a header of ${length} bytes in ${bytes.length}`)
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length)))
    if (typeof header === 'object' && header !== null && !Array.isArray(header)) return { header, start: 8 + length }
  } catch (error) {
    throw badFormat(what, `the header is not JSON: ${(error as Error).message}`)
  }
  throw badFormat(what, 'the header is no JSON object')
}

function strings(entry: unknown, what: string): { readonly [key: string]: string } {
  if (typeof entry !== 'object' || entry === null || Object.values(entry).some((v) => typeof v !== 'string'))
    throw badFormat(what, `${METADATA} must map names to text`)
  return entry as { readonly [key: string]: string }
}

const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0

function place(entry: unknown, size: number, what: string) {
  const { dtype, shape, data_offsets: span } = (entry ?? {}) as { [key: string]: unknown }
  const kind = typeof dtype === 'string' && Object.hasOwn(kinds, dtype) ? kinds[dtype] : undefined
  if (kind === undefined)
    throw badFormat(what, `dtype ${JSON.stringify(dtype)} is not one of ${Object.keys(kinds).join(', ')}`)
  if (!Array.isArray(shape) || !shape.every(isCount)) throw badFormat(what, 'shape must be whole numbers ≥ 0')
  if (!Array.isArray(span) || span.length !== 2 || !span.every(isCount) || span[0]! > span[1]! || span[1]! > size)
    throw badFormat(what, `data_offsets ${JSON.stringify(span)} do not lie in ${size} bytes of data`)
  const [begin, end] = span as [number, number]
  const count = (shape as readonly number[]).reduce((n, d) => n * d, 1)
  if (count * elementBytes(kind) !== end - begin)
    throw badFormat(what, `${end - begin} bytes are not ${dtype}[${shape.join(',')}]`)
  return { kind, shape: shape as readonly number[], count, begin, end }
}

/** No byte belongs to two arrays, and none to nobody. */
function checkTiling(spans: (readonly [number, number])[], size: number, what: string): void {
  spans.sort((a, b) => a[0] - b[0] || a[1] - b[1])
  let at = 0
  for (const [begin, end] of spans) {
    if (begin !== at) throw badFormat(what, `arrays overlap or leave a gap at byte ${Math.min(begin, at)} of the data`)
    at = end
  }
  if (at !== size) throw badFormat(what, `${size - at} bytes at the end belong to nothing`)
}
