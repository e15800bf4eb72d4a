/**
 * Plans in a folder, and the code made of them, one file each, for the next process.
 * Invariant: a file that is not exactly what was written counts as absent, and is written anew; it is there whole or not at all.
 * May not: keep plans of programs with ops that are not the library's: their names do not say what they do.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isOwn } from '../../core/all-ops.ts'
import { fileError } from '../../core/errors-files.ts'
import { checksum, programKey, textKey } from '../../core/program-key.ts'
import manifest from '../../package.json' with { type: 'json' }
import { withExplain } from '../../planner/plan.ts'
import { frozen } from '../../planner/seal.ts'
import type { PlanData } from '../../planner/types.ts'
import { optionsText, type PlanSource, type PlanStore } from '../plan-store.ts'
import { writeWhole } from './write.ts'

/**
 * `wasm({ cache: planFolder('.cache/plans') })`. The folder is made when first needed; nothing in it is ever deleted. Who may write there decides
 * what runs, as with any other code of a program: damage is noticed, intent is not.
 */
export function planFolder(path: string): PlanStore {
  const write = async (name: string, bytes: Buffer): Promise<void> => {
    try {
      await mkdir(path, { recursive: true })
    } catch (error) {
      throw fileError(path, 'make', error)
    }
    await writeWhole(join(path, name), Buffer.concat([Buffer.from(signed(name, bytes)), bytes]))
  }
  const read = async (name: string): Promise<Buffer | undefined> => {
    const bytes = await readFile(join(path, name)).catch(() => undefined)
    const content = bytes?.subarray(DIGITS)
    return content && bytes!.toString('latin1', 0, DIGITS) === signed(name, content) ? content : undefined
  }
  return {
    async find(source) {
      const name = planName(source)
      const content = name && (await read(name))
      return content ? withExplain(frozen(JSON.parse(content.toString()) as PlanData)) : undefined
    },
    async keep(source, plan) {
      const name = planName(source)
      if (name !== undefined) await write(name, Buffer.from(JSON.stringify(plan)))
    },
    async code(plan) {
      const [content, head] = [await read(codeName(plan)), headOf(plan)]
      return content?.subarray(0, head.length).equals(head) ? content.subarray(head.length) : undefined
    },
    keepCode: (plan, code) => write(codeName(plan), Buffer.concat([headOf(plan), code])),
  }
}

/** Of the checksum that a file begins with. */
const DIGITS = 8

/** Of this library: another one may plan otherwise. */
const { version } = manifest

/** Of the name too: what was written under another one is not what was asked for. */
const signed = (name: string, bytes: Buffer): string => checksum(Buffer.concat([Buffer.from(name), bytes]))

/** None where an op is somebody else's. */
function planName({ program, options }: PlanSource): string | undefined {
  let foreign = false
  const own = programKey(program, (op) => {
    foreign ||= !isOwn(op)
    return op.name
  })
  return foreign ? undefined : `${textKey(`${version} ${own} ${optionsText(options)}`)}.plan`
}

/** Plans of one hash share a name, so what follows the checksum is the plan itself. */
const codeName = (plan: PlanData): string => `${plan.hash}-${version}.code`
const headOf = (plan: PlanData): Buffer => Buffer.from(`${JSON.stringify(plan)}\n`)
