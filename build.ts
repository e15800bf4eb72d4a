/**
 * npm run build: packs the library into few files, beside the types that tsc has written. `tsx build.ts [FOLDER]`, dist unless given.
 * Invariant: an entry of the package is a file of its own, where its types are; what several of them need lies in one file, because a process
 * that loads hundreds of small ones spends more time on finding them than on what they say. Packages stay packages; what is imported when needed
 * stays a file that is loaded when needed; the command line loads nothing but what it uses, and a worker is one file of its own.
 */
import { join, relative } from 'node:path'
import { type OutputOptions, rolldown } from 'rolldown'

const root = import.meta.dirname
const out = process.argv[2] ?? join(root, 'dist')

/** What a program with a gradient imports: together, these are one file. */
const together = ['index', 'core/ops', 'core/nn/index', 'core/define-op', 'backends/index', 'backends/wasm/index']
const alone = [
  'backends/files/index',
  'backends/interpreter/index',
  'backends/testing/index',
  // Finds the worker beside itself.
  'backends/wasm/pool',
  'cli',
  // A bundler for browsers puts another in its place.
  'core/packages-late',
  'core/packages-now',
]
const path = (entry: string): string => join(root, `${entry}.ts`)

interface Modules {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null
}
/** Files that are loaded with these entries. */
function loadedWith(entries: readonly string[], modules: Modules): Set<string> {
  const found = new Set(entries.map(path))
  for (const id of found) for (const next of modules.getModuleInfo(id)?.importedIds ?? []) found.add(next)
  return found
}

let shared: Set<string> | undefined
function groupOf(id: string, modules: Modules): string | undefined {
  if (shared === undefined) {
    const small = loadedWith(['cli', 'core/packages-late'], modules)
    shared = new Set([...loadedWith(together, modules)].filter((file) => !small.has(file)))
  }
  return shared.has(id) ? 'cotangent' : undefined
}

/** Writes these entries, and returns the code of each file. */
async function pack(entries: readonly string[], codeSplitting: OutputOptions['codeSplitting'] = true) {
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map((entry) => [entry, path(entry)])),
    platform: 'node',
    preserveEntrySignatures: 'allow-extension',
    external: /^[^./]/,
  })
  const { output } = await bundle.write({
    dir: out,
    entryFileNames: '[name].js',
    chunkFileNames: 'shared/[name]-[hash].js',
    minifyInternalExports: false,
    comments: { annotation: true, jsdoc: false, legal: true },
    codeSplitting,
  })
  await bundle.close()
  return output.flatMap((file) => (file.type === 'chunk' ? [file.code] : []))
}

const groups = [{ name: groupOf, debugName: 'cotangent' }]
const files = [
  ...(await pack([...together, ...alone], { groups, includeDependenciesRecursively: false })),
  ...(await pack(['backends/wasm/worker'])),
]
const bytes = files.reduce((sum, code) => sum + code.length, 0)
console.log(`${files.length} files, ${Math.round(bytes / 1000)} kB in ${relative(root, out) || out}`)
