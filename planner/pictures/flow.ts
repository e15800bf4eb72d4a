/**
 * What each step of a plan reads, writes and waits for, and whether values need it or only derivatives do.
 * Invariant: `from` may name a step too many (a buffer that was rewritten as a whole), never one too few.
 */
import type { BufferId, Kernel } from '../../core/loops.ts'
import { accessesOf } from '../kernels/items.ts'
import type { Loop, PlanBuffer, PlanData } from '../types.ts'

export interface StepFlow {
  readonly step: number
  readonly kernel: Kernel
  readonly kind: 'contraction' | 'reduction' | 'map'
  /** Its loops: `contraction 64×10`. */
  readonly label: string
  readonly reads: readonly PlanBuffer[]
  readonly writes: readonly PlanBuffer[]
  /** How often it runs, at most. */
  readonly times: number
  /** Steps that wrote what it reads, itself excluded. */
  readonly from: readonly number[]
  /** No output that is a value depends on it: it is there for derivatives and updates. */
  readonly derivative: boolean
}

export function flowOf(plan: PlanData): readonly StepFlow[] {
  const whole = wholes(plan)
  const steps = plan.steps.map(({ kernel: id }, step) => {
    const kernel = plan.kernels[id]!
    const { reads, writes } = accessesOf(kernel)
    const around = plan.loops.filter((l) => l.first <= step && step <= l.last)
    const tests = around.flatMap((l) => (l.test ? [l.test.buffer] : []))
    return { step, kernel, reads: whole([...reads, ...tests]), writes: whole(writes), around }
  })
  const writers = new Map<PlanBuffer, number[]>()
  for (const { step, writes } of steps)
    for (const b of writes) {
      if (!writers.has(b)) writers.set(b, [])
      writers.get(b)!.push(step)
    }
  const from = steps.map(({ step, reads, around }) => {
    const found = reads.flatMap((b) =>
      sources(writers.get(b) ?? [], step, around[0], (s) => steps[s]!.reads.includes(b)),
    )
    return [...new Set(found)].filter((s) => s !== step)
  })
  const needed = neededForValues(plan, from, whole, writers)
  return steps.map(({ around, ...s }) => ({
    ...s,
    ...described(s.kernel),
    times: around.reduce((n, l) => n * l.count, 1),
    from: from[s.step]!,
    derivative: !needed.has(s.step),
  }))
}

/** The buffers that hold the bytes, of slices the whole; without what is nobody's value. */
function wholes(plan: PlanData): (ids: readonly BufferId[]) => PlanBuffer[] {
  const byId = new Map(plan.buffers.map((b) => [b.id, b]))
  return (ids) => {
    const found = ids.map((id) => {
      let at = byId.get(id)!
      while (at.of !== undefined) at = byId.get(at.of)!
      return at
    })
    return [...new Set(found)].filter((b) => b.role !== 'control' && b.role !== 'scratch')
  }
}

/** The writers before `step`, back to one that read what was there; in a loop also those that come after it. */
function sources(
  writers: readonly number[],
  step: number,
  loop: Loop | undefined,
  reads: (step: number) => boolean,
): number[] {
  const found = loop ? writers.filter((s) => s > step && s <= loop.last) : []
  for (const s of writers.filter((w) => w < step).reverse()) {
    found.push(s)
    if (reads(s)) break
  }
  return found
}

/** Steps that an output depends on which is not itself a derivative; all, where no derivative was asked for. */
function neededForValues(
  plan: PlanData,
  from: readonly (readonly number[])[],
  whole: (ids: readonly BufferId[]) => PlanBuffer[],
  writers: ReadonlyMap<PlanBuffer, readonly number[]>,
): ReadonlySet<number> {
  if (Object.keys(plan.orders).length === 0) return new Set(from.keys())
  const values = plan.outputs.filter((o) => plan.orders[o.name] === undefined)
  const waiting = whole(values.map((o) => o.buffer)).flatMap((b) => writers.get(b) ?? [])
  const needed = new Set(waiting)
  for (let step = waiting.pop(); step !== undefined; step = waiting.pop())
    for (const s of from[step]!) {
      if (needed.has(s)) continue
      needed.add(s)
      waiting.push(s)
    }
  return needed
}

function described(kernel: Kernel): Pick<StepFlow, 'kind' | 'label'> {
  const reduces = kernel.sweeps.some((s) => s.reductions.length > 0)
  const kind = kernel.form ? 'contraction' : reduces ? 'reduction' : 'map'
  const shape = kernel.outer.map((a) => a.extent).join('×')
  return { kind, label: `${kernel.form ? kind : kernel.name}${shape && ` ${shape}`}` }
}
