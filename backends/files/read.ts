/** A whole file as bytes. Invariant: an error names the path and keeps the system's code. */
import { readFile } from 'node:fs/promises'
import { fileError } from '../../core/errors-files.ts'

export async function readWhole(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw fileError(path, 'read', error)
  }
}
