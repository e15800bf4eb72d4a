/**
 * In place: a result takes the buffer of an operand that dies in its kernel, where both are accessed element by element at one place.
 * Invariant: only temporaries die; dtype and size are equal; the kernel reads the dying buffer nowhere else.
 * May not: touch inputs, state or constants.
 */
import type { BufferId, Kernel } from '../../core/loops.ts'
import { count } from '../../core/shape.ts'
import type { Value } from '../kernels/buffers.ts'
import { accessesOf, inPlaceAt, renameBuffers } from './accesses.ts'

export function inPlace(kernels: readonly Kernel[], values: readonly Value[]): readonly Kernel[] {
  const lastRead = new Map<BufferId, number>()
  kernels.forEach((kernel, i) => {
    for (const b of accessesOf(kernel).reads) lastRead.set(b, i)
  })
  const renamed = new Map<BufferId, BufferId>()
  const id = (b: BufferId): BufferId => renamed.get(b) ?? b
  return kernels.map((kernel, i) => {
    const dying = accessesOf(kernel).reads.filter((b) => values[b]!.role === 'temporary' && lastRead.get(b) === i)
    for (const sweep of kernel.sweeps)
      for (const store of sweep.stores) {
        if (values[store.buffer]!.role !== 'temporary' || store.accumulate || writtenTwice(kernel, store.buffer)) continue
        const at = dying.findIndex((b) => sameSize(values[b]!, values[store.buffer]!) && inPlaceAt(kernel, sweep, b, store.map))
        if (at < 0) continue
        renamed.set(store.buffer, id(dying[at]!))
        dying.splice(at, 1)
      }
    return renameBuffers(kernel, id)
  })
}

const sameSize = (a: Value, b: Value): boolean => a.dtype === b.dtype && count(a.shape) === count(b.shape)
const writtenTwice = (kernel: Kernel, b: BufferId): boolean => kernel.sweeps.flatMap((s) => s.stores).filter((s) => s.buffer === b).length > 1
