/**
 * compile: a program → something to run, with names and dtypes in its types.
 * Invariant: plan, then load; nothing is decided here but the default backend.
 * May not: look inside a plan.
 */
import type { DType } from '../core/ir.ts'
import type { Program, Value, Values } from '../core/program.ts'
import { type PlanOptions, plan } from '../planner/plan.ts'
import type { Plan } from '../planner/types.ts'
import type { Backend } from './backend.ts'
import type { RunOptions, SyncRunOptions } from './executable.ts'
import type { State } from './state.ts'
import { wasm } from './wasm/index.ts'

/** The typed array that holds values of a dtype. */
export type ArrayOf<D extends DType> = D extends 'f32'
  ? Float32Array
  : D extends 'f64'
    ? Float64Array
    : D extends 'i32'
      ? Int32Array
      : Uint8Array
/** What may be fed for a value of a dtype: its typed array, a number for rank 0, or arrays nested as its shape says. */
export type Feed<D extends DType> = ArrayOf<D> | number | Nested
type Nested = readonly (number | boolean | Nested)[]
export type Feeds<I> = { readonly [K in keyof I]: I[K] extends Value<infer D> ? Feed<D> : never }

/**
 * What a run hands back: a number for rank 0, else the typed array of the output's dtype. Ranks are not in the types, so it is left open,
 * as JSON.parse does; every name is checked.
 */
// biome-ignore lint/suspicious/noExplicitAny: the rank, and so number or array, is known at run time only
export type Dense = any
export type Results<O> = { readonly [K in keyof O]: Dense }

/** A compiled program. One run at a time, first in first out. */
export interface Executable<I = Values, S = Values, O = unknown> {
  readonly plan: Plan
  readonly state: State
  /** Zero-copy views by name: fill them, and pass them to `run`. Legal only between runs. */
  readonly inputs: { readonly [K in keyof I]: I[K] extends Value<infer D> ? ArrayOf<D> : never }
  /** Inputs are copied at the call; the event loop stays free; outputs are the caller's. */
  run(inputs: Feeds<I>, options?: RunOptions): Promise<Results<O>>
  /** The same at once, on this thread and the workers: lowest latency. */
  runSync(inputs: Feeds<I>, options?: SyncRunOptions): Results<O>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
  /** State names and dtypes, for types only. */
  readonly declared?: S
}

export interface CompileOptions extends Omit<PlanOptions, 'threads' | 'target'> {
  /** Default: `wasm()`. */
  readonly backend?: Backend
  /** Seed of the initial state. Default 0. */
  readonly seed?: number
}

/** What runs a program where nothing else is asked for. Default: as many workers as are worth it. */
export const defaultBackend = (threads?: number): Backend => wasm(threads === undefined ? {} : { threads })

/** Plan for the backend, and load. `close()` ends workers early; a script that forgets it still exits. */
export async function compile<I extends Values, S extends Values, O>(
  p: Program<I, S, O>,
  options: CompileOptions = {},
): Promise<Executable<I, S, O>> {
  const { backend = defaultBackend(), seed, ...rest } = options
  const made = plan(p, { ...rest, threads: backend.threads, target: backend.target })
  const loaded = await backend.load(made, seed === undefined ? {} : { seed })
  return loaded as unknown as Executable<I, S, O>
}
