/** What a run can be asked for. */
import type { Into } from './outputs.ts'

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
   * is longer; none for a plan with an unbounded `whileLoop`. `Infinity`: none. A brief run that has no workers yet runs to its end.
   */
  readonly timeout?: number
}
