/**
 * `--profile FILE`: what a command's runs spent their time on, as a table on stderr and a trace in a file.
 * Invariant: only runs of one size are in it; the result on stdout is as without.
 */
import { writeWhole } from '../backends/files/write.ts'
import type { Profile } from '../backends/profile.ts'

/** Of `total` examples in batches of `size`: whether the batch that ends with example `done` is the last of full size, or the only one. */
export const isLastWhole = (done: number, size: number, total: number): boolean =>
  done === (Math.floor(total / size) * size || total)

export async function writeProfile(file: string, profile: Profile | undefined): Promise<void> {
  if (profile === undefined) return
  await writeWhole(file, new TextEncoder().encode(`${JSON.stringify(profile.trace())}\n`))
  console.error(profile.table())
}
