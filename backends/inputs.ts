/**
 * What a user may feed: typed arrays of the right class, numbers, nested or flat arrays.
 * Invariant: what comes out has exactly the port's class and length, and only values of its dtype.
 * May not: convert between dtypes silently.
 */
import { inputClass, inputLength, inputNames, inputNesting, inputValue } from '../core/errors.ts'
import type { DType, TypedArray } from '../core/ir.ts'
import { nearest } from '../core/nearest.ts'
import { allocate, count } from '../core/shape.ts'
import type { Port } from '../planner/types.ts'
import { className } from './views.ts'

export type InputValue = TypedArray | number | boolean | readonly InputValue[]
export type Inputs = Readonly<Record<string, InputValue>>

/** A port before it has a buffer. */
export type Slot = Pick<Port, 'name' | 'dtype' | 'shape'>

export const showPort = ({ dtype, shape }: Slot): string => `${dtype}[${shape.join(',')}]`

/** Values in the order of `ports`; a typed array comes back as it is, not copied. */
export function checkInputs(ports: readonly Slot[], given: Inputs): TypedArray[] {
  checkNames(
    ports.map((p) => p.name),
    given,
  )
  return ports.map((port) => checkValue(port, given[port.name]!))
}

/** Nothing given at all counts as no names. */
export function checkNames(known: readonly string[], inputs: Inputs | null | undefined): void {
  const given = inputs ?? {}
  const missing = known.filter((name) => !Object.hasOwn(given, name) || given[name] === undefined)
  const unknown = Object.keys(given).filter((name) => !known.includes(name))
  if (missing.length || unknown.length) {
    const near = (name: string) => nearest(name, missing.length ? missing : known)
    throw inputNames(
      unknown.map((name) => [name, near(name)] as const),
      missing,
      known,
    )
  }
}

export function checkValue(port: Slot, value: InputValue): TypedArray {
  const length = count(port.shape)
  if (ArrayBuffer.isView(value)) return checkTyped(port, value, length)
  if (Array.isArray(value)) return fill(port, flatten(port, value, length))
  if (typeof value !== 'number' && typeof value !== 'boolean')
    throw inputClass(port.name, showPort(port), className(port.dtype), describe(value))
  if (length !== 1) throw inputLength(port.name, showPort(port), length, 1)
  return fill(port, [value])
}

const describe = (value: unknown): string =>
  value === null
    ? 'null'
    : typeof value === 'object'
      ? Object.prototype.toString.call(value).slice(8, -1)
      : typeof value

/** By its tag, not by instanceof: arrays may come from another realm, and a Buffer is a Uint8Array. */
function checkTyped(port: Slot, value: TypedArray, length: number): TypedArray {
  const tag = describe(value)
  if (tag !== className(port.dtype)) throw inputClass(port.name, showPort(port), className(port.dtype), tag)
  if (value.length !== length) throw inputLength(port.name, showPort(port), length, value.length)
  const wrong = port.dtype === 'bool' ? value.findIndex((x) => x > 1) : -1
  if (wrong >= 0) throw inputValue(port.name, port.dtype, wrong, String(value[wrong]))
  return value
}

/** One flat array, or arrays nested as the shape says. Goes level by level: a shape has as many as it has axes. */
function flatten({ name, dtype, shape }: Slot, value: readonly InputValue[], length: number): readonly InputValue[] {
  const type = showPort({ name, dtype, shape })
  if (!value.some(Array.isArray)) {
    if (value.length !== length) throw inputLength(name, type, length, value.length)
    return value
  }
  let level = value
  for (const [depth, size] of shape.entries()) {
    const groups = depth === 0 ? [level] : level
    for (const group of groups) {
      const got = Array.isArray(group) ? group.length : describe(group)
      if (got !== size) throw inputNesting(name, type, depth, size, String(got))
    }
    if (depth > 0) level = level.flat(1) as readonly InputValue[]
  }
  return level
}

const legal: Readonly<Record<DType, (x: number) => boolean>> = {
  f32: () => true,
  f64: () => true,
  i32: (x) => x === (x | 0),
  u8: (x) => x === (x & 255),
  bool: (x) => x === 0 || x === 1,
}

function fill({ name, dtype, shape }: Slot, values: readonly InputValue[]): TypedArray {
  const out = allocate(dtype, count(shape))
  for (const [i, value] of values.entries()) {
    const x = typeof value === 'boolean' && dtype === 'bool' ? Number(value) : value
    if (typeof x !== 'number' || !legal[dtype](x))
      throw inputValue(name, dtype, i, typeof x === 'object' ? describe(x) : String(x))
    out[i] = x
  }
  return out
}
