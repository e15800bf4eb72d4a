/**
 * One way of cutting loops: its kernels in the order in which they run, the plan that keeps everything, and plans in which some run again.
 * Invariant: every plan of it has the same kernels and gives the same bits. May not: choose what runs again.
 */
import type { Graph } from '../../core/ir.ts'
import type { Kernel } from '../../core/loops.ts'
import { costOfItems } from '../cost.ts'
import { nameOf, tableFrom } from '../kernels/buffers.ts'
import type { Fused } from '../kernels/fuse.ts'
import type { Item } from '../kernels/items.ts'
import { lowOrder } from '../schedule/order.ts'
import { orderProblem } from '../schedule/order-problem.ts'
import { updatesOf } from '../schedule/schedule.ts'
import { aligned, type Target } from '../target.ts'
import type { BudgetReport, PlanData, Role } from '../types.ts'
import { runAgain } from './again.ts'
import type { Replay } from './replay.ts'
import { type Timeline, timelineOf } from './timeline.ts'

/** The stages of planning that are repeated. */
export interface Stages {
  readonly target: Target
  readonly threads: number
  fuse(graph: Graph): Fused
  /** Schedules and places; may change the table. */
  finish(fused: Fused, graph: Graph): PlanData
}

/** A plan, and what was done for it to fit. */
export interface Fitting {
  readonly data: PlanData
  readonly report: BudgetReport
}

/** One way of cutting loops, everything else kept. */
export interface Candidate {
  readonly graph: Graph
  /** Its items in the order in which they run. */
  readonly fused: Fused
  readonly plain: PlanData
  /** Bytes that persist. */
  readonly base: number
  readonly timeline: Timeline
  /** Below these bytes there is no plan of it; and the name of what needs them at once. */
  readonly least: { readonly bytes: number; readonly name: string }
}

export function candidate(graph: Graph, stages: Stages): Candidate {
  const fused = stages.fuse(graph)
  const { target, threads } = stages
  const scratch = (kernel: Kernel): number => {
    const { shared, perRank } = target.scratch(kernel)
    return shared + perRank * threads
  }
  const updates = updatesOf(fused)
  const order = lowOrder(orderProblem(fused.items, updates, fused.table, scratch))
  const items = order.map((i) => fused.items[i]!)
  const seconds = (item: Item<Kernel>): number => costOfItems([item], target).seconds
  const timeline = timelineOf(items, updates, fused.table, { seconds, scratch })
  const plain = stages.finish({ ...fused, table: tableFrom(fused.table.values) }, graph)
  const parts = { graph, fused: { ...fused, items }, plain, base: baseOf(plain), timeline }
  return { ...parts, least: leastOf(parts) }
}

const persistent: ReadonlySet<Role> = new Set<Role>(['control', 'state', 'input', 'constant'])
const baseOf = ({ buffers }: PlanData): number =>
  aligned(buffers.reduce((end, b) => (persistent.has(b.role) ? Math.max(end, b.offset + b.bytes) : end), 0))

export function remade(budget: number, c: Candidate, whole: PlanData, replay: Replay, stages: Stages): Fitting {
  const { graph, fused, timeline } = c
  const table = tableFrom(fused.table.values)
  const items = runAgain(fused.items, table, timeline, replay.runs)
  const again = replay.runs.filter((r) => r.again).length
  return fitting(budget, c, whole, stages.finish({ ...fused, table, items }, graph), again)
}

export function fitting(bytes: number, c: Candidate, whole: PlanData, data: PlanData, again: number): Fitting {
  const extraMs = Number(Math.max(0, data.cost.predictedMs - whole.cost.predictedMs).toPrecision(4))
  const loops = c.plain.loops.length - whole.loops.length
  return { data, report: { bytes, again, loops, extraMs, keptBytes: whole.arena } }
}

/**
 * What has to be in memory at once, whatever runs again and in whatever order: by moment, what persists, scratch, operands and results. What
 * only a loop itself reads may share memory inside, and does not count.
 */
function needsOf({ timeline: t, base }: Pick<Candidate, 'timeline' | 'base'>): readonly number[] {
  const sum = (list: readonly number[]): number => list.reduce((n, v) => n + t.values[v]!.bytes, 0)
  return t.moments.map((m, at) => {
    const seen = m.writes.filter((v) => t.values[v]!.output || t.values[v]!.readers.some((r) => r !== at))
    return base + m.scratch + sum([...m.reads, ...seen]) - sum(m.reuses.map(([made]) => made))
  })
}

/** The largest of `needsOf`, and the name of what needs it. */
function leastOf(c: Omit<Candidate, 'least'>): Candidate['least'] {
  const { timeline: t, fused, base, plain } = c
  const needs = needsOf(c)
  const bytes = needs.reduce((a, b) => Math.max(a, b), base)
  const own = t.moments[needs.indexOf(bytes)]
  const largest = own?.writes.toSorted((a, b) => t.values[b]!.bytes - t.values[a]!.bytes)[0]
  return { bytes, name: largest === undefined ? plain.name : nameOf(fused.table.values[t.values[largest]!.buffer]!) }
}
