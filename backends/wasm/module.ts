/**
 * A plan as one WebAssembly module: a function for each kernel, and `run(rank, ranks)` that walks the steps.
 * Invariant: the same plan gives the same bytes; the module touches only the plan's arena, and all ranks may run it at once.
 * Exports: run(rank, ranks) → 0, or 1 when aborted; kernel number i as k<i>(from, to, rank) over its split axis, for tests and profiles.
 * May not: decide anything that the plan has decided.
 */
import type { BufferId, Kernel } from '../../core/loops.ts'
import { expandKernel } from '../../planner/kernels/expand.ts'
import type { Loop, PlanBuffer, PlanData, Step } from '../../planner/types.ts'
import { type Code, encodeModule, type FunctionType, functionCode, I32 } from './assembler.ts'
import { callers, callsIn, type Define } from './calls.ts'
import { emitProduct, packedProduct, splitOf } from './contract.ts'
import { emitLoops, grainOf } from './loops.ts'
import type { Nest } from './loops-access.ts'
import { barrierFunction, faultFunction, shareFunction } from './module-control.ts'
import { OP } from './opcodes.ts'

/** A kernel's function, and how ranks share it: units of `grain` points of an axis of `extent`; 1 of 1 where it has none. */
export interface KernelFunction {
  readonly body: Uint8Array
  readonly extent: number
  readonly grain: number
}

const i32 = (parameters: number, results: number): FunctionType => ({
  parameters: Array.from({ length: parameters }, () => I32),
  results: Array.from({ length: results }, () => I32),
})
/** Functions that every module begins with; those that products share follow, then the kernels. */
const [FAULT, BARRIER, SHARE] = [0, 1, 2]

export function buildModule(plan: PlanData): Uint8Array {
  const functions: { type: FunctionType; body: Uint8Array; name?: string }[] = [
    { type: i32(3, 0), body: faultFunction() },
    { type: i32(1, 1), body: barrierFunction() },
    { type: i32(3, 1), body: shareFunction() },
  ]
  const known = new Map<string, number>()
  const define: Define = (name, type, build) => {
    if (!known.has(name)) known.set(name, functions.push({ type, body: build() }) - 1)
    return known.get(name)!
  }
  const buffers = new Map(plan.buffers.map((b) => [b.id, b]))
  const around = loopsAround(plan)
  const calling = callers(plan.kernels)
  const kernels = plan.kernels.map((kernel, k) => kernelFunction(buffers, kernel, define, around[k]!, calling[k]!))
  const first = functions.length
  for (const [k, { body }] of kernels.entries())
    functions.push({ type: i32(3 + around[k]!.length, 0), body, name: `k${k}` })
  functions.push({ type: i32(2, 1), body: runFunction(plan, kernels, first, buffers), name: 'run' })
  return encodeModule({ pages: Math.max(1, Math.ceil(plan.arena / 65536)), functions })
}

/** By kernel: the loops of the plan around it, outermost first. Each kernel has one step. */
function loopsAround(plan: PlanData): number[][] {
  const around = plan.kernels.map((): number[] => [])
  for (const [i, { first, last }] of plan.loops.entries())
    for (let at = first; at <= last; at++) around[plan.steps[at]!.kernel]!.push(i)
  return around
}

/** Parameters: from, to, rank, then the iteration of each loop around. */
function kernelFunction(
  buffers: ReadonlyMap<BufferId, PlanBuffer>,
  written: Kernel,
  define: Define,
  around: readonly number[],
  calls: boolean,
): KernelFunction {
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
    fault: FAULT,
    ...(calls && { call: callsIn(code, define) }),
  }
  const panels = packedProduct(kernel)
  if (panels !== undefined) {
    const split = splitOf(kernel, panels)
    emitProduct(nest, panels, (name, parameters, build) => define(name, i32(parameters, 0), build), split)
    return { body: code.finish(), extent: kernel.outer[split.axis]!.extent, grain: split.grain }
  }
  const [first] = kernel.outer
  const split = first?.kind === 'parallel'
  emitLoops(nest, split ? [{ from: 0, to: { local: 1 } }] : [])
  return { body: code.finish(), extent: split ? first.extent : 1, grain: split ? grainOf(kernel) : 1 }
}

/** Addresses of the slices that the kernel uses, in locals. */
function sliceOrigins(
  code: Code,
  kernel: Kernel,
  buffers: ReadonlyMap<BufferId, PlanBuffer>,
  around: readonly number[],
): Map<BufferId, number> {
  const origins = new Map<BufferId, number>()
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
    origins.set(id, local)
  }
  for (const sweep of kernel.sweeps) {
    for (const i of sweep.code) if (i.op === 'load') place(i.buffer)
    for (const store of sweep.stores) place(store.buffer)
  }
  return origins
}

/** Parameters of `run`. */
const [RANK, RANKS] = [0, 1]

/** Parameters: rank, ranks. Loops of the plan are loops here. */
function runFunction(
  plan: PlanData,
  kernels: readonly KernelFunction[],
  first: number,
  buffers: ReadonlyMap<BufferId, PlanBuffer>,
): Uint8Array {
  const code = functionCode(2)
  const to = code.local(I32)
  const counters = plan.loops.map(() => code.local(I32))
  const open: number[] = []
  let next = 0
  for (const [at, step] of plan.steps.entries()) {
    for (; plan.loops[next]?.first === at; next++) {
      enterLoop(code, counters[next]!)
      const { test } = plan.loops[next]!
      if (test) emitTest(code, buffers.get(test.buffer)!, test.is)
      open.push(next)
    }
    const around = open.map((i) => counters[i]!)
    emitStep(code, step, kernels[step.kernel]!, first + step.kernel, to, around)
    while (open.length > 0 && plan.loops[open.at(-1)!]!.last === at) {
      const loop = open.pop()!
      leaveLoop(code, counters[loop]!, plan.loops[loop]!, buffers)
    }
  }
  code.i32(0)
  return code.finish()
}

/** A block to leave, around a loop to repeat. */
function enterLoop(code: Code, counter: number): void {
  code.i32(0)
  code.set(counter)
  code.open(OP.block)
  code.open(OP.loop)
}

/** Leaves the loop around unless the flag is `is`. Ranks meet before it is read and after, so that none changes it meanwhile. */
function emitTest(code: Code, flag: PlanBuffer, is: boolean): void {
  emitBarrier(code)
  pushFlag(code, flag, is)
  emitBarrier(code)
  code.op(OP['i32.eqz'])
  code.target(OP.br_if, 1)
}
/** Pushes whether the flag is `is`. */
function pushFlag(code: Code, flag: PlanBuffer, is: boolean): void {
  code.i32(0)
  code.memory(OP['i32.load8_u'], flag.offset)
  if (!is) code.op(OP['i32.eqz'])
}

/** A loop in a plan runs at least once, unless its test says otherwise. */
function leaveLoop(code: Code, counter: number, loop: Loop, buffers: ReadonlyMap<BufferId, PlanBuffer>): void {
  code.get(counter)
  code.i32(1)
  code.op(OP['i32.add'])
  code.tee(counter)
  code.i32(loop.count)
  code.op(OP['i32.lt_s'])
  code.target(OP.br_if, 0)
  if (loop.test && loop.fault !== undefined) {
    emitBarrier(code)
    pushFlag(code, buffers.get(loop.test.buffer)!, loop.test.is)
    emitBarrier(code)
    code.open(OP.if)
    code.i32(loop.fault)
    code.i32(loop.count)
    code.i32(0)
    code.target(OP.call, FAULT)
    code.op(OP.end)
  }
  code.op(OP.end)
  code.op(OP.end)
}

/** Ranks meet; returns 1 where they were told to stop. */
function emitBarrier(code: Code): void {
  code.get(RANKS)
  code.target(OP.call, BARRIER)
  code.open(OP.if)
  code.i32(1)
  code.op(OP.return)
  code.op(OP.end)
}

function emitStep(
  code: Code,
  step: Step,
  { extent, grain }: KernelFunction,
  target: number,
  to: number,
  around: readonly number[],
): void {
  const share = (units: number, one: number): void => {
    code.i32(units)
    code.get(RANK)
    code.i32(one)
    code.op(OP['i32.add'])
    code.get(RANKS)
    code.target(OP.call, SHARE)
  }
  const units = Math.ceil(extent / grain)
  const alone = step.ranks === 'one' || units <= 1
  if (alone) {
    code.get(RANK)
    code.op(OP['i32.eqz'])
    code.open(OP.if)
    code.i32(0)
    code.i32(extent)
  } else {
    share(units, 0)
    code.i32(grain)
    code.op(OP['i32.mul'])
    share(units, 1)
    code.i32(grain)
    code.op(OP['i32.mul'])
    code.tee(to)
    code.i32(extent)
    code.get(to)
    code.i32(extent)
    code.op(OP['i32.lt_s'])
    code.op(OP.select)
  }
  code.get(RANK)
  for (const counter of around) code.get(counter)
  code.target(OP.call, target)
  if (alone) code.op(OP.end)
  if (step.barrier) emitBarrier(code)
}
