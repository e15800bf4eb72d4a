/**
 * Named arrays from files, and to files: the format is that of the file's ending.
 * Invariant: arrays come as the file has them, in dtypes of ours; conversion to what a program takes is `arrange`'s.
 * May not: hold a file open.
 */
import { basename, extname } from 'node:path'
import { badFormat } from '../../core/errors-files.ts'
import { readTensors, writeTensors } from '../safetensors.ts'
import { type Column, type CsvOptions, readCsv, writeCsv } from './csv.ts'
import { readNpy, writeNpy } from './npy.ts'
import { readNpz, writeNpz } from './npz.ts'
import { readWhole } from './read.ts'
import { writeWhole } from './write.ts'

export type { Column } from './csv.ts'

/** Arrays by name, in the order of the file. */
export type Data = ReadonlyMap<string, Column>
export interface ReadOptions extends CsvOptions {}

type Read = (bytes: Uint8Array, path: string, options: ReadOptions) => Data
const table: Read = (bytes, path, options) => readCsv(new TextDecoder().decode(bytes), path, options)
const single = (path: string): string => basename(path, extname(path))

const readers: { readonly [ending: string]: Read } = {
  '.npz': readNpz,
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

const writers: { readonly [ending: string]: (data: Data, path: string) => Uint8Array } = {
  '.npz': (data) => writeNpz(data),
  '.npy': (data, path) => {
    const [[, only] = [], ...more] = [...data]
    if (only === undefined || more.length > 0)
      throw badFormat(path, `holds one array; there are ${data.size} (use .npz)`)
    return writeNpy(only)
  },
  '.csv': (data) => new TextEncoder().encode(writeCsv(data)),
  '.safetensors': (data) => writeTensors(data),
}

/** Arrays to a file in the format of its ending. The file is replaced whole or not at all. */
export async function writeData(path: string, data: Data): Promise<void> {
  await writeWhole(path, ending(path, writers)(data, path))
}

function ending<T>(path: string, known: { readonly [ending: string]: T }): T {
  const found = extname(path).toLowerCase()
  if (!Object.hasOwn(known, found)) throw badFormat(path, `ends in none of ${Object.keys(known).join(', ')}`)
  return known[found]!
}
