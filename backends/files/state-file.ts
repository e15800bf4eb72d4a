/**
 * State to a safetensors file and back: parameters, what the optimizer keeps, counters of steps and of random numbers.
 * Invariant: ten steps, save, another process, restore and ten steps are twenty steps, bit for bit.
 * May not: change anything where the file does not fit.
 */
import type { State } from '../state.ts'
import { readWhole } from './read.ts'
import { writeWhole } from './write.ts'

/** The state as it is at the call. The file is replaced whole or not at all. Legal between runs. */
export async function save(path: string, state: Pick<State, 'bytes'>): Promise<void> {
  await writeWhole(path, state.bytes())
}

export interface Restored {
  readonly missing: readonly string[]
  readonly unexpected: readonly string[]
}

/**
 * `strict` (default): names must be the same in the file and in the program, or E_STATE_MISMATCH lists what is missing, unexpected and
 * reshaped. Without it, values missing in the file stay as they are. A file that does not exist has the code ENOENT.
 */
export async function restore(
  path: string,
  state: Pick<State, 'load'>,
  { strict = true }: { readonly strict?: boolean } = {},
): Promise<Restored> {
  return state.load(await readWhole(path), { strict, from: path })
}
