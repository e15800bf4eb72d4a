/**
 * The last outer axis in segments, in each of which guards along it are known: borders of padding, the parts of a concatenation.
 * Invariant: segments follow one another and cover the axis; a segment's sweeps do what the kernel's do there, bounds checks included.
 * May not: emit code.
 */
import type { Guard, Instr, Kernel, Store, Sweep } from '../../core/loops.ts'
import type { Scalar } from '../../core/scalar.ts'
import { compact } from '../../planner/kernels/compact.ts'
import { renumber, renumberSweep } from '../../planner/kernels/instructions.ts'
import { codeWriter } from '../../planner/kernels/writer.ts'

/** Part of the axis, from the end of the one before. */
export interface Segment {
  readonly to: number
  readonly sweeps: readonly Sweep[]
}

/** Points from which on an axis is worth cutting, and instructions of all segments together. */
const [LONG, MOST] = [16, 512]

/** The last outer axis of a kernel that takes it four points at a time. */
export function segmentsOf({ outer, sweeps }: Kernel): readonly Segment[] {
  const last = outer.length - 1
  const { extent } = outer[last]!
  const intervals = new Map<Guard, Interval>()
  for (const guard of sweeps.flatMap(guardsOf)) {
    if (guard.strides.every((s, axis) => (s !== 0) === (axis === last))) intervals.set(guard, intervalOf(guard, last))
  }
  const ends = [...intervals.values()].flatMap(({ from, to }) => [from, to]).filter((at) => at > 0 && at < extent)
  const cuts = [...new Set(ends), extent].sort((a, b) => a - b)
  const size = sweeps.reduce((n, { code, stores }) => n + code.length + stores.length, 0)
  if (cuts.length === 1 || extent < LONG || size * cuts.length > MOST) return [{ to: extent, sweeps }]
  return cuts.map((to, i) => {
    const from = cuts[i - 1] ?? 0
    const known = (guard: Guard): boolean | undefined => {
      const interval = intervals.get(guard)
      return interval && interval.from <= from && to <= interval.to
    }
    return { to, sweeps: sweeps.map((sweep) => within(sweep, known)) }
  })
}

/** Points of an axis. */
interface Interval {
  readonly from: number
  readonly to: number
}

function intervalOf({ offset, strides, extent }: Guard, axis: number): Interval {
  const stride = strides[axis]!
  if (stride > 0) return { from: Math.ceil(-offset / stride), to: Math.ceil((extent - offset) / stride) }
  return { from: Math.floor((offset - extent) / -stride) + 1, to: Math.floor(offset / -stride) + 1 }
}

const guardsOf = ({ code, stores }: Sweep): readonly Guard[] =>
  [...code.flatMap((i) => (i.op === 'load' || i.op === 'inside' ? [i] : [])), ...stores].flatMap((x) => x.guards ?? [])

type Known = (guard: Guard) => boolean | undefined

/** The sweep where some guards are known to hold, or not to. */
function within(sweep: Sweep, known: Known): Sweep {
  const w = codeWriter()
  const written: Scalar[] = []
  const to = (id: number): number => written[id]!.id
  const left = (guards: readonly Guard[]): readonly Guard[] => guards.filter((g) => known(g) !== true)
  const outside = (x: Instr | Store): boolean => 'guards' in x && x.guards.some((g) => known(g) === false)
  for (const instr of sweep.code) {
    if (instr.op !== 'load' && instr.op !== 'inside') written.push(w.emit(renumber(instr, to)))
    else if (outside(instr)) written.push(w.constant(0, instr.dtype))
    else if (instr.op === 'inside' && left(instr.guards).length === 0) written.push(w.constant(1, 'bool'))
    else written.push(w.emit(renumber(guardedBy(instr, left(instr.guards ?? [])), to)))
  }
  const stores = sweep.stores.flatMap((s) => (outside(s) ? [] : [guardedBy(s, left(s.guards ?? []))]))
  return compact(renumberSweep({ ...sweep, stores }, w.code, to)).sweep
}

function guardedBy<T extends { readonly guards?: readonly Guard[] }>(x: T, guards: readonly Guard[]): T {
  const { guards: _, ...rest } = x
  return (guards.length > 0 ? { ...rest, guards } : rest) as T
}
