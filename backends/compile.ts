/**
 * compile: a program → something to run, with names and dtypes in its types.
 * Invariant: plan, then load; nothing is decided here but the default backend.
 * May not: look inside a plan.
 */
import { memberName, unknownMember } from '../core/errors-files.ts'
import type { DType } from '../core/ir.ts'
import type { AnyProgram, Program, Value, Values } from '../core/program.ts'
import type { PlanOptions } from '../planner/plan.ts'
import type { Plan } from '../planner/types.ts'
import type { Backend } from './backend.ts'
import { openDimensions, type Sizes } from './binding.ts'
import { loadOne, type Member, openBundle } from './bundle.ts'
import type { Profile } from './profile.ts'
import type { RunOptions, SyncRunOptions } from './run-options.ts'
import type { Blocks, Coo, Csr } from './sparse.ts'
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
export type Feed<D extends DType> = ArrayOf<D> | number | Nested | (D extends 'bool' ? boolean : never)
type Nested = readonly (number | boolean | Nested)[]
export type Feeds<I> = { readonly [K in keyof I]: I[K] extends Value<infer D> ? Feed<D> : never }

/**
 * What a run hands back: a number for rank 0, else the typed array of the output's dtype. Ranks are not in the types, so it is left open,
 * as JSON.parse does; every name is checked.
 */
// biome-ignore lint/suspicious/noExplicitAny: the rank, and so number or array, is known at run time only
export type Dense = any
export type Results<O> = {
  readonly [K in keyof O]: O[K] extends 'csr' ? Csr : O[K] extends 'coo' ? Coo : O[K] extends 'blocks' ? Blocks : Dense
}

/** A compiled program. One run at a time, first in first out. */
export interface Executable<I = Values, S = Values, O = unknown> {
  readonly plan: Plan
  readonly state: State
  /** Zero-copy views by name: fill them, and pass them to `run`. Legal only between runs. */
  readonly inputs: { readonly [K in keyof I]: I[K] extends Value<infer D> ? ArrayOf<D> : never }
  /** Inputs are copied at the call; the event loop stays free, save for a brief run before there are workers (`WasmOptions.threads`); outputs are the caller's. */
  run(inputs: Feeds<I>, options?: RunOptions): Promise<Results<O>>
  /** The same at once, on this thread and the workers: lowest latency. */
  runSync(inputs: Feeds<I>, options?: SyncRunOptions): Results<O>
  /**
   * Where the time of all runs so far went: rows, a table, a trace. InputError E_PROFILE unless compiled with `profile: true`. Between runs only:
   * while one is in progress, it sees half of it. Where a dimension is taken from the inputs of each run, of the size that ran last, as `plan` and `inputs` are.
   */
  profile(): Profile
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
  /** Runs write down when each step starts and ends, for `profile()`. Default false, which costs nothing. */
  readonly profile?: boolean
}

/** What runs a program where nothing else is asked for. Default: as many workers as are worth it. */
export const defaultBackend = (threads?: number): Backend => wasm(threads === undefined ? {} : { threads })

/**
 * Plan for the backend, and load. A dimension of inputs that `sizes` leaves out is taken from the inputs of each run: the plan for a size is
 * made at its first run, and kept. `close()` ends workers early; a script that forgets it still exits.
 */
export async function compile<I extends Values, S extends Values, O>(
  p: Program<I, S, O>,
  options: CompileOptions = {},
): Promise<Executable<I, S, O>> {
  const { sizes = {}, backend = defaultBackend(), ...rest } = options
  const member: Member = { name: p.name, program: p as unknown as AnyProgram, sizes }
  const given = openDimensions(p.inputs, sizes).length === 0
  const exe = given
    ? await loadOne(member, { ...rest, backend })
    : (await openBundle([member], { ...rest, backend })).members.get(p.name)
  return exe as unknown as Executable<I, S, O>
}

// biome-ignore lint/suspicious/noExplicitAny: any program; its types are inferred one by one
type Programs = { readonly [name: string]: Program<any, any, any> }

/** Compiled programs by name, and the state they share. */
export type Bundle<R> = {
  readonly [K in keyof R]: R[K] extends Program<infer I, infer S, infer O> ? Executable<I, S, O> : never
} & {
  readonly state: State
  /** Waits for the run in progress, rejects those that wait, and frees memory and workers of all. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface CompileAllOptions<R> extends Omit<CompileOptions, 'sizes'> {
  /** Sizes of named dimensions, for all programs, or by program. What is left out is taken from the inputs of each run. */
  readonly sizes?: Sizes | { readonly [K in keyof R]?: Sizes }
}

/**
 * Several programs over one memory: state is shared by name, and whatever is called runs one after another in the order of the calls.
 * The first program that declares a state says how it starts. Memory: the state, and the largest of what else each needs, so views of
 * inputs and outputs are legal only until any of them runs. DeclarationError E_STATE_CLASH where types differ.
 */
export async function compileAll<const R extends Programs>(
  programs: R,
  options: CompileAllOptions<R> = {},
): Promise<Bundle<R>> {
  const { sizes = {}, backend = defaultBackend(), ...rest } = options
  const { members, state, close } = await openBundle(membersOf(programs, sizes), { ...rest, backend })
  const bundle = { ...Object.fromEntries(members), state, close, [Symbol.asyncDispose]: close }
  return Object.freeze(bundle) as unknown as Bundle<R>
}

/** `then` would make a promise of the bundle. */
const taken: ReadonlySet<string> = new Set(['state', 'close', 'then'])

function membersOf(programs: Programs, sizes: CompileAllOptions<Programs>['sizes'] & object): readonly Member[] {
  const names = Object.keys(programs)
  for (const name of names) if (taken.has(name)) throw memberName(name)
  const own = new Map<string, Sizes>()
  const common: { [dimension: string]: number } = {}
  for (const [key, value] of Object.entries(sizes)) {
    if (typeof value === 'number') common[key] = value
    else if (!names.includes(key)) throw unknownMember(key, names)
    else own.set(key, value ?? {})
  }
  const dimensions = (p: AnyProgram): readonly string[] => openDimensions({ ...p.inputs, ...p.state }, {})
  for (const key of Object.keys(common))
    if (!names.some((name) => dimensions(programs[name]!).includes(key))) throw unknownMember(key, names)
  return names.map((name) => {
    const program = programs[name] as AnyProgram
    const used = dimensions(program)
    const shared = Object.fromEntries(Object.entries(common).filter(([key]) => used.includes(key)))
    return { name, program, sizes: { ...shared, ...own.get(name) } }
  })
}
