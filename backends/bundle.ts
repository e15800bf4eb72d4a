/**
 * Programs over one memory: state shared by name, one queue, one crew, and behind the state room for the largest of the rest.
 * Invariant: each run gives the bits of its program compiled alone, from the same state.
 * May not: know what a program computes.
 */
import { unknownName } from '../core/errors.ts'
import { cannotShare } from '../core/errors-files.ts'
import type { AnyProgram } from '../core/program.ts'
import { type PlanOptions, type Progress, plan, withExplain } from '../planner/plan.ts'
import { placeShared, relocate, type SharedState, sharedState } from '../planner/shared-state.ts'
import type { Plan } from '../planner/types.ts'
import type { Backend } from './backend.ts'
import { openDimensions, type Sizes } from './binding.ts'
import { Executable } from './executable.ts'
import { type Loaded, loaded } from './loaded.ts'
import { type OpenExecutable, openExecutable } from './open.ts'
import type { State } from './state.ts'
import { type Workspace, workspace } from './workspace.ts'

export interface Member {
  readonly name: string
  readonly program: AnyProgram
  /** Of dimensions that are the same in every run. */
  readonly sizes: Sizes
}
export interface LoadOptions extends Omit<PlanOptions, 'threads' | 'target' | 'sizes'> {
  readonly backend: Backend
  readonly seed?: number
  readonly profile?: boolean
}
export interface Opened {
  readonly members: ReadonlyMap<string, Executable | OpenExecutable>
  readonly state: State
  close(): Promise<void>
}

/** The part of the work that planning is; the rest is making code of it. */
const PLANNED = 0.8

/** Part `i` of `of` equal parts of the work. */
const part = (onProgress: PlanOptions['onProgress'], label: string, i: number, of: number): ((e: Progress) => void) => {
  const named = of > 1 ? `${label}: ` : ''
  return ({ stage, done }) => onProgress?.({ stage: named + stage, done: (i + done) / of })
}

async function planFor({ program, sizes }: Member, o: LoadOptions, report: (e: Progress) => void): Promise<Plan> {
  const { backend, seed: _, profile: __, onProgress: ___, ...rest } = o
  const onProgress = (e: Progress): void => report({ ...e, done: PLANNED * e.done })
  const options = { ...rest, sizes, threads: backend.threads, target: backend.target }
  const kept = await backend.plans?.find({ program, options })
  const made = kept ?? plan(program, { ...options, onProgress })
  if (kept === undefined) await backend.plans?.keep({ program, options }, made)
  report({ stage: 'load', done: PLANNED })
  return made
}

/** One program, all sizes given. */
export async function loadOne(member: Member, o: LoadOptions): Promise<Executable> {
  const report = part(o.onProgress, member.name, 0, 1)
  const { seed = 0, profile = false } = o
  const exe = await o.backend.load(await planFor(member, o, report), { seed, profile })
  report({ stage: 'ready', done: 1 })
  return exe
}

export async function openBundle(members: readonly Member[], o: LoadOptions): Promise<Opened> {
  for (const { program, sizes } of members) checkSizes(program, sizes)
  const shared = sharedState(members)
  if (o.backend.share === undefined) throw cannotShare(o.backend.name)
  const { offsets, end } = placeShared(shared)
  const memory = o.backend.share(end)
  const { seed = 0 } = o
  const at = workspace(shared, offsets, memory.memory, {
    seed,
    ...(memory.queue !== undefined && { queue: memory.queue }),
  })
  const made = new Map<string, Executable | OpenExecutable>()
  const close = async (): Promise<void> => {
    await at.queue.close()
    for (const exe of made.values()) await exe.close()
  }
  try {
    for (const [i, member] of members.entries()) {
      const report = part(o.onProgress, member.name, i, members.length)
      made.set(member.name, await open(member, o, shared, memory, at, members.length === 1, report))
      report({ stage: 'ready', done: 1 })
    }
  } catch (error) {
    await close()
    throw error
  }
  return { members: made, state: at.keeper.state, close }
}

/** Planned now where all sizes are given, else at the first run of each size. */
async function open(
  member: Member,
  o: LoadOptions,
  shared: SharedState,
  memory: ReturnType<NonNullable<Backend['share']>>,
  at: Workspace,
  alone: boolean,
  report: (e: Progress) => void,
): Promise<Executable | OpenExecutable> {
  const { program, sizes } = member
  const { profile = false } = o
  const made = async (bound: Sizes, to: (e: Progress) => void): Promise<Plan> =>
    withExplain(relocate(await planFor({ ...member, sizes: bound }, o, to), shared))
  if (openDimensions(program.inputs, sizes).length === 0) {
    const fixed = await made(sizes, report)
    return new Executable(fixed, await memory.add(fixed, { profile }), { workspace: at })
  }
  const load = async (bound: Sizes): Promise<Loaded> => {
    const to = part(o.onProgress, member.name, 0, 1)
    const fixed = await made(bound, to)
    const ready = loaded(fixed, await memory.add(fixed, { profile }), at)
    to({ stage: 'ready', done: 1 })
    return ready
  }
  return openExecutable({ inputs: program.inputs, sizes, workspace: at, alone, load })
}

function checkSizes({ name, inputs, state }: AnyProgram, sizes: Sizes): void {
  const known = openDimensions({ ...inputs, ...state }, {})
  for (const dimension of Object.keys(sizes))
    if (!known.includes(dimension)) throw unknownName('dimension', dimension, known, `sizes for ${name}`)
}
