/**
 * The interpreter backend: walks the plan in plain JS over shadow memory. Correct, slow, and the reference for other backends.
 * Invariant: steps run in order as one rank; a load of a byte that its buffer does not own is an InvariantError.
 * May not: be clever.
 */
import { count } from '../../core/shape.ts'
import { expandKernel } from '../../planner/kernels/expand.ts'
import { type Target, wasmTarget } from '../../planner/target.ts'
import type { PlanData } from '../../planner/types.ts'
import type { Backend } from '../backend.ts'
import { Executable } from '../executable.ts'
import type { FaultRecord, Runner } from '../runner.ts'
import { runKernel } from './kernel.ts'
import { type ShadowMemory, shadowMemory } from './memory.ts'

/** Costs as the wasm target's, so that both choose the same orders; no scratch. */
const target: Target = { ...wasmTarget, name: 'interpreter', scratch: () => ({ shared: 0, perRank: 0 }) }

export function interpreter(options: { readonly queue?: number } = {}): Backend {
  return {
    name: 'interpreter',
    target,
    threads: 1,
    load: async (plan, load = {}) => new Executable(plan, interpret(plan), { ...load, ...options }),
  }
}

/** The runner alone, with its shadow memory in the open. */
export function interpret(plan: PlanData): Runner & { readonly shadow: ShadowMemory } {
  const shadow = shadowMemory(plan)
  const kernels = plan.kernels.map(expandKernel)
  const runSync = (): FaultRecord | undefined => {
    let first: FaultRecord | undefined
    shadow.begin()
    const report = (record: FaultRecord): void => {
      first ??= record
    }
    const holds = (loop: number): boolean => {
      const { test } = plan.loops[loop]!
      return test === undefined || (shadow.load(`test of loop ${loop}`, test.buffer, 0, 'bool') !== 0) === test.is
    }
    const exceeded = (loop: number): void => {
      const { fault, count: most } = plan.loops[loop]!
      report({ fault: fault!, value: most, position: 0 })
    }
    const visit = (kernel: number): void => runKernel(kernels[kernel]!, shadow, report)
    walk(plan, shadow.iterations, visit, holds, exceeded)
    for (const port of [...plan.outputs, ...plan.state]) shadow.complete(port.buffer, count(port.shape))
    return first
  }
  return {
    memory: shadow.memory,
    shadow,
    runSync,
    /** Timers and I/O get a turn before the run, not during it. */
    run: () => new Promise((resolve) => setImmediate(resolve)).then(runSync),
    close: async () => {},
  }
}

/** Every step in order, loops as often as they say; `iterations` tells where each loop is. */
function walk(
  plan: PlanData,
  iterations: Int32Array,
  visit: (kernel: number) => void,
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
      for (; at < first && at <= to; at++) visit(plan.steps[at]!.kernel)
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
