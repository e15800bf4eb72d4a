/**
 * The pages of docs/ tell the truth: their code runs, page by page, as one module, and a text block after a piece of code is what that
 * piece prints. A place that an error names is a line of the page. UPDATE_DOCS=1 rewrites what is printed.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const folder = join(import.meta.dirname, 'docs')
const pages = readdirSync(folder).filter((f) => f.endsWith('.md'))
const block = /```(ts|text)\n([\s\S]*?)\n```/g
/** Stands between what two pieces of code print. */
const MARK = '\u0001'

interface Piece {
  readonly kind: string
  readonly text: string
}
const piecesOf = (page: string): Piece[] => Array.from(page.matchAll(block), (m) => ({ kind: m[1]!, text: m[2]! }))

/** The code of a page, each line where it is in the page. */
function moduleOf(page: string): string {
  let inside = false
  return page
    .split('\n')
    .map((line) => {
      if (line === '```ts') inside = true
      else if (line === '```' && inside) inside = false
      else return inside ? line : ''
      return inside ? '' : `console.log('${MARK}')`
    })
    .join('\n')
}

function outputs(name: string, page: string): string[] {
  const flags = ['--conditions=cotangent-source', '--import', 'tsx', '--input-type=module']
  const run = spawnSync(process.execPath, flags, { input: moduleOf(page), encoding: 'utf8', cwd: import.meta.dirname })
  expect(run.stderr).toBe('')
  expect(run.status).toBe(0)
  return run.stdout
    .replaceAll('[eval1]', name)
    .split(`${MARK}\n`)
    .map((text) => text.trimEnd())
}

/** The pieces of a page as they should be. */
function real(name: string, page: string): Piece[] {
  const printed = outputs(name, page)
  const pieces = piecesOf(page)
  const ran = (i: number) => pieces.slice(0, i).filter((p) => p.kind === 'ts').length
  return pieces.map((p, i) => (p.kind === 'ts' ? p : { ...p, text: printed[ran(i) - 1]! }))
}

function update(file: string, name: string): void {
  // What is printed moves the lines below it, and those are printed again: twice settles it.
  for (const _ of [1, 2]) {
    const text = readFileSync(file, 'utf8')
    const pieces = real(name, text)
    let next = 0
    const rewritten = text.replace(block, () => `\`\`\`${pieces[next]!.kind}\n${pieces[next++]!.text}\n\`\`\``)
    writeFileSync(file, rewritten)
  }
}

describe('docs', () => {
  it.each(pages)('%s', { timeout: 120_000 }, (name) => {
    const file = join(folder, name)
    if (!piecesOf(readFileSync(file, 'utf8')).some((p) => p.kind === 'ts')) return
    if (process.env['UPDATE_DOCS']) update(file, name)
    const text = readFileSync(file, 'utf8')
    expect(piecesOf(text)).toEqual(real(name, text))
  })
  it('errors.md names only codes that there are', () => {
    const code = /\bE_[A-Z_]+/g
    const core = join(import.meta.dirname, 'core')
    const sources = readdirSync(core).filter((f) => /^errors.*\.ts$/.test(f))
    const known = sources.flatMap((f) => readFileSync(join(core, f), 'utf8').match(code) ?? [])
    const named = new Set(readFileSync(join(folder, 'errors.md'), 'utf8').match(code))
    expect([...named].filter((c) => !known.includes(c))).toEqual([])
  })
})
