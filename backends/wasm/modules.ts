/**
 * Compiled modules of one backend, the latest kept: the same plan is not made into code twice.
 * Invariant: a module found is that of an equal plan, not of one with an equal hash.
 * May not: hold memory or workers.
 */
import type { PlanData } from '../../planner/types.ts'
import { type PlanStore, recent } from '../plan-store.ts'
import { buildModule } from './module.ts'

export type Modules = (plan: PlanData, profile: boolean) => Promise<WebAssembly.Module>

/** Code without marks of a profile is looked up in `store`, and kept there. */
async function compiled(plan: PlanData, profile: boolean, store?: PlanStore): Promise<WebAssembly.Module> {
  const kept = profile ? undefined : await store?.code?.(plan)
  if (kept !== undefined) return WebAssembly.compile(kept)
  const code = buildModule(plan, profile)
  const module = await WebAssembly.compile(code)
  if (!profile) await store?.keepCode?.(plan, code)
  return module
}

/** `most` 0: none is kept. Beyond the process, code is kept in `store`. */
export function modules(most: number, store?: PlanStore): Modules {
  if (most === 0) return compiled
  const kept = recent<{ readonly plan: PlanData; readonly module: WebAssembly.Module }>(most)
  return async (plan, profile) => {
    const key = `${plan.hash} ${profile}`
    const found = kept.get(key)
    if (found !== undefined && isSame(found.plan, plan)) return found.module
    const module = await compiled(plan, profile, store)
    kept.set(key, { plan, module })
    return module
  }
}

/** A hash in a plan that was read may say anything. */
const isSame = (a: PlanData, b: PlanData): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)
