/**
 * The pages of docs/ tell the truth: their code runs, page by page, as one module, and a text block after a piece of code is what that
 * piece prints. UPDATE_DOCS=1 rewrites those.
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

function outputs(pieces: readonly Piece[]): string[] {
  const code = pieces.filter((p) => p.kind === 'ts').map((p) => `${p.text}\nconsole.log('${MARK}')`)
  const flags = ['--conditions=cotangent-source', '--import', 'tsx', '--input-type=module']
  const run = spawnSync(process.execPath, flags, { input: code.join('\n'), encoding: 'utf8', cwd: import.meta.dirname })
  expect(run.stderr).toBe('')
  expect(run.status).toBe(0)
  return run.stdout.split(`${MARK}\n`).map((text) => text.trimEnd())
}

describe('docs', () => {
  it.each(pages)('%s', { timeout: 120_000 }, (name) => {
    const file = join(folder, name)
    const text = readFileSync(file, 'utf8')
    const pieces = piecesOf(text)
    if (!pieces.some((p) => p.kind === 'ts')) return
    const printed = outputs(pieces)
    const ran = (i: number) => pieces.slice(0, i).filter((p) => p.kind === 'ts').length
    const real = pieces.map((p, i) => (p.kind === 'ts' ? p : { ...p, text: printed[ran(i) - 1]! }))
    if (process.env['UPDATE_DOCS']) {
      let next = 0
      writeFileSync(
        file,
        text.replace(block, () => `\`\`\`${real[next]!.kind}\n${real[next++]!.text}\n\`\`\``),
      )
      return
    }
    expect(pieces).toEqual(real)
  })
})
