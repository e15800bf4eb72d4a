/**
 * NumPy's archive of arrays: a zip file of .npy files. Only importer of fflate.
 * Invariant: what an archive claims to unpack to is checked before anything is unpacked.
 * May not: do I/O.
 */
import { unzipSync, zipSync } from 'fflate'
import { badFormat } from '../../core/errors-files.ts'
import type { Tensor } from '../../core/ir.ts'
import { readNpy, writeNpy } from './npy.ts'

/** Deflate makes at most 1032 bytes of one: a file that claims more lies. */
const RATIO = 1040

export function readNpz(bytes: Uint8Array, what: string): Map<string, Tensor> {
  const filter = ({ name, size, originalSize }: { name: string; size: number; originalSize: number }): boolean => {
    if (originalSize > RATIO * size + 64 || size > bytes.length)
      throw badFormat(what, `${name} claims to unpack from ${size} to ${originalSize} bytes`)
    return name.endsWith('.npy')
  }
  const files = unpack(bytes, what, filter)
  return new Map(
    Object.entries(files).map(([file, content]) => {
      const name = file.slice(0, -'.npy'.length)
      return [name, readNpy(content, `${what}: ${name}`)]
    }),
  )
}

function unpack(
  bytes: Uint8Array,
  what: string,
  filter: (file: { name: string; size: number; originalSize: number }) => boolean,
): { readonly [file: string]: Uint8Array } {
  try {
    return unzipSync(bytes, { filter })
  } catch (error) {
    if ((error as { code?: unknown }).code === 'E_FORMAT') throw error
    throw badFormat(what, `is no zip archive, or is damaged: ${(error as Error).message}`)
  }
}

/** Compressed, and the same bytes for the same arrays. */
export function writeNpz(tensors: Iterable<readonly [string, Tensor]>): Uint8Array {
  const files = [...tensors].map(([name, tensor]) => [`${name}.npy`, writeNpy(tensor)] as const)
  return zipSync(Object.fromEntries(files), { level: 6, mtime: '1980-01-01T12:00:00' })
}
