/**
 * Named arrays from files, and to files: the format is that of the file's ending.
 * Invariant: arrays come as the file has them, in dtypes of ours; conversion to what a program takes is `arrange`'s.
 * May not: hold a file open.
 */
import { basename, extname } from 'node:path'
import { badFormat } from '../../core/errors-files.ts'
import { readTensors, writeTensors } from '../safetensors.ts'
import type { Column, CsvOptions } from './csv.ts'
import { readNpy, writeNpy } from './npy.ts'
import { readWhole } from './read.ts'
import { writeWhole } from './write.ts'

export type { Column } from './csv.ts'

/** Arrays by name, in the order of the file. */
export type Data = ReadonlyMap<string, Column>
export interface ReadOptions extends CsvOptions {}

/** What needs a package is loaded with the first file of its kind. */
const csv = (): Promise<typeof import('./csv.ts')> => import('./csv.ts')
const npz = (): Promise<typeof import('./npz.ts')> => import('./npz.ts')

type Read = (bytes: Uint8Array, path: string, options: ReadOptions) => Data | Promise<Data>
const table: Read = async (bytes, path, options) =>
  (await csv()).readCsv(new TextDecoder().decode(bytes), path, options)
const single = (path: string): string => basename(path, extname(path))

const readers: { readonly [ending: string]: Read } = {
  '.npz': async (bytes, path) => (await npz()).readNpz(bytes, path),
  '.npy': (bytes, path) => new Map([[single(path), readNpy(bytes, path)]]),
  '.csv': table,
  '.tsv': (bytes, path, options) => table(bytes, path, { delimiter: '\t', ...options }),
  '.safetensors': (bytes, path) => readTensors(bytes, path).tensors,
}

/**
 * The arrays of a `.npz`, `.npy` (one, called as the file is), `.csv` or `.tsv` (a column each; words are classes), or `.safetensors` file.
 * InputError E_FORMAT names what is wrong with it; a file that does not exist has the code ENOENT.
 */
export async function readData(path: string, options: ReadOptions = {}): Promise<Data> {
  const read = ending(path, readers)
  return read(await readWhole(path), path, options)
}

const writers: { readonly [ending: string]: (data: Data, path: string) => Uint8Array | Promise<Uint8Array> } = {
  '.npz': async (data) => (await npz()).writeNpz(data),
  '.npy': (data, path) => {
    const [[, only] = [], ...more] = [...data]
    if (only === undefined || more.length > 0)
      throw badFormat(path, `holds one array; there are ${data.size} (use .npz)`)
    return writeNpy(only)
  },
  '.csv': async (data) => new TextEncoder().encode((await csv()).writeCsv(data)),
  '.safetensors': (data) => writeTensors(data),
}

/** Arrays to a file in the format of its ending. The file is replaced whole or not at all. */
export async function writeData(path: string, data: Data): Promise<void> {
  await writeWhole(path, await ending(path, writers)(data, path))
}

function ending<T>(path: string, known: { readonly [ending: string]: T }): T {
  const found = extname(path).toLowerCase()
  if (!Object.hasOwn(known, found)) throw badFormat(path, `ends in none of ${Object.keys(known).join(', ')}`)
  return known[found]!
}
