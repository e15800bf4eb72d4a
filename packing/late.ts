/**
 * Which modules few programs need, and how a package is laid out so that only those programs load them.
 * Invariant: a late module exports functions and nothing else, and none of them ran in `first-use.ts`, loading included; so a function of the same name that
 * loads the code and calls it is as good, wherever loading is synchronous.
 * May not: be used for bundlers, which cannot follow a file that is found when it is needed.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'rolldown'

const root = join(import.meta.dirname, '..')
/** Modules, with what they export. */
export type Late = ReadonlyMap<string, readonly string[]>

/** V8's coverage of one process, by file. */
interface Coverage {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly {
      readonly functionName: string
      readonly ranges: readonly { readonly count: number }[]
    }[]
  }[]
}

export async function lateModules(): Promise<Late> {
  const folder = mkdtempSync(join(tmpdir(), 'cotangent-first-use-'))
  const args = ['--conditions=cotangent-source', '--import', 'tsx', join(import.meta.dirname, 'first-use.ts'), folder]
  const env = { ...process.env, NODE_V8_COVERAGE: join(folder, 'coverage') }
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`first use failed: ${stderr}`)
  const loaded = new Map<string, boolean>()
  for (const file of readdirSync(join(folder, 'coverage'))) {
    const { result }: Coverage = JSON.parse(readFileSync(join(folder, 'coverage', file), 'utf8'))
    for (const { url, functions } of result) {
      const path = url.startsWith('file:') ? fileURLToPath(url.replace(/\?.*/, '')) : ''
      // The first is the module itself; `__name` comes from tsx.
      const called = functions.slice(1).some((f) => f.ranges[0]!.count > 0 && f.functionName !== '__name')
      if (isOurs(path)) loaded.set(path, (loaded.get(path) ?? false) || called)
    }
  }
  rmSync(folder, { recursive: true })
  const late = new Map<string, readonly string[]>()
  for (const [path, called] of [...loaded].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (called) continue
    const exported: object = await import(path)
    if (Object.values(exported).length > 0 && Object.values(exported).every(isPlain))
      late.set(path, Object.keys(exported))
  }
  return late
}

/** What `cotangent` loads; packages are late by themselves, and other backends and files have entries of their own. */
const isOurs = (path: string): boolean =>
  /^(core(?!\/packages-)|planner|backends\/(wasm\/|[^/]*$))/.test(path.slice(root.length + 1))
/** A function, and neither an op nor a class. */
const isPlain = (x: unknown): boolean =>
  typeof x === 'function' && Object.keys(x).length === 0 && !String(x).startsWith('class ')

/** What the entry is called that has the code of late modules. */
const CODE = 'shared/late'
const LOADER = '\0loader'
const STUB = '\0stub:'
const ENTRY = '\0late'

/** Late modules are replaced by functions that load them, in all but themselves; `ENTRY` has their code. */
export function late(modules: Late): Plugin {
  const files = [...modules.keys()]
  /** Modules may export the same name. */
  const publicName = (file: string, name: string): string => `${name}$${files.indexOf(file)}`
  const exported = (file: string): string =>
    `export { ${modules.get(file)!.map((n) => `${n} as ${publicName(file, n)}`)} } from ${JSON.stringify(file)}`
  return {
    name: 'late',
    resolveId: {
      order: 'pre',
      async handler(source, importer) {
        if (source === ENTRY || source === LOADER) return source
        if (importer === undefined || importer === ENTRY || modules.has(importer)) return null
        const found = await this.resolve(source, importer, { skipSelf: true })
        return found && modules.has(found.id) ? STUB + found.id : null
      },
    },
    load(id) {
      if (id === ENTRY) return files.map(exported).join('\n')
      if (id === LOADER) return loader
      if (!id.startsWith(STUB)) return null
      const file = id.slice(STUB.length)
      const call = (name: string): string =>
        `export const ${name} = (...args) => late().${publicName(file, name)}(...args)`
      return [`import { late } from '${LOADER}'`, ...modules.get(file)!.map(call)].join('\n')
    },
  }
}
export const lateEntry: Readonly<Record<string, string>> = { [CODE]: ENTRY }

const loader = `
import { createRequire } from 'node:module'
let code
export const late = () => (code ??= createRequire(import.meta.url)('./late.js'))
`
