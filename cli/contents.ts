/** The text of a file, or an error that names it. */
import { readFileSync } from 'node:fs'
import { unreadable } from '../core/errors.ts'

export function contents(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw unreadable(file, (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error))
  }
}
