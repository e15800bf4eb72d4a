/**
 * What a backend implements to run one plan, beneath Executable.
 * Invariant: a Runner owns `arena` bytes of memory laid out as the plan says; after a run, outputs and state are in it.
 * May not: know queues, users' values or ownership: that is Executable's.
 */

import type { Recording } from './recorder.ts'

/** An index that was out of bounds: which fault of the plan, the value found, and where (element position). */
export interface FaultRecord {
  readonly fault: number
  readonly value: number
  readonly position: number
}

export interface RunnerOptions {
  /** Milliseconds after which a run is given up: its workers are stopped and it rejects. */
  readonly timeout?: number
}

/** One run at a time: Executable sees to that. */
export interface Runner {
  readonly memory: ArrayBufferLike
  /** Where a profiled run writes down its times; none where it is not. */
  readonly recording?: Recording
  /** Runs all steps with the event loop free. Rejects when a worker died or hangs; never hangs itself. */
  run(options?: RunnerOptions): Promise<FaultRecord | undefined>
  /** Runs all steps, the calling thread taking part as rank 0. */
  runSync(): FaultRecord | undefined
  close(): Promise<void>
}
