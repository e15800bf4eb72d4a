/**
 * The house rules as a test: who may import whom, no cycles, how long a file may be, and one importer each for what we did not write.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = import.meta.dirname
const below = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((f) => join(folder, f))
const files = [
  ...readdirSync(root),
  ...['cli', 'core', 'planner', 'backends', 'examples', 'bench', 'packing'].flatMap(below),
].filter((f) => f.endsWith('.ts') && !f.endsWith('.d.ts'))
const text = new Map(files.map((f) => [f, readFileSync(join(root, f), 'utf8')]))
const isTest = (f: string) => /\.(test|test-d|fixture)\.ts$/.test(f)

/** Specifiers of static and dynamic imports and re-exports; relative ones as paths from the root. */
function importsOf(file: string): string[] {
  const found = text
    .get(file)!
    .matchAll(/(?:^|[\s;])(?:import|export)\b[^'"`;]*?\bfrom\s*'([^']+)'|^import\s*'([^']+)'|\bimport\(\s*'([^']+)'/gm)
  return Array.from(found, (m) => m[1] ?? m[2] ?? m[3]!).map((s) =>
    s.startsWith('.') ? relative(root, resolve(root, dirname(file), s)) : s,
  )
}
const imports = new Map(files.map((f) => [f, importsOf(f)]))
const offenders = (of: (file: string) => boolean, bad: (imported: string, file: string) => boolean): string[] =>
  files
    .filter((f) => of(f) && !isTest(f))
    .flatMap((f) =>
      imports
        .get(f)!
        .filter((i) => bad(i, f))
        .map((i) => `${f} → ${i}`),
    )
const inside = (folder: string) => (file: string) => file.startsWith(`${folder}/`)

describe('imports', () => {
  it('finds them', () => expect(imports.get('planner/plan.ts')).toContain('core/differentiate/resolve.ts'))
  it('core imports core only, and graphlib', () =>
    expect(offenders(inside('core'), (i) => !inside('core')(i) && i !== '@dagrejs/graphlib' && i !== 'zod')).toEqual(
      [],
    ))
  it('planner imports core and planner only', () =>
    expect(offenders(inside('planner'), (i) => !inside('core')(i) && !inside('planner')(i))).toEqual([]))
  it('backends import no other backend, nor the top level', () => {
    const home = (f: string) => f.split('/').slice(0, 2).join('/')
    const other = (i: string, f: string) =>
      /^backends\/\w+\//.test(f) && /^backends\/\w+\//.test(i) && home(i) !== home(f)
    expect(offenders(inside('backends'), (i, f) => other(i, f) || /^(index|cli|examples|bench)/.test(i))).toEqual([])
  })
  it('examples and bench import the package by its own name', () =>
    expect(
      offenders(
        (f) => inside('examples')(f) || inside('bench')(f),
        (i) => /^(core|planner|backends|index)/.test(i),
      ),
    ).toEqual([]))
  it.each([
    ['@dagrejs/graphlib', 2],
    ['piscina', 1],
    ['zod', 2],
    ['commander', 4],
    ['progress', 2],
    ['fflate', 1],
    ['papaparse', 1],
  ])('%s has at most %i importers', (name, most) =>
    expect(files.filter((f) => !isTest(f) && imports.get(f)!.includes(name)).length).toBeLessThanOrEqual(most),
  )
  it('have no cycles', () => expect(cycle()).toEqual([]))
})

describe('files', () => {
  it('are at most 400 lines long', () =>
    expect(
      [...text].filter(([f, t]) => t.split('\n').length > 401 && !f.endsWith('opcodes.ts')).map(([f]) => f),
    ).toEqual([]))
  it('start with a comment that says what they are', () =>
    expect([...text].filter(([f, t]) => !isTest(f) && !/^(#![^\n]*\n)?\/\*\*/.test(t)).map(([f]) => f)).toEqual([]))
})

/** A cycle of imports, if there is one. */
function cycle(): string[] {
  const state = new Map<string, 'open' | 'done'>()
  const path: string[] = []
  const visit = (file: string): string[] | undefined => {
    if (state.get(file) === 'done' || !imports.has(file)) return undefined
    if (state.get(file) === 'open') return [...path.slice(path.indexOf(file)), file]
    state.set(file, 'open')
    path.push(file)
    for (const next of imports.get(file)!) {
      const found = visit(next)
      if (found) return found
    }
    path.pop()
    state.set(file, 'done')
    return undefined
  }
  for (const file of files) {
    const found = visit(file)
    if (found) return found
  }
  return []
}
