/**
 * Plans, and the code made of them, kept for when they are asked for again.
 * Invariant: what is found is what planning would make, since plans depend on nothing but the program, the options and the target.
 * May not: be shared by backends unless whoever makes them says so.
 */
import type { Op } from '../core/ir.ts'
import type { AnyProgram } from '../core/program.ts'
import { programKey } from '../core/program-key.ts'
import type { PlanOptions } from '../planner/plan.ts'
import type { Plan, PlanData } from '../planner/types.ts'

/** What a plan is made of. */
export interface PlanSource {
  readonly program: AnyProgram
  readonly options: Omit<PlanOptions, 'onProgress'>
}

export interface PlanStore {
  find(source: PlanSource): Plan | undefined | Promise<Plan | undefined>
  keep(source: PlanSource, plan: Plan): void | Promise<void>
  /** What a backend made of a plan equal to this one, and handed to `keepCode`. Absent: it makes it again. */
  code?(plan: PlanData): Uint8Array | undefined | Promise<Uint8Array | undefined>
  keepCode?(plan: PlanData, code: Uint8Array): void | Promise<void>
}

/** All options as text; those that are not given and those that are the default count as different. */
export function optionsText(options: PlanSource['options']): string {
  const sorted = (_: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)))
      : value
  return JSON.stringify(options, sorted)
}

/** The latest, by key; of more than `most`, the one that was asked for longest ago goes. */
export interface Recent<T> {
  get(key: string): T | undefined
  set(key: string, value: T): void
}
export function recent<T>(most: number): Recent<T> {
  const kept = new Map<string, T>()
  const set = (key: string, value: T): void => {
    kept.delete(key)
    kept.set(key, value)
    for (const oldest of kept.keys()) {
      if (kept.size <= most) break
      kept.delete(oldest)
    }
  }
  return {
    set,
    get(key) {
      const value = kept.get(key)
      if (value !== undefined) set(key, value)
      return value
    },
  }
}

/** In memory, the latest `most`; whatever they lack is looked up in `behind`, and kept there too. */
export function recentPlans(most: number, behind?: PlanStore): PlanStore {
  const plans = recent<Plan>(most)
  const programs = new WeakMap<AnyProgram, string>()
  const ops = new WeakMap<Op, string>()
  let named = 0
  /** Ops of one name may differ, so here an op is called by who it is. */
  const called = (op: Op): string => {
    if (!ops.has(op)) ops.set(op, String(named++))
    return ops.get(op)!
  }
  const keyOf = (program: AnyProgram, options: string): string => {
    if (!programs.has(program)) programs.set(program, programKey(program, called))
    return `${programs.get(program)} ${options}`
  }
  /** Kept, but not yet named: a process that plans once should not wait for a name that nobody asks for. */
  const unnamed: { readonly program: AnyProgram; readonly options: string; readonly plan: Plan }[] = []
  let asked = false
  const add = ({ program, options }: PlanSource, plan: Plan): unknown =>
    unnamed.push({ program, options: optionsText(options), plan })
  const findHere = ({ program, options }: PlanSource): Plan | undefined => {
    for (const last of unnamed.splice(0)) plans.set(keyOf(last.program, last.options), last.plan)
    return plans.get(keyOf(program, optionsText(options)))
  }
  return {
    async find(source) {
      const here = asked ? findHere(source) : undefined
      asked = true
      if (here !== undefined) return here
      const found = await behind?.find(source)
      if (found !== undefined) add(source, found)
      return found
    },
    async keep(source, plan) {
      add(source, plan)
      await behind?.keep(source, plan)
    },
  }
}
