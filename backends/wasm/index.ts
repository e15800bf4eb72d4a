/**
 * The WebAssembly backend: one module per plan, run by a crew of workers over one shared memory per executable.
 * Invariant: making a backend, or importing this file, starts no worker and sets no flag.
 * May not: decide anything about a plan.
 */
import { badThreads } from '../../core/errors.ts'
import { wasmFusedTarget, wasmTarget } from '../../planner/target.ts'
import type { Plan } from '../../planner/types.ts'
import type { Backend } from '../backend.ts'
import { Executable } from '../executable.ts'
import { type PlanStore, recentPlans } from '../plan-store.ts'
import { recording } from '../recorder.ts'
import type { Runner } from '../runner.ts'
import { crew } from './crew.ts'
import { isFused, requireFused } from './fused.ts'
import { compileEagerly, cores } from './machine.ts'
import { allocateMemory, growMemory } from './memory.ts'
import { spansOf } from './module-spans.ts'
import { modules } from './modules.ts'
import { wasmRunner } from './runner.ts'

export interface WasmOptions {
  /**
   * Workers. A number: so many, started with the first program that has work for several. Default 'auto': the cores this process may use, at
   * most 8, and runs of less than two milliseconds (predicted) are on the calling thread until those without workers took as long as their start.
   */
  readonly threads?: number | 'auto'
  /** Runs that may wait, for each executable. Default 1024. */
  readonly queue?: number
  /** Set V8 flags of the whole process so that code is fast from its first call. Default false. */
  readonly v8Flags?: boolean
  /**
   * Plans and modules of this backend are kept in memory, the latest 32: an equal program with equal options is not planned again. Also
   * elsewhere, as `planFolder` of cotangent/files does; or not at all, with false. Default true.
   */
  readonly cache?: boolean | PlanStore
  /**
   * Fused multiply-add in products: faster, and its last bits may differ from one processor to another, though not with the number of workers.
   * Throws an UnsupportedError where the engine lacks it: Node 20 has it behind --experimental-wasm-relaxed-simd, which `v8Flags` sets. Default false.
   */
  readonly fma?: boolean
}

const MOST = 8
/** Plans and modules that are kept. */
const KEPT = 32

export function wasm(options: WasmOptions = {}): Backend {
  // With `v8Flags` it is asked when a plan is loaded: making a backend sets no flag.
  if (options.fma && !options.v8Flags) requireFused(false)
  const threads = countThreads(options.threads ?? 'auto')
  const workers = crew(threads, (options.threads ?? 'auto') === 'auto')
  const queue = options.queue === undefined ? {} : { queue: options.queue }
  const { cache = true } = options
  const store = typeof cache === 'object' ? cache : undefined
  const compiled = modules(cache === false ? 0 : KEPT, store)
  const run = async (plan: Plan, memory: WebAssembly.Memory, profile = false): Promise<Runner> => {
    if (options.v8Flags) compileEagerly()
    if (isFused(plan)) requireFused(options.v8Flags === true)
    const module = await compiled(plan, profile)
    const record = profile ? recording(spansOf(plan), threads) : undefined
    return wasmRunner(plan, module, { crew: workers, cores: cores(), memory, recording: record })
  }
  return {
    name: 'wasm',
    target: options.fma ? wasmFusedTarget : wasmTarget,
    threads,
    ...(cache !== false && { plans: recentPlans(KEPT, store) }),
    async load(plan, load = {}) {
      const { profile, ...start } = load
      const runner = await run(plan, allocateMemory(plan.arena), profile)
      return new Executable(plan, runner, { ...queue, ...start })
    },
    share(bytes) {
      const memory = allocateMemory(bytes)
      return {
        memory: memory.buffer,
        ...queue,
        async add(plan, { profile } = {}) {
          growMemory(memory, plan.arena)
          return run(plan, memory, profile)
        },
      }
    },
  }
}

function countThreads(threads: number | 'auto'): number {
  if (threads === 'auto') return Math.min(MOST, cores())
  if (!Number.isSafeInteger(threads) || threads < 1) throw badThreads(threads)
  return threads
}
