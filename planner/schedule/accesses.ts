/** Which buffers a kernel reads and writes; its scratch counts as written. */
import type { BufferId, Kernel, Sweep } from '../../core/loops.ts'

export interface KernelAccesses {
  readonly reads: readonly BufferId[]
  readonly writes: readonly BufferId[]
}

export function accessesOf(kernel: Kernel): KernelAccesses {
  const reads = new Set<BufferId>()
  const writes = new Set<BufferId>()
  for (const sweep of kernel.sweeps) {
    for (const i of sweep.code) if (i.op === 'load') reads.add(i.buffer)
    for (const s of sweep.stores) writes.add(s.buffer)
  }
  if (kernel.scratch) writes.add(kernel.scratch.buffer)
  return { reads: [...reads], writes: [...writes] }
}

/** The kernel with its buffers renamed. */
export function renameBuffers(kernel: Kernel, to: (id: BufferId) => BufferId): Kernel {
  const sweep = (s: Sweep): Sweep => ({
    ...s,
    code: s.code.map((i) => (i.op === 'load' ? { ...i, buffer: to(i.buffer) } : i)),
    stores: s.stores.map((store) => ({ ...store, buffer: to(store.buffer) })),
  })
  return { ...kernel, sweeps: kernel.sweeps.map(sweep) }
}

/** Every access of `buffer` in the kernel is at one place, the one that `sweep` stores to: element by element, in place. */
export function inPlaceAt(kernel: Kernel, sweep: Sweep, buffer: BufferId, map: { readonly offset: number; readonly strides: readonly number[]; readonly indirect?: unknown }): boolean {
  if (map.indirect) return false
  for (const other of kernel.sweeps)
    for (const i of other.code) {
      if (i.op !== 'load' || i.buffer !== buffer) continue
      if (other !== sweep || i.guards || i.map.indirect) return false
      if (i.map.offset !== map.offset || i.map.strides.some((s, a) => s !== map.strides[a])) return false
    }
  return true
}
