/**
 * Runs one plan's module over its memory, with the crew or on the calling thread.
 * Invariant: results do not depend on how many ranks take part, so fewer may whenever workers are not at hand.
 * May not: know what the module computes.
 */
import { workerDied } from '../../core/errors.ts'
import type { PlanData } from '../../planner/types.ts'
import type { Recording } from '../recorder.ts'
import type { FaultRecord, Runner } from '../runner.ts'
import type { Crew } from './crew.ts'
import { controlWords, instantiate, prepare, type RankRun, readFault } from './memory.ts'

/** Turns a rank spins at a barrier before it sleeps, where every rank has a core of its own. */
const SPINS = 2000

/** Of the event loop: runs one after another must not keep everybody else waiting. */
const turn = (): Promise<unknown> => new Promise((resolve) => (globalThis.setImmediate ?? setTimeout)(resolve, 0))

export interface Place {
  readonly crew: Crew
  readonly cores: number
  /** It has room for the plan. */
  readonly memory: WebAssembly.Memory
  /** Of a profiled module. */
  readonly recording?: Recording | undefined
}

export async function wasmRunner(
  plan: PlanData,
  module: WebAssembly.Module,
  { crew, cores, memory, recording }: Place,
): Promise<Runner> {
  const control = controlWords(memory)
  const program = crew.join(module, memory, recording?.words)
  // Where rank 0 does it all, waking the others would only cost.
  const shared = plan.steps.some((step) => step.ranks === 'all')
  const ranks = shared ? Math.max(1, Math.min(plan.threads, crew.threads)) : 1
  const ready = (): void => prepare(control, ranks <= cores ? SPINS : 0)
  let here: RankRun | undefined

  const runHere = (of: number): void => {
    here ??= instantiate(module, memory, recording?.words)
    try {
      here(0, of)
    } catch (error) {
      throw workerDied(`rank 0 failed: ${String(error)}`, error)
    }
  }
  // A test may hold any number of times.
  const ms = plan.loops.some((loop) => loop.test && loop.count > 1) ? Number.POSITIVE_INFINITY : plan.cost.predictedMs
  const runAlone = (): boolean => {
    if (!crew.spares(ms)) return false
    const began = performance.now()
    ready()
    runHere(1)
    // Nobody should wait for what was not foreseen more than once or twice.
    crew.spare(Math.max(ms, performance.now() - began))
    return true
  }
  if (ranks > 1 && !crew.spares(ms)) await crew.warm(program)

  return {
    memory: memory.buffer,
    ...(recording && { recording }),
    async run({ timeout } = {}): Promise<FaultRecord | undefined> {
      if (runAlone()) await turn()
      else await crew.run(program, ranks, ready, timeout)
      return readFault(control)
    },
    runSync() {
      if (ranks > 1 && runAlone()) return readFault(control)
      ready()
      if (!crew.runBeside(program, ranks, () => runHere(ranks))) runHere(1)
      return readFault(control)
    },
    close: () => crew.leave(program),
  }
}
