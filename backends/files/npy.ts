/**
 * NumPy's array file: a header that is a Python literal, then the elements, rows or columns first.
 * Invariant: the header is parsed, never evaluated; shape and size agree with the bytes before anything is allocated.
 * May not: do I/O. Source: numpy.lib.format, versions 1.0 to 3.0.
 */
import { badFormat } from '../../core/errors-files.ts'
import type { DType, Tensor, TypedArray } from '../../core/ir.ts'
import { count } from '../../core/shape.ts'
import { type ElementKind, elementBytes, elementDtype, readElements } from '../elements.ts'

const MAGIC = '\x93NUMPY'
const kinds: ReadonlySet<string> = new Set<ElementKind>([
  'b1',
  'u1',
  'u2',
  'u4',
  'u8',
  'i1',
  'i2',
  'i4',
  'i8',
  'f2',
  'f4',
  'f8',
])

/** `what` names the array in messages. */
export function readNpy(bytes: Uint8Array, what: string): Tensor {
  const { text, start } = headerOf(bytes, what)
  const field = (name: string, pattern: string): string => {
    const found = new RegExp(`['"]${name}['"]\\s*:\\s*${pattern}`).exec(text)
    if (!found) throw badFormat(what, `the header has no ${name} that is understood: ${text.trim().slice(0, 120)}`)
    return found[1]!
  }
  const descr = field('descr', `['"]([<>|=]\\w+)['"]`)
  const fortran = field('fortran_order', '(True|False)') === 'True'
  const shape = [...field('shape', '\\(([\\d\\s,L]*)\\)').matchAll(/\d+/g)].map((d) => Number(d[0]))
  const kind = descr.slice(1)
  if (!kinds.has(kind)) throw badFormat(what, `dtype '${descr}' is not one of ${[...kinds].join(', ')}`)
  const size = count(shape)
  const body = bytes.subarray(start)
  if (!Number.isSafeInteger(size) || size * elementBytes(kind as ElementKind) !== body.length)
    throw badFormat(what, `${body.length} bytes are not ${descr}[${shape.join(',')}]`)
  const data = readElements(what, body, kind as ElementKind, size, descr[0] !== '>')
  return { dtype: elementDtype(kind as ElementKind), shape, data: fortran ? rowsFirst(data, shape) : data }
}

function headerOf(bytes: Uint8Array, what: string): { readonly text: string; readonly start: number } {
  const latin = (from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to))
  if (latin(0, 6) !== MAGIC || bytes.length < 10) throw badFormat(what, 'is no NumPy array')
  const major = bytes[6]!
  if (major < 1 || major > 3) throw badFormat(what, `version ${major} of the format is not known`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (major > 1 && bytes.length < 12) throw badFormat(what, 'is cut off')
  const [first, length] = major === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)]
  if (first + length > bytes.length || length > 65536)
    throw badFormat(what, `a header of ${length} bytes is cut off, or too long`)
  return { text: latin(first, first + length), start: first + length }
}

/** Columns first (Fortran) to rows first. */
function rowsFirst(data: TypedArray, shape: readonly number[]): TypedArray {
  const out = data.slice()
  const at = shape.map(() => 0)
  const strides = shape.map((_, i) => count(shape.slice(0, i)))
  let from = 0
  for (let to = 0; to < data.length; to++) {
    out[to] = data[from]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at[axis]!++
      from += strides[axis]!
      if (at[axis]! < shape[axis]!) break
      from -= strides[axis]! * shape[axis]!
      at[axis] = 0
    }
  }
  return out
}

const descrs: Readonly<Record<DType, string>> = { f32: '<f4', f64: '<f8', i32: '<i4', bool: '|b1', u8: '|u1' }

/** Version 1.0, rows first. */
export function writeNpy({ dtype, shape, data }: Tensor): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const text = `{'descr': '${descrs[dtype]}', 'fortran_order': False, 'shape': (${tuple}), }`
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10
  const out = new Uint8Array(10 + length + data.byteLength)
  const header = `${MAGIC}\x01\x00${String.fromCharCode(length & 255, length >> 8)}${text.padEnd(length - 1)}\n`
  for (let i = 0; i < header.length; i++) out[i] = header.charCodeAt(i)
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + length)
  return out
}
