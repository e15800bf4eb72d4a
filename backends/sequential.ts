/**
 * A runner that walks a plan as one rank, step after step: for backends that run kernels one by one on the calling thread.
 * Invariant: loops nest as `Plan.loops` says; the first fault of a run is the one reported.
 * May not: run a kernel, or touch memory.
 */
import type { PlanData } from '../planner/types.ts'
import type { ProfileOption } from './backend.ts'
import { MARK, marker, recording } from './recorder.ts'
import type { FaultRecord, Runner } from './runner.ts'

export interface Sequential {
  readonly memory: ArrayBufferLike
  /** Where each loop of the plan is, kept up to date: slices move with it. */
  readonly iterations: Int32Array
  /** Runs one kernel, by its number in the plan. */
  kernel(index: number, report: (fault: FaultRecord) => void): void
  /** The bool in a buffer: the test of a loop. */
  test(buffer: number): boolean
  begin?(): void
  end?(): void
}

export function sequentialRunner(plan: PlanData, s: Sequential, { profile = false }: ProfileOption = {}): Runner {
  const steps = plan.steps.map((_, at) => ({ first: at, last: at }))
  const record = profile ? recording(steps, 1) : undefined
  const mark = record && marker(record.words)
  const runSync = (): FaultRecord | undefined => {
    let first: FaultRecord | undefined
    s.begin?.()
    const report = (record: FaultRecord): void => {
      first ??= record
    }
    const holds = (loop: number): boolean => {
      const { test } = plan.loops[loop]!
      return test === undefined || s.test(test.buffer) === test.is
    }
    const exceeded = (loop: number): void => {
      const { fault, count: most } = plan.loops[loop]!
      report({ fault: fault!, value: most, position: 0 })
    }
    const visit = (step: number): void => {
      mark?.(0, step, MARK.start)
      s.kernel(plan.steps[step]!.kernel, report)
      mark?.(0, step, MARK.end)
    }
    mark?.(0, 0, MARK.begin)
    walk(plan, s.iterations, visit, holds, exceeded)
    mark?.(0, 0, MARK.done)
    s.end?.()
    return first
  }
  return {
    memory: s.memory,
    ...(record && { recording: record }),
    runSync,
    /** Timers and I/O get a turn before the run, not during it. */
    run: () => new Promise((resolve) => setImmediate(resolve)).then(runSync),
    close: async () => {},
  }
}

/**
 * Visits every step of a plan in order, loops as often as they say. `iterations` tells where each loop is; `holds` says whether a loop's
 * test lets the next iteration start; `exceeded` is told of a loop that would go on after its last.
 */
function walk(
  plan: PlanData,
  iterations: Int32Array,
  visit: (step: number) => void,
  holds: (loop: number) => boolean,
  exceeded: (loop: number) => void,
): void {
  const range = (from: number, to: number, loops: readonly number[]): void => {
    let at = from
    let next = 0
    while (at <= to) {
      const loop = loops[next]
      const {
        first,
        last,
        count: times,
      } = loop === undefined ? { first: to + 1, last: to, count: 0 } : plan.loops[loop]!
      for (; at < first && at <= to; at++) visit(at)
      if (loop === undefined) break
      const inside = loops.filter((l) => l > loop && plan.loops[l]!.last <= last)
      let k = 0
      for (; k < times && holds(loop); k++) {
        iterations[loop] = k
        range(first, last, inside)
      }
      if (k === times && plan.loops[loop]!.fault !== undefined && holds(loop)) exceeded(loop)
      at = last + 1
      next += inside.length + 1
    }
  }
  range(
    0,
    plan.steps.length - 1,
    plan.loops.map((_, i) => i),
  )
}
