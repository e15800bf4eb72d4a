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
import type { Runner } from '../runner.ts'
import { type Sequential, sequentialRunner } from '../sequential.ts'
import { runKernel } from './kernel.ts'
import { type ShadowMemory, shadowMemory } from './memory.ts'

/** Costs as the wasm target's, so that both choose the same orders; no scratch. */
const target: Target = { ...wasmTarget, name: 'interpreter', scratch: () => ({ shared: 0, perRank: 0 }) }

/** A plan's arena ends at 4 GiB. */
const MOST = 2 ** 32

export function interpreter(options: { readonly queue?: number } = {}): Backend {
  return {
    name: 'interpreter',
    target,
    threads: 1,
    load: async (plan, { profile = false, ...load } = {}) =>
      new Executable(plan, interpret(plan, undefined, profile), { ...load, ...options }),
    share(bytes) {
      const memory = new ArrayBuffer(bytes, { maxByteLength: MOST })
      return {
        memory,
        ...options,
        async add(plan, { profile = false } = {}) {
          if (plan.arena > memory.byteLength) memory.resize(plan.arena)
          return interpret(plan, memory, profile)
        },
      }
    },
  }
}

/** The runner alone, with its shadow memory in the open; over `memory`, which may be larger than the plan's arena. */
export function interpret(
  plan: PlanData,
  memory: ArrayBuffer = new ArrayBuffer(plan.arena),
  profile = false,
): Runner & { readonly shadow: ShadowMemory } {
  const shadow = shadowMemory(plan, memory)
  const kernels = plan.kernels.map(expandKernel)
  const steps: Sequential = {
    memory: shadow.memory,
    iterations: shadow.iterations,
    kernel: (index, report) => runKernel(kernels[index]!, shadow, report),
    test: (buffer) => shadow.load('test of a loop', buffer, 0, 'bool') !== 0,
    begin: () => shadow.begin(),
    end: () => {
      for (const port of [...plan.outputs, ...plan.state]) shadow.complete(port.buffer, count(port.shape))
    },
  }
  return { ...sequentialRunner(plan, steps, { profile }), shadow }
}
