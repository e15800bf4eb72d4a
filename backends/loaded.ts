/**
 * A plan in its memory: one run of it, from checked inputs to outputs.
 * Invariant: called when nothing else runs in the workspace; a run that does not start changes nothing but inputs.
 * May not: check what a user gave, or queue.
 */
import { indexOutside, tooManySteps } from '../core/errors.ts'
import { notProfiled } from '../core/errors-files.ts'
import type { TypedArray } from '../core/ir.ts'
import type { Plan } from '../planner/types.ts'
import { type Outputs, readOutputs, shapersOf } from './outputs.ts'
import { patience } from './patience.ts'
import { type Profile, profileOf } from './profile.ts'
import type { RunOptions, SyncRunOptions } from './run-options.ts'
import type { FaultRecord, Runner } from './runner.ts'
import { placeConstants, views } from './views.ts'
import type { Workspace } from './workspace.ts'

export interface Loaded {
  readonly plan: Plan
  readonly inputs: readonly TypedArray[]
  readonly outputs: readonly TypedArray[]
  run(values: readonly TypedArray[], options: RunOptions): Promise<Outputs>
  runSync(values: readonly TypedArray[], options: SyncRunOptions): Outputs
  profile(): Profile
  close(): Promise<void>
}

export function loaded(plan: Plan, runner: Runner, at: Workspace): Loaded {
  const inputs = views(plan, runner.memory, plan.inputs)
  const outputs = views(plan, runner.memory, plan.outputs)
  const shapers = shapersOf(plan.outputs)
  const stored = new Set(plan.kernels.flatMap((k) => k.sweeps.flatMap((s) => s.stores.map((store) => store.buffer))))
  const written = plan.state.filter((port) => stored.has(port.buffer)).map((port) => port.name)
  const hold = (): void => {
    if (at.holder === plan) return
    placeConstants(plan, runner.memory)
    at.holder = plan
  }
  const place = (values: readonly TypedArray[]): void => {
    at.keeper.require()
    hold()
    // The zero-copy view itself is where it belongs: 4 MB copied onto themselves would take as long as a product with a vector.
    for (const [i, value] of values.entries()) if (value !== inputs[i]) inputs[i]!.set(value)
  }
  const failed = (error: unknown): unknown => {
    at.keeper.lose(written, error)
    return error
  }
  /** After a bad index the run went on to its end with row 0, so state that it wrote is undefined too. */
  const finish = (fault: FaultRecord | undefined, options: SyncRunOptions): Outputs => {
    if (fault === undefined) return readOutputs(plan.outputs, outputs, shapers, options.into, options.views)
    const { value, extent, kind } = plan.faults[fault.fault]!
    throw failed(kind === 'steps' ? tooManySteps(extent) : indexOutside(value, fault.value, fault.position, extent))
  }
  hold()

  return {
    plan,
    inputs,
    outputs,
    async run(values, { timeout = patience(plan), ...options }) {
      place(values)
      const fault = await runner.run(Number.isFinite(timeout) ? { timeout } : {}).catch((error: unknown) => {
        throw failed(error)
      })
      return finish(fault, options)
    },
    runSync(values, options) {
      place(values)
      let fault: FaultRecord | undefined
      try {
        fault = runner.runSync()
      } catch (error) {
        throw failed(error)
      }
      return finish(fault, options)
    },
    profile() {
      if (runner.recording === undefined) throw notProfiled(plan.name)
      return profileOf(plan, runner.recording)
    },
    close: () => runner.close(),
  }
}
