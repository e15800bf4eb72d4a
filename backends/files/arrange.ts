/**
 * Arrays of a file as the inputs of a program: by name, else columns in order; in the dtype and with the values an example of each input.
 * Invariant: no value changes its meaning: a fraction never becomes an integer, and rounding is to f32 alone.
 * May not: leave a column over where it deals columns out.
 */
import { badFormat, dataMismatch } from '../../core/errors-files.ts'
import type { DType, Tensor, TypedArray } from '../../core/ir.ts'
import type { Value, Values } from '../../core/program.ts'
import { allocate, count } from '../../core/shape.ts'
import type { Examples } from './batches.ts'
import type { Column, Data } from './data.ts'

export interface Arranged<I extends Values> {
  /** By input, with the number of examples as the first dimension. */
  readonly data: Examples<I>
  /** Inputs for which there was nothing. */
  readonly missing: readonly string[]
  readonly examples: number
}

/** Values of one example, or undefined where another dimension than the first has a name. */
function width({ shape }: Value): number | undefined {
  const rest = shape.slice(1)
  return rest.every((d) => typeof d === 'number') ? count(rest as readonly number[]) : undefined
}

/**
 * `inputs`: of the program; the first dimension of each counts examples. An input takes the array of its name; those
 * without one take the file's other columns in order, each as many as an example of it has values. `what` names the file in messages.
 */
export function arrange<I extends Values>(data: Data, inputs: I, what = 'data'): Arranged<I> {
  const missing: string[] = []
  const found = new Map<string, Column>()
  const columns = [...data.keys()].filter((name) => !Object.hasOwn(inputs, name))
  const all = columns.length
  for (const [name, value] of Object.entries(inputs)) {
    const own = data.get(name) ?? joined(data, columns, width(value) ?? 0)
    if (own === undefined) missing.push(name)
    else found.set(name, fitted(`${what}: ${name}`, own, value))
  }
  const dealt = columns.length < all || found.size === 0
  if (dealt && columns.length > 0) throw dataMismatch(what, columns, missing)
  const counts = new Set([...found.values()].map((c) => c.shape[0]!))
  if (counts.size > 1)
    throw badFormat(what, `${[...found].map(([name, c]) => `${name} has ${c.shape[0]} examples`).join(', ')}`)
  return { data: found, missing, examples: [...counts][0] ?? 0 }
}

/** Takes the next `n` columns side by side. */
function joined(data: Data, columns: string[], n: number): Column | undefined {
  if (n === 0 || columns.length < n) return undefined
  const parts = columns.slice(0, n).map((name) => data.get(name)!)
  if (parts.some((p) => p.shape.length !== 1)) return undefined
  columns.splice(0, n)
  if (n === 1) return parts[0]
  const rows = parts[0]!.shape[0]!
  const dtype = parts.every((p) => p.dtype === parts[0]!.dtype) ? parts[0]!.dtype : 'f64'
  const out = allocate(dtype, rows * n)
  for (const [c, part] of parts.entries()) for (let r = 0; r < rows; r++) out[r * n + c] = part.data[r]!
  return { dtype, shape: [rows, n], data: out }
}

function fitted(what: string, column: Column, value: Value): Column {
  const rows = column.shape[0] ?? 0
  const own = width(value)
  const each = rows === 0 ? 0 : column.data.length / rows
  if (column.shape.length === 0 || (own !== undefined && rows > 0 && own !== each))
    throw badFormat(
      what,
      `is ${show(column)}, ${each} values an example; ${value.dtype}[${value.shape.join(',')}] takes ${own ?? 'another shape'}`,
    )
  const shape = own === undefined ? column.shape : [rows, ...(value.shape.slice(1) as readonly number[])]
  const data = converted(what, column.data, column.dtype, value.dtype)
  return { dtype: value.dtype, shape, data, ...(column.classes && { classes: column.classes }) }
}
const show = ({ dtype, shape }: Tensor): string => `${dtype}[${shape.join(',')}]`

const holds: Readonly<Record<DType, (x: number) => boolean>> = {
  f32: () => true,
  f64: () => true,
  i32: (x) => x === (x | 0),
  u8: (x) => x === (x & 255),
  bool: (x) => x === 0 || x === 1,
}
function converted(what: string, data: TypedArray, from: DType, to: DType): TypedArray {
  if (from === to) return data
  const wrong = data.findIndex((x) => !holds[to](x))
  if (wrong >= 0) throw badFormat(what, `${data[wrong]} at position ${wrong} is not of dtype ${to}`)
  const out = allocate(to, data.length)
  out.set(data)
  return out
}
