/**
 * A recording of runs as people and tools read it: rows, a table, a trace for Perfetto or chrome://tracing.
 * Invariant: derived from the plan and the recording alone.
 * May not: be asked for while a run is in progress.
 */
import { costOf } from '../planner/cost.ts'
import { size } from '../planner/explain.ts'
import { wasmTarget } from '../planner/target.ts'
import type { PlanData } from '../planner/types.ts'
import { type Recording, type Span, totalsOf } from './recorder.ts'

/** One span of one rank. Milliseconds, bytes and operations are sums over all calls. */
export interface ProfileRow {
  /** Steps of the plan: one, or those of a loop that is one function. */
  readonly steps: readonly [first: number, last: number]
  readonly name: string
  readonly rank: number
  readonly calls: number
  readonly ms: number
  /** Waiting for the other ranks after it. */
  readonly waitMs: number
  /** Read and written between memory and registers, as the planner counts them. None where a test decides how often a loop runs. */
  readonly bytes?: number
  readonly flops?: number
}

/** The Trace Event Format: `JSON.stringify` of it opens in Perfetto. Times are in microseconds. */
export interface Trace {
  readonly displayTimeUnit: 'ms'
  readonly traceEvents: readonly TraceEvent[]
}
export interface TraceEvent {
  readonly name: string
  readonly ph: 'X' | 'M'
  readonly pid: number
  readonly tid: number
  readonly cat?: string
  readonly ts?: number
  readonly dur?: number
  readonly args?: { readonly [name: string]: string | number }
}

export interface Profile {
  readonly name: string
  readonly runs: number
  /** Of rank 0, from the first step of each run to the end of its last. */
  readonly ms: number
  readonly rows: readonly ProfileRow[]
  /** The rows as text, slowest step first. */
  table(): string
  /** The latest events of each rank. */
  trace(): Trace
}

export function profileOf(plan: PlanData, recording: Recording): Profile {
  const ranks = totalsOf(recording)
  const work = recording.spans.map((span) => workOf(plan, span))
  const names = recording.spans.map((span) => nameOf(plan, span))
  const rows = recording.spans.flatMap(({ first, last }, s): ProfileRow[] => {
    const sharing = ranks.filter(({ spans }) => spans[s]!.calls > 0).length
    return ranks.flatMap(({ spans }, rank) => {
      const { calls, ms, waits, waitMs } = spans[s]!
      if (calls + waits === 0) return []
      const { bytes, flops } = work[s] ?? {}
      const part = calls / Math.max(1, sharing)
      return {
        ...{ steps: [first, last] as const, name: names[s]!, rank, calls, ms, waitMs },
        ...(bytes !== undefined && flops !== undefined && { bytes: part * bytes, flops: part * flops }),
      }
    })
  })
  const [{ runs, ms } = { runs: 0, ms: 0 }] = ranks.filter((r) => r.runs > 0)
  return Object.freeze({
    ...{ name: plan.name, runs, ms, rows },
    table: () => table(plan, runs, ms, rows),
    trace: () => trace(plan.name, ranks, names),
  })
}

/** Of one call; none where a test decides how often a loop inside runs. */
function workOf(
  plan: PlanData,
  { first, last, loop }: Span,
): { readonly bytes: number; readonly flops: number } | undefined {
  const inside = loop === undefined ? [] : plan.loops.filter((l, i) => i >= loop && l.last <= last)
  if (inside.some((l) => l.test)) return undefined
  let [bytes, flops] = [0, 0]
  for (let at = first; at <= last; at++) {
    const times = inside.reduce((n, l) => (l.first <= at && at <= l.last ? n * l.count : n), 1)
    const cost = costOf(plan.kernels[plan.steps[at]!.kernel]!, wasmTarget)
    bytes += times * cost.bytes
    flops += times * cost.flops
  }
  return { bytes, flops }
}

function nameOf(plan: PlanData, { first, last, loop }: Span): string {
  const names = new Set<string>()
  for (let at = first; at <= last; at++) {
    const { sweeps } = plan.kernels[plan.steps[at]!.kernel]!
    for (const store of sweeps.flatMap((s) => s.stores)) names.add(plan.buffers[store.buffer]!.name)
  }
  return `${loop === undefined ? '' : `loop × ${plan.loops[loop]!.count}: `}${[...names].join(', ')}`
}

const WIDEST = 44

function table({ name, target }: PlanData, runs: number, ms: number, rows: readonly ProfileRow[]): string {
  const spent = new Map<number, number>()
  for (const row of rows) spent.set(row.steps[0], Math.max(spent.get(row.steps[0]) ?? 0, row.ms))
  const sorted = [...rows].sort((a, b) => spent.get(b.steps[0])! - spent.get(a.steps[0])! || a.rank - b.rank)
  const per = Math.max(1, runs)
  const lines = sorted.map(({ steps: [first, last], rank, calls, name, waitMs, bytes, flops, ...row }) => [
    first === last ? String(first) : `${first}-${last}`,
    name.length > WIDEST ? `${name.slice(0, WIDEST - 1)}…` : name,
    String(rank),
    String(calls / per),
    (row.ms / per).toPrecision(3),
    `${((100 * row.ms) / (ms || 1)).toFixed(1)} %`,
    (waitMs / per).toPrecision(2),
    bytes === undefined ? '' : size(bytes / per),
    bytes === undefined || row.ms === 0 ? '' : (bytes / row.ms / 1e6).toPrecision(3),
    flops === undefined || row.ms === 0 ? '' : (flops / row.ms / 1e6).toPrecision(3),
  ])
  const head = ['step', 'stores', 'rank', 'calls', 'ms', 'of run', 'wait ms', 'bytes', 'GB/s', 'GFLOP/s']
  const widths = head.map((h, i) => Math.max(h.length, ...lines.map((l) => l[i]!.length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((c, i) => (i === 1 ? c.padEnd(widths[i]!) : c.padStart(widths[i]!)))
      .join('  ')
      .trimEnd()
  const title = `profile  ${name}    ${runs} run${runs === 1 ? '' : 's'} · ${(ms / per).toPrecision(3)} ms each · ${target}; figures are of one run`
  return [title, line(head), ...lines.map(line)].join('\n')
}

function trace(program: string, ranks: ReturnType<typeof totalsOf>, names: readonly string[]): Trace {
  const start = Math.min(...ranks.flatMap(({ events }) => events.map((e) => e.from)))
  // Eighths of a microsecond are whole nanoseconds and exact numbers: Perfetto counts in those, and drops events that overlap by one.
  const at = (ms: number): number => Math.round(8000 * (ms - start)) / 8
  const traceEvents = ranks.flatMap(({ events }, rank): TraceEvent[] => {
    // Thread 0 means an idle processor.
    const thread = { pid: 1, tid: rank + 1 }
    const shown = events.map(({ span, wait, from, to }): TraceEvent => {
      const name = span === undefined ? 'run' : wait ? 'wait' : names[span]!
      const cat = span === undefined ? 'run' : wait ? 'wait' : 'step'
      return { name, cat, ph: 'X', ...thread, ts: at(from), dur: at(to) - at(from) }
    })
    return [{ name: 'thread_name', ph: 'M', ...thread, args: { name: `rank ${rank}` } }, ...shown]
  })
  const process: TraceEvent = { name: 'process_name', ph: 'M', pid: 1, tid: 1, args: { name: program } }
  return { displayTimeUnit: 'ms', traceEvents: [process, ...traceEvents] }
}
