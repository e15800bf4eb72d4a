/**
 * layout: addresses for everything, and the finished plan document.
 * Invariant: persistent buffers (control, state, inputs, constants) come first, state contiguous; the rest shares memory by lifetime.
 * May not: change a kernel or a step.
 */
import { planTooLarge } from '../core/errors.ts'
import type { TypedArray } from '../core/ir.ts'
import type { Program, Values } from '../core/program.ts'
import { NEXT } from '../core/program.ts'
import { encodeNumber } from '../core/scalar.ts'
import { bytesOf, count, sizes } from '../core/shape.ts'
import { total } from './cost.ts'
import type { Fused } from './kernels/fuse.ts'
import { lowerBound } from './memory/bound.ts'
import { place } from './memory/place.ts'
import { lifetimes } from './schedule/lifetimes.ts'
import type { Scheduled } from './schedule/schedule.ts'
import { ALIGN, type Target } from './target.ts'
import type { InitialValue, MemoryReport, OrderReport, PassReport, PlanBuffer, PlanData, Port, Role, StatePort } from './types.ts'

interface Context {
  readonly placement: 'greedy' | 'naive'
  readonly threads: number
  readonly target: Target
  readonly orders: { readonly [derivative: string]: OrderReport }
  readonly passes: readonly PassReport[]
}

const persistent: readonly Role[] = ['control', 'state', 'input', 'constant']
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN

export function layout<I extends Values, S extends Values, O>(p: Program<I, S, O>, fused: Fused, s: Scheduled, c: Context): PlanData {
  const { buffers, arena, ids } = buffersOf(s, c)
  const port = (name: string, node: Fused['inputs'][number]['node'], buffer: number): Port => ({ name, buffer: ids.get(buffer)!, dtype: node.dtype, shape: sizes(node.shape, name) })
  const ports = fused.inputs.map(({ node, buffer }) => ({ role: node.params['role'], port: port(String(node.params['name']), node, buffer) }))
  const state = ports.filter((x) => x.role === 'state').map(({ port: own }, ordinal): StatePort => ({ ...own, init: initialOf(p.state[own.name]!.initial), ordinal }))
  const costs = total(s.costs)
  const data: Omit<PlanData, 'hash'> = {
    format: 'cotangent/plan-1',
    name: p.name,
    target: c.target.name,
    threads: c.threads,
    arena,
    inputs: ports.filter((x) => x.role !== 'state').map((x) => x.port),
    outputs: fused.outputs.filter((o) => !o.name.startsWith(NEXT)).map((o) => port(o.name, o.node, o.buffer)),
    state,
    buffers,
    kernels: s.kernels.map((k) => renumbered(k, ids)),
    steps: s.steps,
    faults: fused.faults,
    memory: memoryReport(buffers, arena),
    orders: c.orders,
    passes: c.passes,
    cost: { predictedMs: Number((costs.seconds * 1e3).toPrecision(4)), flops: costs.flops, bytes: costs.bytes },
  }
  return deepFreeze({ ...data, hash: hashOf(JSON.stringify(data)) })
}

const initialOf = (init: object): InitialValue =>
  Object.fromEntries(Object.entries(init).map(([k, v]) => [k, typeof v === 'number' ? encodeNumber(v) : String(v)])) as unknown as InitialValue

/** Used buffers with addresses, numbered anew in the order of their addresses' makers. */
function buffersOf(s: Scheduled, c: Context): { buffers: readonly PlanBuffer[]; arena: number; ids: ReadonlyMap<number, number> } {
  const touched = new Set(s.accesses.flatMap((a) => [...a.reads, ...a.writes]))
  const values = s.values.filter((v) => v.role !== 'temporary' || touched.has(v.id))
  const live = lifetimes(s.accesses, s.steps, values)
  const bytes = new Map(values.map((v) => [v.id, count(v.shape) * bytesOf[v.dtype]]))
  const offsets = new Map<number, number>()
  let base = 0
  for (const role of persistent)
    for (const v of values.filter((x) => x.role === role)) {
      offsets.set(v.id, base)
      base += aligned(bytes.get(v.id)!)
    }
  const shared = values.filter((v) => !persistent.includes(v.role))
  const blocks = shared.map((v) => ({ id: v.id, size: aligned(bytes.get(v.id)!), first: live.get(v.id)![0], last: live.get(v.id)![1] }))
  const placed = place(blocks, { strategy: c.placement })
  for (const [id, offset] of placed.offsets) offsets.set(id, base + offset)
  const ids = new Map(values.map((v, i) => [v.id, i]))
  const buffers = values.map((v, id): PlanBuffer => ({
    id,
    name: v.name,
    role: v.role,
    dtype: v.dtype,
    shape: v.shape,
    bytes: bytes.get(v.id)!,
    offset: offsets.get(v.id)!,
    live: live.get(v.id)!,
    ...(v.data && { data: base64(v.data) }),
  }))
  const arena = base + placed.peak
  if (arena > 2 ** 32) throw planTooLarge(arena)
  return { buffers, arena, ids }
}

function renumbered(kernel: Scheduled['kernels'][number], ids: ReadonlyMap<number, number>): Scheduled['kernels'][number] {
  const sweeps = kernel.sweeps.map((sweep) => ({
    ...sweep,
    code: sweep.code.map((i) => (i.op === 'load' ? { ...i, buffer: ids.get(i.buffer)! } : i)),
    stores: sweep.stores.map((store) => ({ ...store, buffer: ids.get(store.buffer)! })),
  }))
  return { ...kernel, sweeps, ...(kernel.scratch && { scratch: { ...kernel.scratch, buffer: ids.get(kernel.scratch.buffer)! } }) }
}

function memoryReport(buffers: readonly PlanBuffer[], arena: number): MemoryReport {
  const sum = (...roles: readonly Role[]) => buffers.filter((b) => roles.includes(b.role)).reduce((n, b) => n + aligned(b.bytes), 0)
  const blocks = buffers.map((b) => ({ id: b.id, size: aligned(b.bytes), first: b.live[0], last: b.live[1] }))
  const bound = lowerBound(blocks)
  return {
    peak: arena,
    state: sum('state'),
    inputs: sum('input'),
    outputs: sum('output'),
    temporaries: sum('temporary'),
    scratch: sum('scratch'),
    naive: sum('control', 'state', 'input', 'output', 'constant', 'temporary', 'scratch'),
    bound: bound.bytes,
    proven: bound.bytes === arena,
    alive: bound.alive.map((b) => ({ name: buffers[b.id]!.name, bytes: buffers[b.id]!.bytes })),
  }
}

/** Little-endian bytes as base64. */
function base64(data: TypedArray): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  let text = ''
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return btoa(text)
}

/** FNV-1a, twice with different offsets: 64 bits as hexadecimal. */
function hashOf(text: string): string {
  let [a, b] = [0x811c9dc5, 0x01234567]
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    a = Math.imul(a ^ c, 0x01000193)
    b = Math.imul(b ^ c, 0x01000193) ^ (b >>> 15)
  }
  return [a, b].map((x) => (x >>> 0).toString(16).padStart(8, '0')).join('')
}

/** Frozen all the way down; a stack instead of recursion. */
function deepFreeze<T extends object>(value: T): T {
  const stack: object[] = [value]
  while (stack.length > 0) {
    const top = stack.pop()!
    Object.freeze(top)
    for (const child of Object.values(top)) if (typeof child === 'object' && child !== null && !Object.isFrozen(child)) stack.push(child as object)
  }
  return value
}
