/**
 * Plans in a folder, one file each, for the next process.
 * Invariant: a file that is not exactly what was written counts as absent, and is written anew; a plan is there whole or not at all.
 * May not: keep plans of programs with ops that are not the library's: their names do not say what they do.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { allOps } from '../../core/all-ops.ts'
import { fileError } from '../../core/errors-files.ts'
import type { Op } from '../../core/ir.ts'
import { programKey, textKey } from '../../core/program-key.ts'
import { planFromJSON } from '../../planner/document/read.ts'
import { withExplain } from '../../planner/plan.ts'
import { sealed } from '../../planner/seal.ts'
import type { Plan, PlanData } from '../../planner/types.ts'
import { optionsKey, type PlanSource, type PlanStore } from '../plan-store.ts'
import { writeWhole } from './write.ts'

/** `wasm({ cache: planFolder('.cache/plans') })`. The folder is made when first needed; nothing in it is ever deleted. */
export function planFolder(path: string): PlanStore {
  const fileOf = (source: PlanSource): string | undefined => {
    const key = keyOf(source, version())
    return key && join(path, `${key}.json`)
  }
  return {
    async find(source) {
      const file = fileOf(source)
      return file === undefined ? undefined : read(file)
    },
    async keep(source, plan) {
      const file = fileOf(source)
      if (file === undefined) return
      try {
        await mkdir(path, { recursive: true })
      } catch (error) {
        throw fileError(path, 'make', error)
      }
      await writeWhole(file, new TextEncoder().encode(JSON.stringify(plan)))
    },
  }
}

const known: ReadonlySet<Op> = new Set(allOps)

/** None where an op is somebody else's. */
function keyOf({ program, options }: PlanSource, version: string): string | undefined {
  let foreign = false
  const own = programKey(program, (op) => {
    foreign ||= !known.has(op)
    return op.name
  })
  return foreign ? undefined : textKey(`${version} ${own} ${optionsKey(options)}`)
}

async function read(file: string): Promise<Plan | undefined> {
  try {
    const document = JSON.parse(await readFile(file, 'utf8')) as PlanData
    planFromJSON(document)
    const plan = sealed(document)
    return plan.hash === document.hash ? withExplain(plan) : undefined
  } catch {
    return undefined
  }
}

/** Of this library: another one may plan otherwise. */
const version = (): string =>
  (createRequire(import.meta.url)('cotangent/package.json') as { readonly version: string }).version
