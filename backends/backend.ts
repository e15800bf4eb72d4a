/**
 * The seam to a backend. A backend sees loops (kernels in a Plan), not ops.
 *
 * A worked example: the interpreter is a Runner whose `runSync` walks `plan.steps` over a plain ArrayBuffer; `load` is
 * `new Executable(plan, runner, options)`; everything a user sees of a run (checking, copying, queueing, ownership) is in Executable.
 * Invariant: a backend holds no state that a plan's results depend on.
 * May not: be asked what an op is.
 */

import type { Target } from '../planner/target.ts'
import type { Plan } from '../planner/types.ts'
import type { Executable } from './executable.ts'
import type { PlanStore } from './plan-store.ts'
import type { Runner } from './runner.ts'

export interface Backend {
  readonly name: string
  readonly target: Target
  /** Workers it runs with; the planner plans for that many. */
  readonly threads: number
  /** Where plans for it are kept. Default: nowhere. */
  readonly plans?: PlanStore
  /** Places constants and initial state, and makes the plan runnable. */
  load(plan: Plan, options?: LoadOptions): Promise<Executable>
  /**
   * A memory of at least `bytes` for several plans with their state at the same addresses, of which one runs at a time. A backend without
   * it runs single programs whose sizes are all given.
   */
  share?(bytes: number): SharedMemory
}

export interface SharedMemory {
  readonly memory: ArrayBufferLike
  /** Runs that may wait. */
  readonly queue?: number
  /** Makes room for the plan, and a runner of it. Views made before stay valid. */
  add(plan: Plan, options?: ProfileOption): Promise<Runner>
}

export interface ProfileOption {
  /** Runs write down when each step starts and ends. Default false, which costs nothing. */
  readonly profile?: boolean
}

export interface LoadOptions extends ProfileOption {
  /** Seed of the initial state. Default 0. */
  readonly seed?: number
}
