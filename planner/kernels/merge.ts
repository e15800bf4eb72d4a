/**
 * merge: a pointwise kernel joins the latest kernel among its producers, when both have the same outer axes: its loads of what that
 * kernel stores become values in registers. So chains with several readers, epilogues of reductions and contractions, and several
 * results of one shape become one kernel. Stores that nobody else reads are dropped.
 * Invariant: kernels stay in an order where producers come first: all other producers of the joining kernel are before its new place.
 * May not: repeat work.
 */
import type { BufferId, IndexMap, Instr, Kernel, Store, Sweep } from '../../core/loops.ts'
import type { Table } from './buffers.ts'
import { compact } from './compact.ts'
import { MAX_CODE } from './element.ts'
import { renumber, renumberMap } from './instructions.ts'
import { accessesOf, type Item, isLoop, type LoopItem } from './items.ts'
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

type Place = Open | LoopItem<Kernel>

/** `items` in producer-first order. Nothing joins a loop. */
export function merge(items: readonly Item<Draft>[], table: Table): Item<Draft>[] {
  const open: Place[] = []
  const producer = new Map<BufferId, number>()
  for (const item of items) {
    const target = isLoop(item) ? undefined : hostOf(item, open, producer, table)
    if (target !== undefined) join(open[target] as Open, item as Draft)
    else open.push(isLoop(item) ? (item as LoopItem<Kernel>) : opened(item))
    const at = target ?? open.length - 1
    for (const b of accessesOf(item, table).writes) producer.set(b, at)
  }
  return open.map((place) => ('kind' in place ? (place as Item<Draft>) : closed(place)))
}

const loadsOf = (sweep: Sweep): Extract<Instr, { op: 'load' }>[] => sweep.code.filter((i) => i.op === 'load')

/** The position of the kernel that `draft` may join. */
function hostOf(
  draft: Draft,
  open: readonly Place[],
  producer: ReadonlyMap<BufferId, number>,
  table: Table,
): number | undefined {
  const [sweep] = draft.sweeps
  if (draft.sweeps.length > 1 || sweep!.inner.length > 0) return undefined
  const loads = loadsOf(sweep!)
  const made = (buffer: BufferId) => producer.get(table.whole(buffer)) ?? -1
  const at = loads.reduce((latest, l) => Math.max(latest, made(l.buffer)), -1)
  const host = open[at]
  if (
    !host ||
    'kind' in host ||
    !host.grows ||
    host.space !== spaceOf(draft) ||
    host.code.code.length + sweep!.code.length > MAX_CODE
  )
    return undefined
  const stored = new Map(host.stores.map((s) => [s.buffer, s]))
  // Two parts of one buffer stay two kernels: each buffer that a kernel stores, it stores through one map.
  if (sweep!.stores.some((s) => stored.has(s.buffer))) return undefined
  const forwards = loads.every((l) => {
    const from = stored.get(l.buffer)
    return made(l.buffer) !== at || (from && !l.guards && sameMap(from.map, l.map))
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

/** Without stores to buffers that nothing reads, unless `kept`; kernels that store nothing are dropped. One sweep from the end does. */
export function dropUnread(
  items: readonly Item<Draft>[],
  kept: (buffer: BufferId) => boolean,
  table: Table,
): Item<Draft>[] {
  const readers = new Map<BufferId, number>()
  const each = (item: Item<Draft>, n: number) => {
    for (const b of accessesOf(item, table).reads) readers.set(b, (readers.get(b) ?? 0) + n)
  }
  for (const item of items) each(item, 1)
  const needed = (s: Store) => kept(s.buffer) || (readers.get(s.buffer) ?? 0) > 0
  const out: Item<Draft>[] = []
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i]!
    if (isLoop(item)) {
      out.push(item)
      continue
    }
    const sweeps = item.sweeps.map((s) =>
      s.stores.every(needed) ? s : compact({ ...s, stores: s.stores.filter(needed) }).sweep,
    )
    each(item, -1)
    if (!sweeps.some((sweep) => sweep.stores.length > 0)) continue
    out.push({ ...item, sweeps })
    each({ ...item, sweeps }, 1)
  }
  return out.reverse()
}
