/**
 * A plan ready to run, and what a user sees of a run: checking, copying, queueing, ownership, failure.
 * Invariant: one run at a time, in the order of the calls; a run that was rejected before it started changed nothing.
 * May not: know how a backend computes.
 */
import { closed, running } from '../core/errors.ts'
import type { TypedArray } from '../core/ir.ts'
import type { Plan } from '../planner/types.ts'
import { checkInputs, type Inputs } from './inputs.ts'
import { type Loaded, loaded } from './loaded.ts'
import { checkInto, type Outputs } from './outputs.ts'
import type { Profile } from './profile.ts'
import type { RunOptions, SyncRunOptions } from './run-options.ts'
import type { Runner } from './runner.ts'
import type { State } from './state.ts'
import { offsetsOf } from './views.ts'
import { type Workspace, type WorkspaceOptions, workspace } from './workspace.ts'

export interface ExecutableOptions extends WorkspaceOptions {
  /** Shared with other executables over the same memory. Default: one of its own. */
  readonly workspace?: Workspace
}

export class Executable {
  readonly plan: Plan
  readonly state: State
  /** Zero-copy views by name: fill them and pass them to `run` or `runSync` as they are. Legal only between runs. */
  readonly inputs: Readonly<Record<string, TypedArray>>
  readonly #loaded: Loaded
  readonly #workspace: Workspace
  readonly #shared: boolean
  #closing: Promise<void> | undefined

  constructor(plan: Plan, runner: Runner, options: ExecutableOptions = {}) {
    this.plan = plan
    this.#shared = options.workspace !== undefined
    this.#workspace = options.workspace ?? workspace(plan.state, offsetsOf(plan, plan.state), runner.memory, options)
    this.#loaded = loaded(plan, runner, this.#workspace)
    this.inputs = Object.freeze(Object.fromEntries(plan.inputs.map((port, i) => [port.name, this.#loaded.inputs[i]!])))
    this.state = this.#workspace.keeper.state
  }

  /** Checks and copies the inputs now; runs when all earlier calls have; leaves the event loop free meanwhile. */
  async run(inputs: Inputs, options: RunOptions = {}): Promise<Outputs> {
    const values = this.#check('run', inputs, options)
    const { queue } = this.#workspace
    const own = queue.busy ? values.map((v) => v.slice()) : values
    return queue.run(() => this.#loaded.run(own, options), options.signal)
  }

  /** The same at once, on the calling thread, with the lowest latency. Throws while another run is in progress. */
  runSync(inputs: Inputs, options: SyncRunOptions = {}): Outputs {
    const values = this.#check('runSync', inputs, options)
    if (this.#workspace.queue.busy) throw running('runSync')
    return this.#loaded.runSync(values, options)
  }

  /** Where the time of all runs so far went, if it was compiled with `profile: true`. Reading it while a run is in progress sees half of it. */
  profile(): Profile {
    return this.#loaded.profile()
  }

  /** Waits for the run in progress, rejects those that wait, and frees the workers. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #check(call: string, inputs: Inputs, options: SyncRunOptions): readonly TypedArray[] {
    if (this.#closing) throw closed(call)
    if (options.into) checkInto(this.plan.outputs, options.into)
    return checkInputs(this.plan.inputs, inputs)
  }

  /** Of a shared workspace, the queue stays for the others: the runs called before end first. */
  async #close(): Promise<void> {
    const { queue } = this.#workspace
    await (this.#shared ? queue.run(async () => {}).catch(() => {}) : queue.close())
    await this.#loaded.close()
  }
}
