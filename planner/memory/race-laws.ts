/**
 * Laws of ranks: no result depends on which rank is faster. Between steps, a barrier lies where bytes are handed over; in a
 * kernel, no two points store to one place, and what is updated in place is read only where it is written.
 * Invariant: conflicts are judged by bytes, so two buffers at one place count as one; near-linear in accesses.
 * May not: trust `reads` and `writes` that someone declared.
 */
import type { IndexMap, Kernel, Store, Sweep } from '../../core/loops.ts'
import { separates, type Term } from './reach.ts'
import type { Touched } from './step-laws.ts'
import type { Context } from './violation.ts'

interface Access {
  readonly start: number
  readonly end: number
  readonly step: number
  readonly all: boolean
  readonly write: boolean
}

export function checkPhases(context: Context, touched: readonly Touched[]): void {
  const { plan } = context
  let begin = 0
  for (const [at, step] of plan.steps.entries()) {
    if (!step.barrier && at < plan.steps.length - 1) continue
    // Rank 0 runs its own steps in order.
    if (at > begin && plan.steps.slice(begin, at + 1).some((s) => s.ranks === 'all'))
      checkPhase(context, touched, begin, at)
    begin = at + 1
  }
}

function checkPhase(context: Context, touched: readonly Touched[], begin: number, end: number): void {
  const accesses: Access[] = []
  for (let at = begin; at <= end; at++) accesses.push(...accessesOf(context, touched, at))
  accesses.sort((a, b) => a.start - b.start)
  // Earlier ones that may still overlap, by what they would clash with.
  const open: Access[][] = [[], [], [], []]
  for (const a of accesses) {
    for (const [kind, list] of open.entries()) {
      const write = (kind & 1) !== 0
      const all = (kind & 2) !== 0
      if (!(write || a.write) || !(all || a.all)) continue
      const clash = firstClash(list, a)
      if (clash === undefined) continue
      const [i, j] = [Math.min(a.step, clash.step), Math.max(a.step, clash.step)]
      context.broken('race', `steps ${i} and ${j} use the same bytes, at ${a.start}, with no barrier between`)
      break
    }
    open[(a.write ? 1 : 0) + (a.all ? 2 : 0)]!.push(a)
  }
}

/** Drops what ends before `a` starts: later accesses start no earlier. */
function firstClash(list: Access[], a: Access): Access | undefined {
  let kept = 0
  let clash: Access | undefined
  for (const other of list) {
    if (other.end <= a.start) continue
    list[kept++] = other
    if (other.step !== a.step) clash ??= other
  }
  list.length = kept
  return clash
}

function accessesOf({ plan, buffers }: Context, touched: readonly Touched[], at: number): Access[] {
  const step = plan.steps[at]!
  const { reads, writes } = touched[step.kernel] ?? { reads: [], writes: [] }
  const scratch = plan.kernels[step.kernel]?.scratch
  const written = scratch === undefined ? [...writes] : [...writes, scratch.buffer]
  const out: Access[] = []
  for (const [ids, write] of [
    [reads, false],
    [written, true],
  ] as const) {
    for (const id of ids) {
      const b = buffers.get(id)
      if (b === undefined || b.bytes === 0) continue
      out.push({ start: b.offset, end: b.offset + b.bytes, step: at, all: step.ranks === 'all', write })
    }
  }
  return out
}

/** `split`: some step splits the first axis of the kernel among ranks. */
export function checkStoresOf(context: Context, kernel: Kernel, split: boolean): void {
  const broken = (law: 'collision' | 'in-place' | 'scratch', detail: string): void =>
    context.broken(law, `kernel ${kernel.name}: ${detail}`)
  for (const sweep of kernel.sweeps) {
    for (const store of sweep.stores) {
      if (!separates(termsOf(kernel, sweep, store, split)))
        broken('collision', `several points of the loops store to one element of buffer ${store.buffer}`)
      if (!agrees(kernel, sweep, store, split))
        broken('in-place', `buffer ${store.buffer} is stored to and used elsewhere through another map`)
    }
  }
  const { scratch } = kernel
  if (scratch === undefined) return
  const b = context.buffers.get(scratch.buffer)
  const needed = scratch.shared + scratch.perRank * context.plan.threads
  if (b?.role !== 'scratch' || !(b.bytes >= needed) || !(scratch.shared >= 0) || !(scratch.perRank >= 0))
    broken('scratch', `${needed} bytes wanted in buffer ${scratch.buffer}, ${b?.role} of ${b?.bytes} bytes`)
}

/** Accumulating stores may collide, in the order of their axes, but not across ranks. */
function termsOf(kernel: Kernel, sweep: Sweep, store: Store, split: boolean): Term[] {
  const accumulates = store.accumulate !== undefined
  const axes = [...kernel.outer, ...sweep.inner].map((axis, i) => ({
    stride: store.map.strides[i] ?? 0,
    count: axis.extent,
    apart: accumulates ? split && i === 0 : true,
  }))
  const indirect = (store.map.indirect ?? []).map(({ value, stride }) => {
    const instr = sweep.code[value]
    return { stride, count: instr?.op === 'bounded' ? instr.extent : 0, apart: false }
  })
  return [...axes, ...indirect]
}

/**
 * All accesses to a buffer that is stored to use one map over the same loops, or, from another sweep, stay in the outer point's own
 * part of it; beside an accumulation, one stride along the split axis.
 */
function agrees(kernel: Kernel, sweep: Sweep, store: Store, split: boolean): boolean {
  const extents = (s: Sweep): string => s.inner.map((a) => a.extent).join()
  return kernel.sweeps.every((other) => {
    const same = (map: IndexMap, accumulate: boolean): boolean =>
      accumulate || store.accumulate !== undefined
        ? !split || map.strides[0] === store.map.strides[0] || (kernel.outer[0]?.extent ?? 0) < 2
        : (extents(other) === extents(sweep) && text(map) === text(store.map)) ||
          (other !== sweep && apart(kernel, [partOf(kernel, sweep, store.map), partOf(kernel, other, map)]))
    return (
      other.code.every((i) => i.op !== 'load' || i.buffer !== store.buffer || same(i.map, false)) &&
      other.stores.every((s) => s.buffer !== store.buffer || same(s.map, s.accumulate !== undefined))
    )
  })
}

/** What a sweep reaches of a buffer at one outer point: elements from the point's first. */
interface Part {
  readonly map: IndexMap
  readonly lo: number
  readonly hi: number
}
function partOf({ outer }: Kernel, sweep: Sweep, map: IndexMap): Part {
  const steps = sweep.inner.map((a, i) => (map.strides[outer.length + i] ?? 0) * Math.max(0, a.extent - 1))
  const sum = (side: (a: number, b: number) => number): number => steps.reduce((n, s) => n + side(s, 0), map.offset)
  return { map, lo: sum(Math.min), hi: sum(Math.max) }
}

/** The parts move together along the outer axes, and so far that those of two points never meet. */
function apart({ outer }: Kernel, [a, b]: readonly [Part, Part]): boolean {
  if (a.map.indirect || b.map.indirect || outer.some((_, i) => a.map.strides[i] !== b.map.strides[i])) return false
  const reached = Math.max(a.hi, b.hi) - Math.min(a.lo, b.lo)
  const points = outer.map((axis, i) => ({ stride: a.map.strides[i] ?? 0, count: axis.extent, apart: true }))
  return separates([...points, { stride: 1, count: reached + 1, apart: false }])
}

const text = (map: IndexMap): string => JSON.stringify([map.offset, map.strides, map.indirect ?? []])
