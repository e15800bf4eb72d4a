/**
 * layout: the finished plan document: ports, buffers with addresses, kernels on those, the report.
 * Invariant: everything in it is JSON; buffers are numbered anew.
 * May not: change a kernel or a step.
 */
import { planTooLarge } from '../core/errors.ts'
import type { SparseLayout } from '../core/ir.ts'
import { NEXT, type Program, type Values } from '../core/program.ts'
import { sizes } from '../core/shape.ts'
import { addresses } from './addresses.ts'
import { base64 } from './base64.ts'
import type { Fused } from './kernels/fuse.ts'
import { lowerBound } from './memory/bound.ts'
import type { Strategy } from './memory/place.ts'
import type { Scheduled } from './schedule/schedule.ts'
import { sealed } from './seal.ts'
import { initialOf } from './shared-state.ts'
import { stateRegion } from './state-region.ts'
import { aligned, type Target } from './target.ts'
import type {
  MemoryReport,
  OrderReport,
  OutputPort,
  PassReport,
  PlanBuffer,
  PlanData,
  Port,
  Role,
  StatePort,
} from './types.ts'

interface Context {
  readonly placement: Strategy
  readonly threads: number
  readonly target: Target
  readonly orders: { readonly [derivative: string]: OrderReport }
  readonly passes: readonly PassReport[]
  /** Outputs that are not dense. */
  readonly layouts: ReadonlyMap<string, SparseLayout>
}

export function layout<I extends Values, S extends Values, O>(
  p: Program<I, S, O>,
  fused: Fused,
  s: Scheduled,
  c: Context,
): PlanData {
  const { buffers, arena, bound, ids } = addresses(s, c.placement)
  if (arena > 2 ** 32) throw planTooLarge(arena)
  const port = (name: string, node: Fused['inputs'][number]['node'], buffer: number): Port => ({
    name,
    buffer: ids.get(buffer)!,
    dtype: node.dtype,
    shape: sizes(node.shape, name),
  })
  const ports = fused.inputs.map(({ node, buffer }) => ({
    role: node.params['role'],
    port: port(String(node.params['name']), node, buffer),
  }))
  const state = ports
    .filter((x) => x.role === 'state')
    .map(({ port: own }, ordinal): StatePort => ({ ...own, init: initialOf(p.state[own.name]!.initial), ordinal }))
  const predictedMs = Number((s.cost.seconds * 1e3).toPrecision(4))
  const data: Omit<PlanData, 'hash'> = {
    format: 'cotangent/plan-1',
    name: p.name,
    target: c.target.name,
    threads: c.threads,
    arena,
    inputs: ports.filter((x) => x.role !== 'state').map((x) => x.port),
    outputs: fused.outputs
      .filter((o) => !o.name.startsWith(NEXT))
      .map((o) => ({ ...port(o.name, o.node, o.buffer), ...sparse(c.layouts.get(o.name)) })),
    state,
    buffers,
    kernels: s.kernels.map((k) => renumbered(k, ids)),
    steps: s.steps,
    loops: s.loops.map((l) => (l.test ? { ...l, test: { ...l.test, buffer: ids.get(l.test.buffer)! } } : l)),
    faults: fused.faults,
    memory: { ...memoryReport(buffers, arena, bound), curve: [{ bytes: arena, predictedMs }] },
    orders: c.orders,
    passes: c.passes,
    cost: { predictedMs, flops: s.cost.flops, bytes: s.cost.bytes },
  }
  return sealed(data)
}

function sparse(layout: SparseLayout | undefined): Pick<OutputPort, 'sparse'> {
  if (!layout) return {}
  const { rows, columns, indptr, indices } = layout.pattern()
  return { sparse: { format: layout.format, rows, columns, indptr: base64(indptr), indices: base64(indices) } }
}

function renumbered(
  kernel: Scheduled['kernels'][number],
  ids: ReadonlyMap<number, number>,
): Scheduled['kernels'][number] {
  const sweeps = kernel.sweeps.map((sweep) => ({
    ...sweep,
    code: sweep.code.map((i) => (i.op === 'load' ? { ...i, buffer: ids.get(i.buffer)! } : i)),
    stores: sweep.stores.map((store) => ({ ...store, buffer: ids.get(store.buffer)! })),
  }))
  return {
    ...kernel,
    sweeps,
    ...(kernel.scratch && { scratch: { ...kernel.scratch, buffer: ids.get(kernel.scratch.buffer)! } }),
  }
}

function memoryReport(buffers: readonly PlanBuffer[], arena: number, bound: number): Omit<MemoryReport, 'curve'> {
  const taken = sizesOf(buffers)
  const sum = (...roles: readonly Role[]) =>
    buffers.filter((b) => roles.includes(b.role)).reduce((n, b) => n + taken.get(b.id)!, 0)
  const blocks = buffers
    .filter((b) => b.role !== 'slice')
    .map((b) => ({ id: b.id, size: taken.get(b.id)!, first: b.live[0], last: b.live[1] }))
  const fullest = lowerBound(blocks)
  return {
    peak: arena,
    state: sum('state'),
    inputs: sum('input'),
    outputs: sum('output'),
    temporaries: sum('temporary'),
    scratch: sum('scratch'),
    naive: sum('control', 'state', 'input', 'output', 'constant', 'temporary', 'scratch'),
    bound,
    proven: bound === arena,
    alive: fullest.alive.map((b) => ({ name: buffers[b.id]!.name, bytes: buffers[b.id]!.bytes })),
  }
}

/** What each takes of the arena. State is packed, so the first of it carries what rounds all of it up. */
function sizesOf(buffers: readonly PlanBuffer[]): ReadonlyMap<number, number> {
  const state = buffers.filter((b) => b.role === 'state')
  const padding = stateRegion(state).bytes - state.reduce((n, b) => n + b.bytes, 0)
  const size = (b: PlanBuffer): number =>
    b.role === 'state' ? b.bytes + (b === state[0] ? padding : 0) : aligned(b.bytes)
  return new Map(buffers.map((b) => [b.id, size(b)]))
}
