/**
 * Laws of loops and slices: loops nest properly and ranks meet before an iteration follows another; a slice stays inside its whole in
 * every iteration, and is used only inside the loops that move it.
 * Invariant: near-linear. Shares no code with the schedule.
 */
import type { BufferId } from '../../core/loops.ts'
import type { PlanBuffer, PlanData } from '../types.ts'
import type { Touched } from './step-laws.ts'
import { bytesOf, type Context, isCount } from './violation.ts'

/** The buffer whose bytes a buffer's are; itself, unless it is a slice. A slice comes after its whole. */
export function wholesOf(plan: PlanData): Map<BufferId, BufferId> {
  const wholes = new Map<BufferId, BufferId>()
  for (const b of plan.buffers) wholes.set(b.id, b.of === undefined ? b.id : (wholes.get(b.of) ?? b.id))
  return wholes
}

export function ofWholes(t: Touched, wholes: ReadonlyMap<BufferId, BufferId>): Touched {
  const whole = (ids: ReadonlySet<BufferId>) => new Set([...ids].map((id) => wholes.get(id) ?? id))
  return { reads: whole(t.reads), writes: whole(t.writes) }
}

export function checkLoops(context: Context): void {
  const { plan, broken } = context
  const open: number[] = []
  const meets = new Set(plan.loops.flatMap((l) => (l.barrier ? [l.last] : [])))
  for (const [i, { first, last, count }] of plan.loops.entries()) {
    while (open.length > 0 && plan.loops[open.at(-1)!]!.last < first) open.pop()
    const outer = plan.loops[open.at(-1) ?? -1]
    const inside = outer === undefined || (first >= outer.first && last <= outer.last)
    if (!isCount(first) || !(first <= last) || !(last < plan.steps.length) || !(count >= 1) || !inside)
      broken('loop', `loop ${i} runs steps ${first} to ${last} ${count} times`)
    else if (
      plan.steps.slice(first, last + 1).some((s) => s.ranks === 'all') &&
      !plan.steps[last]!.barrier &&
      !meets.has(last)
    )
      broken('loop', `ranks do not meet at the end of loop ${i}`)
    checkAlone(context, i, open)
    open.push(i)
    checkTest(context, i)
  }
  for (const b of plan.buffers) if (b.role === 'slice' || b.of !== undefined || b.moves) checkSlice(context, b)
  checkUse(context)
}

/** Rank 0 is alone in a loop whose steps are all its own, where nobody waits for it; only such a loop has a barrier of its own. */
function checkAlone({ plan, broken }: Context, i: number, around: readonly number[]): void {
  const { first, last, alone, barrier } = plan.loops[i]!
  const steps = plan.steps.slice(first, last + 1)
  if (alone && (steps.some((s) => s.ranks === 'all' || s.barrier) || around.some((l) => plan.loops[l]!.alone)))
    broken('loop', `loop ${i} is not rank 0's alone`)
  if (barrier && !alone) broken('loop', `loop ${i} has a barrier, though ranks share it`)
}

/** What a loop asks before each iteration is a bool that lives as long as the loop; a bound has a fault to report. */
function checkTest({ plan, buffers, broken }: Context, i: number): void {
  const { first, last, test, fault } = plan.loops[i]!
  const flag = test && buffers.get(test.buffer)
  if (test && (flag?.dtype !== 'bool' || !(flag.live[0] <= first && flag.live[1] >= last)))
    broken('loop', `loop ${i} tests buffer ${test.buffer}, which is no living bool`)
  if (fault !== undefined && plan.faults[fault]?.kind !== 'steps')
    broken('fault', `loop ${i} names fault ${fault}, which is no bound on steps`)
}

function checkSlice({ plan, buffers, broken }: Context, b: PlanBuffer): void {
  const of = b.of === undefined ? undefined : buffers.get(b.of)
  if (b.role !== 'slice' || of === undefined || !b.moves || !(of.id < b.id)) {
    broken('slice', `buffer ${b.id} (${b.name}) is no slice of a buffer before it`)
    return
  }
  let [low, high] = [b.offset, b.offset + b.bytes]
  for (const { loop, stride } of b.moves) {
    const reach = stride * ((plan.loops[loop]?.count ?? Number.NaN) - 1)
    low += Math.min(0, reach)
    high += Math.max(0, reach)
    if (stride % bytesOf[b.dtype] !== 0) broken('slice', `buffer ${b.id} (${b.name}) moves by ${stride} bytes`)
  }
  const [whole, span] = wholeOf(buffers, of)
  if (!(low >= whole.offset && high <= whole.offset + span))
    broken('slice', `buffer ${b.id} (${b.name}) leaves buffer ${whole.id} (${whole.name})`)
}
function wholeOf(buffers: Context['buffers'], b: PlanBuffer): readonly [PlanBuffer, number] {
  let at = b
  while (at.of !== undefined && buffers.has(at.of) && at.of < at.id) at = buffers.get(at.of)!
  return [at, at.bytes]
}

/** A slice's address is defined only inside its loops. */
function checkUse({ plan, buffers, broken }: Context): void {
  for (const [at, step] of plan.steps.entries()) {
    for (const sweep of plan.kernels[step.kernel]?.sweeps ?? []) {
      const named = [
        ...sweep.code.flatMap((i) => (i.op === 'load' ? [i.buffer] : [])),
        ...sweep.stores.map((s) => s.buffer),
      ]
      for (const id of named)
        for (const { loop } of buffers.get(id)?.moves ?? []) {
          const l = plan.loops[loop]
          if (!l || at < l.first || at > l.last) broken('slice', `step ${at} uses buffer ${id} outside loop ${loop}`)
        }
    }
  }
}
