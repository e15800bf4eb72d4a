/**
 * Laws of ranks: no result depends on which rank is faster. Between steps, a barrier lies where bytes are handed over; in a
 * kernel, no two points store to one place, and what is updated in place is read only where it is written.
 * Invariant: conflicts are judged by bytes, so two buffers at one place count as one; near-linear in accesses.
 * May not: trust `reads` and `writes` that someone declared.
 */
import type { BufferId, IndexMap, Kernel, Sweep } from '../../core/loops.ts'
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
  const afterLoops = new Set(plan.loops.flatMap((l) => (l.barrier ? [l.last] : [])))
  let begin = 0
  for (const [at, step] of plan.steps.entries()) {
    if (!step.barrier && !afterLoops.has(at) && at < plan.steps.length - 1) continue
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
  const uses = usesOf(kernel)
  for (const [buffer, { stores }] of uses)
    for (const { sweep, map, accumulates } of stores)
      if (!separates(termsOf(kernel, sweep, map, accumulates, split)))
        broken('collision', `several points of the loops store to one element of buffer ${buffer}`)
  for (const [buffer, use] of uses)
    if (!agrees(kernel, use, split))
      broken('in-place', `buffer ${buffer} is stored to and used elsewhere through another map`)
  const { scratch } = kernel
  if (scratch === undefined) return
  const b = context.buffers.get(scratch.buffer)
  const needed = scratch.shared + scratch.perRank * context.plan.threads
  if (b?.role !== 'scratch' || !(b.bytes >= needed) || !(scratch.shared >= 0) || !(scratch.perRank >= 0))
    broken('scratch', `${needed} bytes wanted in buffer ${scratch.buffer}, ${b?.role} of ${b?.bytes} bytes`)
}

interface Use {
  readonly sweep: Sweep
  readonly map: IndexMap
  readonly accumulates: boolean
}
interface Uses {
  readonly stores: Use[]
  readonly loads: Use[]
}
/** Of each buffer that the kernel stores to. */
function usesOf(kernel: Kernel): Map<BufferId, Uses> {
  const uses = new Map<BufferId, Uses>()
  for (const sweep of kernel.sweeps)
    for (const { buffer, map, accumulate } of sweep.stores) {
      if (!uses.has(buffer)) uses.set(buffer, { stores: [], loads: [] })
      uses.get(buffer)!.stores.push({ sweep, map, accumulates: accumulate !== undefined })
    }
  for (const sweep of kernel.sweeps)
    for (const i of sweep.code)
      if (i.op === 'load') uses.get(i.buffer)?.loads.push({ sweep, map: i.map, accumulates: false })
  return uses
}

/** Accumulating stores may collide, in the order of their axes, but not across ranks. */
function termsOf(kernel: Kernel, sweep: Sweep, map: IndexMap, accumulates: boolean, split: boolean): Term[] {
  const all = [...kernel.outer, ...sweep.inner]
  const axes = all.map((axis, i) => ({
    stride: map.strides[i] ?? 0,
    count: axis.extent,
    apart: accumulates ? split && i === 0 : true,
  }))
  for (const [i, { tile, extent }] of all.entries()) {
    // An axis and its only tile that go on as one: together they are the longer axis, without what the last tile has too much.
    if (!tile || accumulates || axes[tile.of]!.stride !== extent * axes[i]!.stride) continue
    if (all.some((a, other) => other !== i && a.tile?.of === tile.of)) continue
    axes[i] = { ...axes[i]!, count: tile.total }
    axes[tile.of] = { ...axes[tile.of]!, count: 1 }
  }
  const indirect = (map.indirect ?? []).map(({ value, stride }) => {
    const instr = sweep.code[value]
    return { stride, count: instr?.op === 'bounded' ? instr.extent : 0, apart: false }
  })
  return [...axes, ...indirect]
}

/**
 * In a sweep, all accesses to a buffer that it stores to use one map, or maps that differ in a constant only, where each point keeps to
 * elements of its own. Another sweep uses the same map over the same loops, or stays in the outer point's own part. Beside an
 * accumulation, there is one stride along the split axis.
 */
function agrees(kernel: Kernel, { stores, loads }: Uses, split: boolean): boolean {
  const all = [...stores, ...loads]
  const [first] = stores as [Use]
  if (stores.some((s) => s.accumulates)) {
    const whole = !split || (kernel.outer[0]?.extent ?? 0) < 2
    return whole || all.every((use) => use.map.strides[0] === first.map.strides[0])
  }
  const of = (uses: readonly Use[], sweep: Sweep): readonly Use[] => uses.filter((use) => use.sweep === sweep)
  return kernel.sweeps.every((sweep) => {
    const own = of(stores, sweep)
    if (own.length === 0) return true
    return (
      keepsToItself(kernel, of(all, sweep), split) &&
      kernel.sweeps.every((other) => {
        const others = of(all, other)
        return other === sweep || others.length === 0 || oneMap([...own, ...others]) || apart(kernel, own, others)
      })
    )
  })
}

const loopsOf = ({ sweep }: Use): string => sweep.inner.map((a) => a.extent).join()
const formOf = ({ map }: Use): string => JSON.stringify([map.strides, map.indirect ?? []])
/** All uses go over the same loops, through one map. */
const oneMap = (uses: readonly Use[]): boolean => {
  const text = (use: Use): string => `${loopsOf(use)} ${use.map.offset} ${formOf(use)}`
  return uses.every((use) => text(use) === text(uses[0]!))
}

/** The maps differ in a constant only, and what they reach from one point is apart from what they reach from the next. */
function keepsToItself(kernel: Kernel, uses: readonly Use[], split: boolean): boolean {
  const [first] = uses as [Use]
  if (uses.some((use) => formOf(use) !== formOf(first))) return false
  const offsets = uses.map((use) => use.map.offset)
  const [low, high] = offsets.reduce(([lo, hi], o) => [Math.min(lo, o), Math.max(hi, o)], [offsets[0]!, offsets[0]!])
  if (low === high) return true
  const terms = termsOf(kernel, first.sweep, first.map, false, split)
  const moving = terms.filter((t) => t.count > 1)
  if (moving.length === 1) return rowsApart(offsets, moving[0]!)
  return separates([...terms, { stride: 1, count: high - low + 1, apart: true }])
}

/** Elements at `offsets` + stride · i, i < count: two rows meet only where they differ by fewer than `count` strides. */
function rowsApart(offsets: readonly number[], { stride, count }: Term): boolean {
  const step = Math.abs(stride)
  if (step === 0) return false
  const last = new Map<number, number>()
  return [...new Set(offsets)]
    .sort((a, b) => a - b)
    .every((o) => {
      const lane = ((o % step) + step) % step
      const before = last.get(lane)
      last.set(lane, o)
      return before === undefined || o - before >= step * count
    })
}

/** What uses reach of a buffer at one outer point: elements from the point's first; undefined where they move along different ways. */
function partOf({ outer }: Kernel, uses: readonly Use[]): { readonly lo: number; readonly hi: number } | undefined {
  const [first] = uses as [Use]
  if (uses.some(({ map }) => map.indirect || outer.some((_, i) => map.strides[i] !== first.map.strides[i])))
    return undefined
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { sweep, map } of uses) {
    const steps = sweep.inner.map((a, i) => (map.strides[outer.length + i] ?? 0) * Math.max(0, a.extent - 1))
    const sum = (side: (a: number, b: number) => number): number => steps.reduce((n, s) => n + side(s, 0), map.offset)
    lo = Math.min(lo, sum(Math.min))
    hi = Math.max(hi, sum(Math.max))
  }
  return { lo, hi }
}

/** The parts move together along the outer axes, and so far that those of two points never meet. */
function apart(kernel: Kernel, a: readonly Use[], b: readonly Use[]): boolean {
  const part = partOf(kernel, [...a, ...b])
  if (part === undefined) return false
  const points = kernel.outer.map((axis, i) => ({ stride: a[0]!.map.strides[i] ?? 0, count: axis.extent, apart: true }))
  return separates([...points, { stride: 1, count: part.hi - part.lo + 1, apart: false }])
}
