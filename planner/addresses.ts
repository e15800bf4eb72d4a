/**
 * addresses: a place in the arena for every buffer that is used.
 * Invariant: persistent buffers (control, state, inputs, constants) come first, state without gaps; the rest shares memory by lifetime; a slice lies in its whole.
 * May not: change a kernel or a step.
 */
import type { BufferId } from '../core/loops.ts'
import { bytesOf, count } from '../core/shape.ts'
import { base64 } from './base64.ts'
import { nameOf, type Value } from './kernels/buffers.ts'
import { place, type Strategy } from './memory/place.ts'
import { withLoopBarriers } from './schedule/alone.ts'
import { type Lifetime, lifetimes } from './schedule/lifetimes.ts'
import { overLoops } from './schedule/loop-lifetimes.ts'
import type { Scheduled } from './schedule/schedule.ts'
import { type StateRegion, stateRegion } from './state-region.ts'
import { aligned } from './target.ts'
import type { PlanBuffer, Role } from './types.ts'

const persistent: readonly Role[] = ['control', 'state', 'input', 'constant']
const sizeOf = (v: Value): number => count(v.shape) * bytesOf[v.dtype]

export interface Addresses {
  readonly buffers: readonly PlanBuffer[]
  readonly arena: number
  /** Bytes below which there is no placement. */
  readonly bound: number
  /** Numbers in the plan, by those in the table. */
  readonly ids: ReadonlyMap<BufferId, BufferId>
}

export function addresses(s: Scheduled, strategy: Strategy): Addresses {
  const touched = new Set(s.accesses.flatMap((a) => [...a.reads, ...a.writes]))
  const kept = used(s)
  const values = s.table.values.filter((v) => (v.role === 'temporary' ? touched : kept).has(v.id))
  const wholes = values.filter((v) => !v.slice)
  const parted = new Set(values.flatMap((v) => (v.slice ? [s.table.whole(v.id)] : [])))
  const live = overLoops(lifetimes(s.accesses, withLoopBarriers(s), wholes), s.accesses, s.loops, parted)
  const { offsets, arena, bound } = placed(wholes, live, strategy)
  const ids = new Map(values.map((v, i) => [v.id, i]))
  const made = new Map<BufferId, PlanBuffer>()
  for (const v of values) made.set(v.id, v.slice ? sliceOf(v, v.slice, made, ids, s) : wholeOf(v, ids, offsets, live))
  return { buffers: [...made.values()], arena, bound, ids }
}

/** Buffers that stay even if no step touches them, and slices that kernels name, with what they are slices of. */
function used(s: Scheduled): Set<BufferId> {
  const named = new Set(s.table.values.filter((v) => v.role !== 'slice').map((v) => v.id))
  const add = (id: BufferId) => {
    for (let at: BufferId | undefined = id; at !== undefined; at = s.table.values[at]!.slice?.of) named.add(at)
  }
  for (const k of s.kernels)
    for (const sweep of k.sweeps) {
      for (const i of sweep.code) if (i.op === 'load') add(i.buffer)
      for (const store of sweep.stores) add(store.buffer)
    }
  return named
}

function placed(wholes: readonly Value[], live: ReadonlyMap<BufferId, Lifetime>, strategy: Strategy) {
  const offsets = new Map<BufferId, number>()
  let base = 0
  for (const role of persistent) {
    const own = wholes.filter((x) => x.role === role)
    const region = role === 'state' ? stateRegion(own) : apart(own)
    for (const [i, v] of own.entries()) offsets.set(v.id, base + region.offsets[i]!)
    base += region.bytes
  }
  const shared = wholes.filter((v) => !persistent.includes(v.role))
  const blocks = shared.map((v) => {
    const [first, last] = live.get(v.id)!
    return { id: v.id, size: aligned(sizeOf(v)), first, last }
  })
  const found = place(blocks, { strategy })
  for (const [id, offset] of found.offsets) offsets.set(id, base + offset)
  return { offsets, arena: base + found.peak, bound: base + found.bound }
}

/** One after another, each aligned. */
function apart(values: readonly Value[]): StateRegion {
  const offsets: number[] = []
  let bytes = 0
  for (const v of values) {
    offsets.push(bytes)
    bytes += aligned(sizeOf(v))
  }
  return { offsets, bytes }
}

const described = (v: Value, ids: ReadonlyMap<BufferId, BufferId>) => ({
  id: ids.get(v.id)!,
  name: nameOf(v),
  role: v.role,
  dtype: v.dtype,
  shape: v.shape,
  bytes: sizeOf(v),
})

function wholeOf(
  v: Value,
  ids: Addresses['ids'],
  offsets: ReadonlyMap<BufferId, number>,
  live: ReadonlyMap<BufferId, Lifetime>,
): PlanBuffer {
  const data = v.data && { data: base64(v.data) }
  return { ...described(v, ids), offset: offsets.get(v.id)!, live: live.get(v.id)!, ...data }
}

/** The first iteration's address, and how it moves. A slice of a slice moves with both loops. */
function sliceOf(
  v: Value,
  slice: NonNullable<Value['slice']>,
  made: ReadonlyMap<BufferId, PlanBuffer>,
  ids: Addresses['ids'],
  s: Scheduled,
): PlanBuffer {
  const of = made.get(slice.of)!
  const bytes = sizeOf(v)
  const start = slice.reverse ? Math.max(0, slice.count - 1) * bytes : 0
  const own = { loop: s.loopNumbers.get(slice.loop) ?? 0, stride: slice.reverse ? -bytes : bytes }
  return {
    ...described(v, ids),
    offset: of.offset + start,
    live: of.live,
    of: of.id,
    moves: [...(of.moves ?? []), own],
  }
}
