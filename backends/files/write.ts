/**
 * A file is there whole, or as it was before: written beside its place, flushed, and renamed.
 * Invariant: whoever reads the path at any time, after a crash too, finds the old bytes or the new ones.
 * May not: leave its temporary file behind where writing fails.
 */
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileError } from '../../core/errors-files.ts'

let written = 0

export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  written++
  const beside = `${path}.${process.pid}-${written}.tmp`
  try {
    const file = await open(beside, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw fileError(path, 'write', error)
  }
  await flushFolder(dirname(path))
}

/** So that the new name survives a crash, where folders can be flushed. */
async function flushFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r')
    await folder.sync().finally(() => folder.close())
  } catch {
    // Windows cannot open folders: the rename itself is whole there.
  }
}
