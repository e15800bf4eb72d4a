/**
 * State between runs: it lives in the plan's memory, and the user reads and writes copies.
 * Invariant: a value that a failed run may have spoilt cannot be read or run with before it is set again.
 * May not: be touched while a run is in progress.
 */

import { running, stateUndefined, stateVector, unknownState } from '../core/errors.ts'
import { stateMismatch } from '../core/errors-files.ts'
import type { DType, TypedArray } from '../core/ir.ts'
import { nearest } from '../core/nearest.ts'
import { type Initializer, initialize } from '../core/nn/initializers.ts'
import { isFloat } from '../core/shape.ts'
import type { SharedState } from '../planner/shared-state.ts'
import { checkValue, type InputValue, showPort } from './inputs.ts'
import { readTensors, writeTensors } from './safetensors.ts'
import { viewAt } from './views.ts'

export interface LoadStateOptions {
  /** Default true: names must be the same on both sides. False: what is missing keeps its value, what is unexpected is left out. */
  readonly strict?: boolean
  /** Of what the bytes are, for messages. Default 'state'. */
  readonly from?: string
}

export interface State {
  readonly names: readonly string[]
  /**
   * One zero-copy view of all float values in order of declaration, so parameters first, then what an optimizer keeps of them; legal
   * between runs. An error where there is no float state, or some of it is f32 and some f64.
   */
  readonly vector: Float32Array | Float64Array
  type(name: string): { readonly dtype: DType; readonly shape: readonly number[] }
  /** A copy. */
  get(name: string): TypedArray
  set(name: string, values: InputValue): void
  /** Initial values again, from another seed or the same. */
  reset(options: { readonly seed: number }): void
  /** All of it, as a safetensors file: parameters, what the optimizer keeps, counters of steps and of random numbers. */
  bytes(): Uint8Array
  /** Values from such a file: all that fits, or an error that lists what does not, and then nothing is changed. */
  load(
    bytes: Uint8Array,
    options?: LoadStateOptions,
  ): { readonly missing: readonly string[]; readonly unexpected: readonly string[] }
}

/** What Executable sees beside it. */
export interface StateKeeper {
  readonly state: State
  /** Throws if any value is undefined. */
  require(): void
  /** A run failed: these values, which it writes, are undefined from now on. */
  lose(names: readonly string[], cause: unknown): void
}

/** `offsets`: of each value in `memory`, in bytes. */
export function keepState(
  ports: SharedState,
  offsets: readonly number[],
  memory: ArrayBufferLike,
  seed: number,
  isBusy: () => boolean,
): StateKeeper {
  const names = ports.map((port) => port.name)
  const arrays = ports.map((port, i) => viewAt(memory, offsets[i]!, port))
  const lost = new Set<string>()
  let cause: unknown

  const between = (what: string): void => {
    if (isBusy()) throw running(`state.${what}`)
  }
  const require = (): void => {
    if (lost.size > 0) throw stateUndefined([...lost], cause)
  }
  const find = (name: string): number => {
    const i = names.indexOf(name)
    if (i < 0) throw unknownState(name, nearest(name, names), names)
    return i
  }
  const reset = (from: number): void => {
    for (const [i, { init, shape, dtype, ordinal }] of ports.entries()) {
      arrays[i]!.set(initialize(init as Initializer, shape, dtype, from, ordinal))
    }
    lost.clear()
  }
  reset(seed)

  const state: State = {
    names,
    get vector() {
      between('vector')
      require()
      return contiguous(ports, arrays)
    },
    get(name) {
      const i = find(name)
      between('get')
      if (lost.has(name)) require()
      return arrays[i]!.slice()
    },
    set(name, values) {
      const i = find(name)
      between('set')
      arrays[i]!.set(checkValue(ports[i]!, values))
      lost.delete(name)
    },
    reset(options) {
      between('reset')
      reset(options.seed)
    },
    type(name) {
      const { dtype, shape } = ports[find(name)]!
      return { dtype, shape }
    },
    bytes() {
      between('bytes')
      require()
      return writeTensors(
        ports.map(({ name, dtype, shape }, i) => [name, { dtype, shape, data: arrays[i]! }] as const),
        { format: FORMAT },
      )
    },
    load(bytes, options = {}) {
      between('load')
      return load(ports, arrays, lost, bytes, options)
    },
  }
  return {
    state,
    require,
    lose(written, why) {
      cause = why
      for (const name of written) lost.add(name)
    },
  }
}

const FORMAT = 'cotangent/state-1'

/** Looks at everything before it changes anything. */
function load(
  ports: SharedState,
  arrays: readonly TypedArray[],
  lost: Set<string>,
  bytes: Uint8Array,
  { strict = true, from = 'state' }: LoadStateOptions,
): { readonly missing: readonly string[]; readonly unexpected: readonly string[] } {
  const { tensors } = readTensors(bytes, from)
  const known = new Set(ports.map((p) => p.name))
  const missing = ports.filter((p) => !tensors.has(p.name)).map((p) => p.name)
  const unexpected = [...tensors.keys()].filter((name) => !known.has(name))
  const reshaped = ports.flatMap((port) => {
    const found = tensors.get(port.name)
    const [is, was] = [showPort(port), found && showPort({ ...found, name: port.name })]
    return was === undefined || is === was ? [] : [`${port.name} is ${is} here, ${was} there`]
  })
  if (reshaped.length > 0 || (strict && missing.length + unexpected.length > 0))
    throw stateMismatch(from, { missing, unexpected, reshaped }, strict)
  const values = ports.map((port) => {
    const found = tensors.get(port.name)
    return found && checkValue(port, found.data)
  })
  for (const [i, value] of values.entries()) {
    if (value === undefined) continue
    arrays[i]!.set(value)
    lost.delete(ports[i]!.name)
  }
  return { missing, unexpected }
}

function contiguous(ports: SharedState, arrays: readonly TypedArray[]): Float32Array | Float64Array {
  const floats = ports.map(({ name, dtype }, i) => ({ name, dtype, array: arrays[i]! })).filter((f) => isFloat(f.dtype))
  floats.sort((a, b) => a.array.byteOffset - b.array.byteOffset)
  const first = floats[0]
  if (first === undefined) throw stateVector('there is no float state')
  let end = first.array.byteOffset
  for (const { name, dtype, array } of floats) {
    if (dtype !== first.dtype) throw stateVector(`${first.name} is ${first.dtype}, ${name} is ${dtype}`)
    if (array.byteOffset !== end) throw stateVector(`'${name}' does not begin where the value before it ends`)
    end += array.byteLength
  }
  const { buffer, byteOffset, BYTES_PER_ELEMENT } = first.array
  const length = (end - byteOffset) / BYTES_PER_ELEMENT
  return first.dtype === 'f32'
    ? new Float32Array(buffer, byteOffset, length)
    : new Float64Array(buffer, byteOffset, length)
}
