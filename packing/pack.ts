/**
 * npm run build: packs the library into few files, beside the types that tsc has written. `tsx packing/pack.ts [FOLDER]`, dist unless given.
 * Invariant: an entry of the package is a file of its own, where its types are; what several of them need lies in one file, because a process
 * that loads hundreds of small ones spends more time on finding them than on what they say. Packages stay packages; what is imported when needed
 * stays a file that is loaded when needed; the command line loads nothing but what it uses, and a worker is one file of its own.
 * Twice: for bundlers, and in `node/` for Node itself, where what few programs need is loaded when they need it (late.ts).
 */
import { join, relative } from 'node:path'
import { type InputOptions, type OutputOptions, rolldown } from 'rolldown'
import { late, lateEntry, lateModules } from './late.ts'

const root = join(import.meta.dirname, '..')
const out = process.argv[2] ?? join(root, 'dist')

/** What a program with a gradient imports: together, these are one file. */
const together = ['index', 'core/ops', 'core/nn/index', 'core/define-op', 'backends/index', 'backends/wasm/index']
const alone = [
  'backends/files/index',
  'backends/interpreter/index',
  'backends/testing/index',
  // Finds the worker beside itself.
  'backends/wasm/pool',
  // A bundler for browsers puts another in its place.
  'core/packages-late',
  'core/packages-now',
]
const path = (entry: string): string => join(root, `${entry}.ts`)
const paths = (entries: readonly string[]): Record<string, string> =>
  Object.fromEntries(entries.map((entry) => [entry, path(entry)]))

interface Modules {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null
}
/** Files that are loaded with these entries. */
function loadedWith(entries: readonly string[], modules: Modules): Set<string> {
  const found = new Set(entries.map(path))
  for (const id of found) for (const next of modules.getModuleInfo(id)?.importedIds ?? []) found.add(next)
  return found
}

/** One file of what `together` loads, save what `apart` needs of it. */
function oneFile(apart: readonly string[]): OutputOptions['codeSplitting'] {
  let shared: Set<string> | undefined
  const name = (id: string, modules: Modules): string | undefined => {
    if (shared === undefined) {
      const small = loadedWith(apart, modules)
      shared = new Set([...loadedWith(together, modules)].filter((file) => !small.has(file)))
    }
    return shared.has(id) ? 'cotangent' : undefined
  }
  return { groups: [{ name, debugName: 'cotangent' }], includeDependenciesRecursively: false }
}

/** Writes these entries, and returns the code of each file. */
async function pack(
  dir: string,
  input: Record<string, string>,
  codeSplitting: OutputOptions['codeSplitting'] = true,
  plugins: InputOptions['plugins'] = [],
): Promise<readonly string[]> {
  const bundle = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    preserveEntrySignatures: 'allow-extension',
    external: /^[^./\0]/,
    plugins,
  })
  const { output } = await bundle.write({
    dir,
    entryFileNames: '[name].js',
    chunkFileNames: 'shared/[name]-[hash].js',
    minifyInternalExports: false,
    comments: { annotation: true, jsdoc: false, legal: true },
    codeSplitting,
  })
  await bundle.close()
  return output.flatMap((file) => (file.type === 'chunk' ? [file.code] : []))
}

const worker = paths(['backends/wasm/worker'])
const forNode = join(out, 'node')
const commands = ['cli', 'core/packages-late']
const files = [
  ...(await pack(out, paths([...together, ...alone]), oneFile(['core/packages-late']))),
  ...(await pack(out, worker)),
  ...(await pack(forNode, { ...paths([...together, ...alone, 'cli']), ...lateEntry }, oneFile(commands), [
    late(await lateModules()),
  ])),
  ...(await pack(forNode, worker)),
]
const bytes = files.reduce((sum, code) => sum + code.length, 0)
console.log(`${files.length} files, ${Math.round(bytes / 1000)} kB in ${relative(root, out) || out}`)
