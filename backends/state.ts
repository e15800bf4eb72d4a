/**
 * State between runs: it lives in the plan's memory, and the user reads and writes copies.
 * Invariant: a value that a failed run may have spoilt cannot be read or run with before it is set again.
 * May not: be touched while a run is in progress.
 */

import { running, stateUndefined, stateVector, unknownState } from '../core/errors.ts'
import type { TypedArray } from '../core/ir.ts'
import { nearest } from '../core/nearest.ts'
import { type Initializer, initialize } from '../core/nn/initializers.ts'
import { isFloat } from '../core/shape.ts'
import type { PlanData, StatePort } from '../planner/types.ts'
import { checkValue, type InputValue } from './inputs.ts'
import { views } from './views.ts'

export interface State {
  readonly names: readonly string[]
  /**
   * One zero-copy view of all float values in order of declaration, so parameters first, then what an optimizer keeps of them; legal
   * between runs. An error where there is no float state, or some of it is f32 and some f64.
   */
  readonly vector: Float32Array | Float64Array
  /** A copy. */
  get(name: string): TypedArray
  set(name: string, values: InputValue): void
  /** Initial values again, from another seed or the same. */
  reset(options: { readonly seed: number }): void
}

/** What Executable sees beside it. */
export interface StateKeeper {
  readonly state: State
  /** Throws if any value is undefined. */
  require(): void
  /** A run failed: what kernels write is undefined from now on. */
  lose(cause: unknown): void
}

export function keepState(plan: PlanData, memory: ArrayBufferLike, seed: number, isBusy: () => boolean): StateKeeper {
  const names = plan.state.map((port) => port.name)
  const arrays = views(plan, memory, plan.state)
  const stored = new Set(plan.kernels.flatMap((k) => k.sweeps.flatMap((s) => s.stores.map((store) => store.buffer))))
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
    for (const [i, { init, shape, dtype, ordinal }] of plan.state.entries()) {
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
      return contiguous(plan.state, arrays)
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
      arrays[i]!.set(checkValue(plan.state[i]!, values))
      lost.delete(name)
    },
    reset(options) {
      between('reset')
      reset(options.seed)
    },
  }
  return {
    state,
    require,
    lose(why) {
      cause = why
      for (const port of plan.state) if (stored.has(port.buffer)) lost.add(port.name)
    },
  }
}

function contiguous(ports: readonly StatePort[], arrays: readonly TypedArray[]): Float32Array | Float64Array {
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
