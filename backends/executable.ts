/**
 * A plan ready to run, and everything a user sees of a run: checking, copying, queueing, ownership, failure.
 * Invariant: one run at a time, in the order of the calls; a run that was rejected before it started changed nothing.
 * May not: know how a backend computes.
 */
import { busy, closed, indexOutside, running, tooManySteps } from '../core/errors.ts'
import type { TypedArray } from '../core/ir.ts'
import type { Plan } from '../planner/types.ts'
import { checkInputs, type Inputs } from './inputs.ts'
import { checkInto, type Into, type Outputs, readOutputs } from './outputs.ts'
import { patience } from './patience.ts'
import type { FaultRecord, Runner } from './runner.ts'
import { keepState, type State, type StateKeeper } from './state.ts'
import { placeConstants, views } from './views.ts'

export interface ExecutableOptions {
  /** Seed of the initial state. Default 0. */
  readonly seed?: number
  /** Runs that may wait. Default 1024. */
  readonly queue?: number
}

export interface SyncRunOptions {
  /** Arrays to fill, by output name. */
  readonly into?: Into
  /** Outputs as views of the executable's memory: no copy, and valid until the next run starts. */
  readonly views?: boolean
}
export interface RunOptions extends SyncRunOptions {
  /** Drops the run while it waits in the queue. A run that has started runs to its end. */
  readonly signal?: AbortSignal
  /**
   * Milliseconds, from its start, after which the run is given up and rejects. Default: 30 s or 1000 times the predicted time, whichever
   * is longer; none for a plan with an unbounded `whileLoop`. `Infinity`: none.
   */
  readonly timeout?: number
}

interface Job {
  readonly values: readonly TypedArray[]
  readonly options: RunOptions
  readonly resolve: (outputs: Outputs | Promise<Outputs>) => void
  readonly reject: (reason: unknown) => void
}

export class Executable {
  readonly plan: Plan
  readonly state: State
  /** Zero-copy views by name: fill them and pass them to `run` or `runSync` as they are. Legal only between runs. */
  readonly inputs: Readonly<Record<string, TypedArray>>
  readonly #runner: Runner
  readonly #keeper: StateKeeper
  readonly #limit: number
  readonly #inputs: readonly TypedArray[]
  readonly #outputs: readonly TypedArray[]
  readonly #queue = new Set<Job>()
  #current: Promise<unknown> | undefined
  #closing: Promise<void> | undefined

  constructor(plan: Plan, runner: Runner, options: ExecutableOptions = {}) {
    this.plan = plan
    this.#runner = runner
    this.#limit = options.queue ?? 1024
    this.#inputs = views(plan, runner.memory, plan.inputs)
    this.#outputs = views(plan, runner.memory, plan.outputs)
    this.inputs = Object.freeze(Object.fromEntries(plan.inputs.map((port, i) => [port.name, this.#inputs[i]!])))
    placeConstants(plan, runner.memory)
    this.#keeper = keepState(plan, runner.memory, options.seed ?? 0, () => this.#busy)
    this.state = this.#keeper.state
  }

  /** Checks and copies the inputs now; runs when all earlier calls have; leaves the event loop free meanwhile. */
  async run(inputs: Inputs, options: RunOptions = {}): Promise<Outputs> {
    const values = this.#check('run', inputs, options)
    options.signal?.throwIfAborted()
    if (!this.#busy) return this.#start(values, options)
    if (this.#queue.size >= this.#limit) throw busy(this.#limit)
    return this.#wait(
      values.map((v) => v.slice()),
      options,
    )
  }

  /** The same at once, on the calling thread, with the lowest latency. Throws while another run is in progress. */
  runSync(inputs: Inputs, options: SyncRunOptions = {}): Outputs {
    const values = this.#check('runSync', inputs, options)
    if (this.#busy) throw running('runSync')
    this.#place(values)
    let fault: FaultRecord | undefined
    try {
      fault = this.#runner.runSync()
    } catch (error) {
      this.#keeper.lose(error)
      throw error
    }
    return this.#finish(fault, options)
  }

  /** Waits for the run in progress, rejects those that wait, and frees the workers. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #busy(): boolean {
    return this.#current !== undefined
  }

  #check(call: string, inputs: Inputs, options: SyncRunOptions): readonly TypedArray[] {
    if (this.#closing) throw closed(call)
    if (options.into) checkInto(this.plan.outputs, this.#outputs, options.into)
    return checkInputs(this.plan.inputs, inputs)
  }

  #place(values: readonly TypedArray[]): void {
    this.#keeper.require()
    for (const [i, value] of values.entries()) this.#inputs[i]!.set(value)
  }

  #wait(values: readonly TypedArray[], options: RunOptions): Promise<Outputs> {
    const { signal } = options
    return new Promise((resolve, reject) => {
      const drop = (): void => {
        this.#queue.delete(job)
        reject(signal!.reason)
      }
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T): void => {
          signal?.removeEventListener('abort', drop)
          then(value)
        }
      const job: Job = { values, options, resolve: settle(resolve), reject: settle(reject) }
      this.#queue.add(job)
      signal?.addEventListener('abort', drop, { once: true })
    })
  }

  /** Sets `#current` before anything is awaited, and starts the next of the queue when done. */
  #start(values: readonly TypedArray[], options: RunOptions): Promise<Outputs> {
    const run = this.#execute(values, options).finally(() => {
      this.#current = undefined
      this.#next()
    })
    this.#current = run
    return run
  }

  async #execute(values: readonly TypedArray[], { timeout, ...options }: RunOptions): Promise<Outputs> {
    this.#place(values)
    let fault: FaultRecord | undefined
    try {
      fault = await this.#runner.run(limit(timeout ?? patience(this.plan)))
    } catch (error) {
      this.#keeper.lose(error)
      throw error
    }
    return this.#finish(fault, options)
  }

  #next(): void {
    const [job] = this.#queue
    if (job === undefined) return
    this.#queue.delete(job)
    job.resolve(this.#start(job.values, job.options))
  }

  /** After a bad index the run went on to its end with row 0, so state that it wrote is undefined too. */
  #finish(fault: FaultRecord | undefined, options: SyncRunOptions): Outputs {
    if (fault === undefined) return readOutputs(this.plan.outputs, this.#outputs, options.into, options.views)
    const { value, extent, kind } = this.plan.faults[fault.fault]!
    const error = kind === 'steps' ? tooManySteps(extent) : indexOutside(value, fault.value, fault.position, extent)
    this.#keeper.lose(error)
    throw error
  }

  async #close(): Promise<void> {
    const waiting = [...this.#queue]
    this.#queue.clear()
    for (const job of waiting) job.reject(closed('run'))
    await this.#current?.catch(() => {})
    await this.#runner.close()
  }
}

const limit = (timeout: number): { readonly timeout?: number } => (Number.isFinite(timeout) ? { timeout } : {})
