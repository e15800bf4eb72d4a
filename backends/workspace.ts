/**
 * What executables over one memory share: the queue, the state, and whose constants lie in the memory.
 * Invariant: whatever runs in one workspace runs one after another.
 * May not: know plans beyond their state.
 */
import type { SharedState } from '../planner/shared-state.ts'
import { type Queue, queue } from './queue.ts'
import { keepState, type StateKeeper } from './state.ts'

export interface Workspace {
  readonly queue: Queue
  readonly keeper: StateKeeper
  /** The plan that was last made ready to run here. */
  holder?: object | undefined
}

export interface WorkspaceOptions {
  /** Seed of the initial state. Default 0. */
  readonly seed?: number
  /** Runs that may wait. Default 1024. */
  readonly queue?: number
}

/** `offsets`: of the state's values, in bytes. Initialises them. */
export function workspace(
  state: SharedState,
  offsets: readonly number[],
  memory: ArrayBufferLike,
  options: WorkspaceOptions = {},
): Workspace {
  const runs = queue(options.queue)
  return { queue: runs, keeper: keepState(state, offsets, memory, options.seed ?? 0, () => runs.busy) }
}
