/**
 * prune: kernels without stores to buffers that nothing reads, without reductions that nothing takes, without sweeps that do nothing.
 * Invariant: one walk from the end does, since readers come after what they read.
 * May not: drop what somebody outside reads (`kept`).
 */
import type { BufferId, Instr, Store, Sweep } from '../../core/loops.ts'
import type { Table } from './buffers.ts'
import { compact } from './compact.ts'
import { accessesOf, type Item, isLoop } from './items.ts'
import type { Draft } from './lower.ts'

export function dropUnread(
  items: readonly Item<Draft>[],
  kept: (buffer: BufferId) => boolean,
  table: Table,
): Item<Draft>[] {
  const read = new Set<BufferId>()
  const out: Item<Draft>[] = []
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i]!
    const left = isLoop(item) ? item : pruned(item, (b) => kept(b) || read.has(b), table)
    if (!left) continue
    for (const b of accessesOf(left, table).reads) read.add(b)
    out.push(left)
  }
  return out.reverse()
}

/** `needed`: buffers read outside of the kernel. */
function pruned(draft: Draft, needed: (b: BufferId) => boolean, table: Table): Draft | undefined {
  const inside = new Set<BufferId>()
  const taken = new Set<string>()
  const sweeps: (Sweep | undefined)[] = []
  const wanted = (s: Store): boolean => needed(s.buffer) || inside.has(table.whole(s.buffer))
  for (let s = draft.sweeps.length - 1; s >= 0; s--) {
    const sweep = draft.sweeps[s]!
    const stores = sweep.stores.filter(wanted)
    const reductions = sweep.reductions.filter((_, which) => taken.has(`${s} ${which}`))
    if (stores.length === 0 && reductions.length === 0) {
      sweeps.unshift(undefined)
      continue
    }
    const left = compact({ ...sweep, stores, reductions }).sweep
    for (const i of left.code) {
      if (i.op === 'load') inside.add(table.whole(i.buffer))
      if (i.op === 'reduced') taken.add(`${i.sweep} ${i.which}`)
    }
    sweeps.unshift(left)
  }
  if (!sweeps.some((sweep) => sweep !== undefined)) return undefined
  return { ...draft, sweeps: renumbered(draft.sweeps, sweeps, taken) }
}

/** Sweeps and reductions that are left, under new numbers. */
function renumbered(old: readonly Sweep[], left: readonly (Sweep | undefined)[], taken: ReadonlySet<string>): Sweep[] {
  let next = 0
  const sweepAt = left.map((s) => (s ? next++ : -1))
  const whichAt = old.map((sweep, s) => {
    let n = 0
    return sweep.reductions.map((_, which) => (taken.has(`${s} ${which}`) ? n++ : -1))
  })
  const instr = (i: Instr): Instr =>
    i.op === 'reduced' ? { ...i, sweep: sweepAt[i.sweep]!, which: whichAt[i.sweep]![i.which]! } : i
  return left.flatMap((s) => (s ? [{ ...s, code: s.code.map(instr) }] : []))
}
