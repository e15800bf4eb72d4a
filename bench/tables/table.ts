/**
 * What tables of figures are made with: the rows of a file of results, and text.
 * May not: measure, or know a table.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Saved {
  readonly case: string
}

/** None before they are first saved. */
export function results<R>(name: string): readonly R[] {
  const file = join(import.meta.dirname, '../results', `${name}.json`)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { readonly rows: readonly R[] }).rows : []
}

/** In Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

/** Three digits, never as a power of ten. */
export const short = (x: number): string => (x >= 100 ? String(Math.round(x)) : String(Number(x.toPrecision(3))))
