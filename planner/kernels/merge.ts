/**
 * merge: a pointwise kernel joins the latest kernel among its producers, when both have the same outer axes: its loads of what that
 * kernel stores become values in registers. So chains with several readers, epilogues of reductions and contractions, and several
 * results of one shape become one kernel. Stores that nobody else reads are dropped.
 * Invariant: kernels stay in an order where producers come first: all other producers of the joining kernel are before its new place.
 * May not: repeat work.
 */
import type { BufferId, IndexMap, Instr, Store, Sweep } from '../../core/loops.ts'
import { compact } from './compact.ts'
import { MAX_CODE } from './element.ts'
import { renumber, renumberMap } from './instructions.ts'
import type { Draft } from './lower.ts'
import { type CodeWriter, codeWriter } from './writer.ts'

/** A kernel whose last sweep may still grow. */
interface Open {
  readonly draft: Draft
  readonly code: CodeWriter
  readonly stores: Store[]
  /** Outer extents, as text. */
  readonly space: string
  readonly grows: boolean
}

/** `drafts` in producer-first order. */
export function merge(drafts: readonly Draft[]): Draft[] {
  const open: Open[] = []
  const producer = new Map<BufferId, number>()
  for (const draft of drafts) {
    const target = hostOf(draft, open, producer)
    if (target === undefined) open.push(opened(draft))
    else join(open[target]!, draft)
    const at = target ?? open.length - 1
    for (const sweep of draft.sweeps) for (const s of sweep.stores) producer.set(s.buffer, at)
  }
  return open.map(closed)
}

const loadsOf = (sweep: Sweep): Extract<Instr, { op: 'load' }>[] => sweep.code.filter((i) => i.op === 'load')

/** The position of the kernel that `draft` may join. */
function hostOf(draft: Draft, open: readonly Open[], producer: ReadonlyMap<BufferId, number>): number | undefined {
  const [sweep] = draft.sweeps
  if (draft.sweeps.length > 1 || sweep!.inner.length > 0) return undefined
  const loads = loadsOf(sweep!)
  const at = Math.max(-1, ...loads.map((l) => producer.get(l.buffer) ?? -1))
  const host = open[at]
  if (!host?.grows || host.space !== spaceOf(draft) || host.code.code.length + sweep!.code.length > MAX_CODE)
    return undefined
  const stored = new Map(host.stores.map((s) => [s.buffer, s]))
  const forwards = loads.every((l) => {
    const from = stored.get(l.buffer)
    return producer.get(l.buffer) !== at || (from && !l.guards && sameMap(from.map, l.map))
  })
  return forwards ? at : undefined
}

const sameMap = (a: IndexMap, b: IndexMap): boolean =>
  !a.indirect && !b.indirect && a.offset === b.offset && a.strides.every((s, i) => s === b.strides[i])
const spaceOf = (draft: Draft): string => String(draft.outer.map((a) => a.extent))

function opened(draft: Draft): Open {
  const last = draft.sweeps.at(-1)!
  const code = codeWriter()
  const ids = last.code.map(() => -1)
  last.code.forEach((instr, i) => {
    ids[i] = code.emit(renumber(instr, (k) => ids[k]!)).id
  })
  const stores = last.stores.map((s) => ({ ...s, value: ids[s.value]!, map: renumberMap(s.map, (k) => ids[k]!) }))
  return {
    draft,
    code,
    stores,
    space: spaceOf(draft),
    grows: last.inner.length === 0 && last.stores.every((s) => !s.accumulate),
  }
}

function join(host: Open, draft: Draft): void {
  const [sweep] = draft.sweeps
  const stored = new Map(host.stores.map((s) => [s.buffer, s.value]))
  const ids = sweep!.code.map(() => -1)
  sweep!.code.forEach((instr, i) => {
    const known = instr.op === 'load' ? stored.get(instr.buffer) : undefined
    ids[i] = known ?? host.code.emit(renumber(instr, (k) => ids[k]!)).id
  })
  for (const s of sweep!.stores)
    host.stores.push({ ...s, value: ids[s.value]!, map: renumberMap(s.map, (k) => ids[k]!) })
}

function closed({ draft, code, stores }: Open): Draft {
  return { ...draft, sweeps: [...draft.sweeps.slice(0, -1), { ...draft.sweeps.at(-1)!, code: code.code, stores }] }
}

/** Without stores to buffers that no kernel loads, unless `kept`; kernels that store nothing are dropped. Repeats until nothing changes. */
export function dropUnread(drafts: readonly Draft[], kept: (buffer: BufferId) => boolean): Draft[] {
  const readers = new Map<BufferId, number>()
  const each = (draft: Draft, n: number) => {
    for (const sweep of draft.sweeps)
      for (const l of loadsOf(sweep)) readers.set(l.buffer, (readers.get(l.buffer) ?? 0) + n)
  }
  for (const d of drafts) each(d, 1)
  const out: Draft[] = []
  for (let i = drafts.length - 1; i >= 0; i--) {
    const draft = drafts[i]!
    const needed = (s: Store) => kept(s.buffer) || (readers.get(s.buffer) ?? 0) > 0
    const sweeps = draft.sweeps.map((s) =>
      s.stores.every(needed) ? s : compact({ ...s, stores: s.stores.filter(needed) }).sweep,
    )
    each(draft, -1)
    if (!sweeps.some((sweep) => sweep.stores.length > 0)) continue
    out.push({ ...draft, sweeps })
    each({ ...draft, sweeps }, 1)
  }
  return out.reverse()
}
