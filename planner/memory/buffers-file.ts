/**
 * Buffer files: comma-separated, a header that names the columns id, lower, upper and size in any order, then a buffer a line, alive
 * from `lower` until just before `upper`. Other columns are kept.
 * Invariant: what comes back has whole sizes and lifetimes of a step or more, and sums that a number holds exactly.
 */
import { bufferFile } from '../../core/errors.ts'
import type { Block } from './bound.ts'

export interface BufferFile {
  /** Blocks by line; `id` counts them. */
  readonly blocks: readonly Block[]
  /** Header and rows as they were. */
  readonly lines: readonly string[]
}

const needed = ['id', 'lower', 'upper', 'size'] as const

export function parseBuffers(text: string): BufferFile {
  const rows = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap((line, i) => (line.trim() === '' ? [] : [{ number: i + 1, line, fields: fieldsOf(line) }]))
  const [head, ...body] = rows
  if (!head) throw bufferFile(1, "the file is empty; begin with the header 'id,lower,upper,size'")
  const columns = head.fields.map((name) => name.toLowerCase())
  for (const name of needed)
    if (columns.filter((c) => c === name).length !== 1)
      throw bufferFile(head.number, `the header must name the column '${name}' once; it is '${head.line.trim()}'`)
  const seen = new Map<string, number>()
  let sum = 0
  const blocks = body.map(({ number, fields }, id): Block => {
    if (fields.length !== columns.length)
      throw bufferFile(number, `has ${fields.length} fields; the header names ${columns.length}`)
    const field = (name: string): string => fields[columns.indexOf(name)]!
    const other = seen.get(field('id'))
    if (other !== undefined)
      throw bufferFile(number, `the id '${field('id')}' is taken by line ${other}; ids are unique`)
    seen.set(field('id'), number)
    const [lower, upper, size] = (['lower', 'upper', 'size'] as const).map((name) => whole(number, name, field(name)))
    if (upper! <= lower!)
      throw bufferFile(number, `upper is ${upper}, lower ${lower}; a buffer lives until after it begins`)
    sum += size!
    if (size! < 0 || sum > Number.MAX_SAFE_INTEGER)
      throw bufferFile(number, `size is ${size}; use sizes from 0 on whose sum stays below 2^53`)
    return { id, size: size!, first: lower!, last: upper! - 1 }
  })
  return { blocks, lines: rows.map((r) => r.line) }
}

/** The file with one more column. */
export function withOffsets({ lines }: BufferFile, offsets: ReadonlyMap<number, number>): string {
  return `${lines.map((line, i) => `${line.trimEnd()},${i === 0 ? 'offset' : offsets.get(i - 1)}`).join('\n')}\n`
}

const fieldsOf = (line: string): string[] => line.split(',').map((field) => field.trim())

function whole(line: number, name: string, text: string): number {
  const value = Number(text)
  if (text === '' || !Number.isSafeInteger(value)) throw bufferFile(line, `${name} is '${text}'; use a whole number`)
  return value
}
