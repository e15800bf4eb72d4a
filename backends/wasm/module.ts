/**
 * A plan as one WebAssembly module: a function for each kernel, or for a loop of straight-line kernels, and `run(rank, ranks)` that walks the steps.
 * Invariant: the same plan gives the same bytes; the module touches only the plan's arena, and all ranks may run it at once.
 * Exports: run(rank, ranks) → 0, or 1 when aborted; kernel number i, unless it is in such a loop, as k<i>(from, to, rank) over its split axis, or a product's blocks, for tests and profiles.
 * May not: decide anything that the plan has decided.
 */
import type { BufferId, Kernel } from '../../core/loops.ts'
import { costOf } from '../../planner/cost.ts'
import { expandKernel } from '../../planner/kernels/expand.ts'
import { wasmTarget } from '../../planner/target.ts'
import type { PlanBuffer, PlanData } from '../../planner/types.ts'
import { type Code, encodeModule, type FunctionType, functionCode, I32 } from './assembler.ts'
import { callers, callsIn, type Define } from './calls.ts'
import { chunksOf, emitChunks } from './chunks.ts'
import { blocksOf, emitProduct, packedProduct } from './contract.ts'
import { isFused } from './fused.ts'
import { MOST_TICKETS, TICKETS } from './layout.ts'
import { inRegisters, registerLoop } from './loop-registers.ts'
import { emitLoops, grainOf } from './loops.ts'
import type { Nest, Origin } from './loops-access.ts'
import { barrierFunction, faultFunction, shareFunction } from './module-control.ts'
import { runFunction } from './module-run.ts'
import { marksOf } from './module-spans.ts'
import type { KernelFunction } from './module-step.ts'
import { OP } from './opcodes.ts'

const i32 = (parameters: number, results: number): FunctionType => ({
  parameters: Array.from({ length: parameters }, () => I32),
  results: Array.from({ length: results }, () => I32),
})
/** `profiled`: it imports `env.mark(rank, span, what)` and calls it around what `spansOf` names. */
export function buildModule(plan: PlanData, profiled = false): Uint8Array {
  const imports = profiled ? [{ type: i32(3, 0), name: 'mark' }] : []
  // Functions that every module begins with; those that products share follow, then the kernels and loops.
  const own = imports.length
  const base = { fault: own, barrier: own + 1, share: own + 2 }
  const functions: { type: FunctionType; body: Uint8Array; name?: string }[] = [
    { type: i32(3, 0), body: faultFunction() },
    { type: i32(1, 1), body: barrierFunction() },
    { type: i32(3, 1), body: shareFunction() },
  ]
  const known = new Map<string, number>()
  const define: Define = (name, type, build) => {
    if (!known.has(name)) known.set(name, own + functions.push({ type, body: build() }) - 1)
    return known.get(name)!
  }
  const buffers = new Map(plan.buffers.map((b) => [b.id, b]))
  const around = loopsAround(plan)
  const calling = callers(plan.kernels)
  const tickets = ticketsOf(plan)
  const fused = isFused(plan)
  const loops = new Map<number, number>()
  for (const i of plan.loops.keys()) {
    if (!inRegisters(plan, i)) continue
    const outer = around[plan.steps[plan.loops[i]!.first]!.kernel]!.filter((l) => l < i)
    const body = registerLoop({ plan, loop: i, around: outer, buffers, define, calling, fault: base.fault })
    loops.set(i, own + functions.push({ type: i32(outer.length, 0), body }) - 1)
  }
  const kernels = plan.kernels.map((kernel, k): KernelFunction | undefined => {
    if (around[k]!.some((l) => loops.has(l))) return undefined
    const site = {
      buffers,
      define,
      around: around[k]!,
      calls: calling[k]!,
      fault: base.fault,
      ticket: tickets.get(k),
      fused,
      alone: plan.threads === 1,
    }
    const { body, ...shared } = kernelFunction(kernel, site)
    const index = own + functions.push({ type: i32(3 + around[k]!.length, 0), body, name: `k${k}` }) - 1
    return { index, ...shared }
  })
  const parts = { plan, kernels, loops, buffers, ...base, ...(profiled && { marks: marksOf(plan) }) }
  functions.push({ type: i32(2, 1), body: runFunction(parts), name: 'run' })
  return encodeModule({ pages: Math.max(1, Math.ceil(plan.arena / 65536)), functions, imports })
}

/** By kernel: the loops of the plan around it, outermost first. Each kernel has one step. */
function loopsAround(plan: PlanData): number[][] {
  const around = plan.kernels.map((): number[] => [])
  for (const [i, { first, last }] of plan.loops.entries())
    for (let at = first; at <= last; at++) around[plan.steps[at]!.kernel]!.push(i)
  return around
}

interface KernelSite {
  readonly buffers: ReadonlyMap<BufferId, PlanBuffer>
  readonly define: Define
  /** Loops around. */
  readonly around: readonly number[]
  readonly calls: boolean
  readonly fault: number
  /** Word of the control area. */
  readonly ticket: number | undefined
  readonly fused: boolean
  /** No other rank runs the plan. */
  readonly alone: boolean
}

/** By kernel: the word from which ranks take its blocks. Steps between two barriers have words of their own, as far as there are. */
function ticketsOf({ steps, kernels, loops }: PlanData): Map<number, number> {
  const tickets = new Map<number, number>()
  const ends = new Set(loops.flatMap((l) => (l.barrier ? [l.last] : [])))
  let used = 0
  for (const [at, { kernel, ranks, barrier }] of steps.entries()) {
    if (ranks === 'all' && used < MOST_TICKETS && packedProduct(kernels[kernel]!)) tickets.set(kernel, TICKETS + used++)
    if (barrier || ends.has(at)) used = 0
  }
  return tickets
}

/** Parameters: from, to, rank, then the iteration of each loop around. */
function kernelFunction(
  written: Kernel,
  { buffers, define, around, calls, fault, ticket, fused, alone }: KernelSite,
): Omit<KernelFunction, 'index'> & { readonly body: Uint8Array } {
  const kernel = calls ? written : expandKernel(written)
  const code = functionCode(3 + around.length)
  const origins = sliceOrigins(code, kernel, buffers, around)
  const nest: Nest = {
    code,
    kernel,
    buffers,
    origins,
    cursors: new Map(),
    axes: [],
    fault,
    fused,
    ...(calls && { call: callsIn(code, define) }),
  }
  const panels = packedProduct(kernel)
  if (panels !== undefined) {
    emitProduct(nest, panels, (name, parameters, build) => define(name, i32(parameters, 0), build), ticket)
    return { body: code.finish(), extent: blocksOf(kernel, panels), grain: 1, pieces: 1, taken: ticket !== undefined }
  }
  const chunks = alone ? chunksOf(kernel, buffers) : undefined
  if (chunks) {
    emitChunks(nest, chunks)
    return { body: code.finish(), extent: chunks.count, grain: 1, pieces: piecesOf(written) }
  }
  const [first] = kernel.outer
  const split = first?.kind === 'parallel'
  emitLoops(nest, split ? [{ from: 0, to: { local: 1 } }] : [])
  const pieces = split ? piecesOf(written) : 1
  return { body: code.finish(), extent: split ? first.extent : 1, grain: split ? grainOf(kernel) : 1, pieces }
}

/** Seconds of a call that is worth making; and the most of them, which is enough for better code to be there. */
const [PIECE, MOST] = [0.5e-3, 64]
/** Calls in which a long kernel is run. A product calls functions of its own often enough. */
const piecesOf = (kernel: Kernel): number =>
  Math.max(1, Math.min(MOST, Math.floor(costOf(kernel, wasmTarget).seconds / PIECE)))

/** Addresses of the slices that the kernel uses, in locals. */
function sliceOrigins(
  code: Code,
  kernel: Kernel,
  buffers: ReadonlyMap<BufferId, PlanBuffer>,
  around: readonly number[],
): Map<BufferId, Origin> {
  const origins = new Map<BufferId, Origin>()
  const place = (id: BufferId): void => {
    const b = buffers.get(id)!
    if (!b.moves || origins.has(id)) return
    code.i32(b.offset)
    for (const { loop, stride } of b.moves) {
      code.get(3 + around.indexOf(loop))
      code.i32(stride)
      code.op(OP['i32.mul'])
      code.op(OP['i32.add'])
    }
    const local = code.local(I32)
    code.set(local)
    origins.set(id, { local, offset: 0 })
  }
  for (const sweep of kernel.sweeps) {
    for (const i of sweep.code) if (i.op === 'load') place(i.buffer)
    for (const store of sweep.stores) place(store.buffer)
  }
  return origins
}
