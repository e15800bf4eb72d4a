/**
 * An executable whose sizes come from each run's inputs: planned at the first run of a size, kept for the next.
 * Invariant: a run gives the bits of a program compiled for its sizes; state is one, whatever the sizes.
 * May not: let a run overtake an earlier one while it plans.
 */
import { closed, running } from '../core/errors.ts'
import { noPlanYet } from '../core/errors-files.ts'
import type { TypedArray } from '../core/ir.ts'
import type { Values } from '../core/program.ts'
import type { Plan } from '../planner/types.ts'
import { bindingOf, openDimensions, type Sizes } from './binding.ts'
import { checkInputs, checkNames, type Inputs, type Slot } from './inputs.ts'
import type { Loaded } from './loaded.ts'
import { checkInto, type Outputs } from './outputs.ts'
import type { Profile } from './profile.ts'
import type { RunOptions, SyncRunOptions } from './run-options.ts'
import type { State } from './state.ts'
import type { Workspace } from './workspace.ts'

/** Plans kept; of more, the one that ran longest ago is dropped. */
const KEPT = 32

export interface OpenExecutable {
  /** Of the latest run. */
  readonly plan: Plan
  readonly state: State
  /** Of the plan of the latest run. */
  readonly inputs: Readonly<Record<string, TypedArray>>
  run(inputs: Inputs, options?: RunOptions): Promise<Outputs>
  runSync(inputs: Inputs, options?: SyncRunOptions): Outputs
  /** Of the plan of the latest run. */
  profile(): Profile
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface OpenParts {
  readonly inputs: Values
  /** Those that are given. */
  readonly sizes: Sizes
  readonly workspace: Workspace
  /** Nobody else runs in the workspace: it is closed too. */
  readonly alone: boolean
  /** Plans for these sizes, and loads into the workspace's memory. */
  load(sizes: Sizes): Promise<Loaded>
}

export function openExecutable({ inputs: declared, sizes, workspace, alone, load }: OpenParts): OpenExecutable {
  const { queue, keeper } = workspace
  const open = openDimensions(declared, sizes)
  /** By sizes, the latest last. */
  const plans = new Map<string, Loaded>()
  let closing: Promise<void> | undefined

  const bind = (call: string, given: Inputs) => {
    if (closing) throw closed(call)
    checkNames(Object.keys(declared), given)
    const binding = bindingOf(declared, sizes, given)
    return { binding, key: JSON.stringify(binding), values: checkInputs(slotsOf(declared, binding), given) }
  }
  const touch = (key: string, loaded: Loaded): Loaded => {
    plans.delete(key)
    plans.set(key, loaded)
    return loaded
  }
  /** In a job, so nothing else runs. */
  const ready = async (key: string, binding: Sizes): Promise<Loaded> => {
    const loaded = touch(key, plans.get(key) ?? (await load(binding)))
    for (const [old, dropped] of plans) {
      if (plans.size <= KEPT) break
      plans.delete(old)
      await dropped.close()
    }
    return loaded
  }
  const latest = (what: string): Loaded => {
    const last = [...plans.values()].at(-1)
    if (last === undefined) throw noPlanYet(what, open)
    return last
  }
  const into = ({ plan }: Loaded, options: SyncRunOptions): void => {
    if (options.into) checkInto(plan.outputs, options.into)
  }
  const close = async (): Promise<void> => {
    for (const loaded of plans.values()) await loaded.close()
    plans.clear()
  }

  return {
    state: keeper.state,
    get plan() {
      return latest('plan').plan
    },
    get inputs() {
      const { plan, inputs } = latest('inputs')
      return Object.fromEntries(plan.inputs.map((port, i) => [port.name, inputs[i]!]))
    },
    async run(given, options = {}) {
      const { binding, key, values } = bind('run', given)
      const own = queue.busy || !plans.has(key) ? values.map((v) => v.slice()) : values
      return queue.run(async () => {
        const known = plans.get(key)
        const loaded = known ? touch(key, known) : await ready(key, binding)
        into(loaded, options)
        return loaded.run(own, options)
      }, options.signal)
    },
    runSync(given, options = {}) {
      const { key, values } = bind('runSync', given)
      if (queue.busy) throw running('runSync')
      const loaded = plans.get(key)
      if (loaded === undefined) throw noPlanYet('runSync', open)
      into(loaded, options)
      return touch(key, loaded).runSync(values, options)
    },
    profile: () => latest('profile').profile(),
    close() {
      closing ??= (alone ? queue.close() : queue.run(async () => {})).catch(() => {}).then(close)
      return closing
    },
    [Symbol.asyncDispose]() {
      return this.close()
    },
  }
}

const slotsOf = (declared: Values, sizes: Sizes): readonly Slot[] =>
  Object.entries(declared).map(([name, { dtype, shape }]) => ({
    name,
    dtype,
    shape: shape.map((d) => (typeof d === 'number' ? d : sizes[d]!)),
  }))
