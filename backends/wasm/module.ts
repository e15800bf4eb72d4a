/**
 * A plan as one WebAssembly module: a function for each kernel, and `run(rank, ranks)` that walks the steps.
 * Invariant: the same plan gives the same bytes; the module touches only the plan's arena, and all ranks may run it at once.
 * Exports: run(rank, ranks) → 0, or 1 when aborted; kernel number i as k<i>(from, to, rank) over its split axis, for tests and profiles.
 * May not: decide anything that the plan has decided.
 */
import type { BufferId, Kernel } from '../../core/loops.ts'
import { expandKernel } from '../../planner/kernels/expand.ts'
import type { PlanBuffer, PlanData } from '../../planner/types.ts'
import { encodeModule, type FunctionType, functionCode, I32 } from './assembler.ts'
import { emitProduct, packedProduct, type Shared, splitOf } from './contract.ts'
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
  const shared: Shared = (name, parameters, build) => {
    if (!known.has(name)) known.set(name, functions.push({ type: i32(parameters, 0), body: build() }) - 1)
    return known.get(name)!
  }
  const buffers = new Map(plan.buffers.map((b) => [b.id, b]))
  const kernels = plan.kernels.map((kernel) => kernelFunction(buffers, expandKernel(kernel), shared))
  const first = functions.length
  for (const [k, { body }] of kernels.entries()) functions.push({ type: i32(3, 0), body, name: `k${k}` })
  functions.push({ type: i32(2, 1), body: runFunction(plan, kernels, first), name: 'run' })
  return encodeModule({ pages: Math.max(1, Math.ceil(plan.arena / 65536)), functions })
}

/** Parameters: from, to, rank. */
function kernelFunction(buffers: ReadonlyMap<BufferId, PlanBuffer>, kernel: Kernel, shared: Shared): KernelFunction {
  const code = functionCode(3)
  const nest: Nest = { code, kernel, buffers, origins: new Map(), cursors: new Map(), axes: [], fault: FAULT }
  const panels = packedProduct(kernel)
  if (panels !== undefined) {
    const split = splitOf(kernel, panels)
    emitProduct(nest, panels, shared, split)
    return { body: code.finish(), extent: kernel.outer[split.axis]!.extent, grain: split.grain }
  }
  const [first] = kernel.outer
  const split = first?.kind === 'parallel'
  emitLoops(nest, split ? [{ from: 0, to: { local: 1 } }] : [])
  return { body: code.finish(), extent: split ? first.extent : 1, grain: split ? grainOf(kernel) : 1 }
}

/** Parameters: rank, ranks. */
function runFunction(plan: PlanData, kernels: readonly KernelFunction[], first: number): Uint8Array {
  const [rank, ranks] = [0, 1]
  const code = functionCode(2)
  const to = code.local(I32)
  const share = (units: number, one: number): void => {
    code.i32(units)
    code.get(rank)
    code.i32(one)
    code.op(OP['i32.add'])
    code.get(ranks)
    code.target(OP.call, SHARE)
  }
  for (const step of plan.steps) {
    const { extent, grain } = kernels[step.kernel]!
    const units = Math.ceil(extent / grain)
    const alone = step.ranks === 'one' || units <= 1
    if (alone) {
      code.get(rank)
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
    code.get(rank)
    code.target(OP.call, first + step.kernel)
    if (alone) code.op(OP.end)
    if (!step.barrier) continue
    code.get(ranks)
    code.target(OP.call, BARRIER)
    code.open(OP.if)
    code.i32(1)
    code.op(OP.return)
    code.op(OP.end)
  }
  code.i32(0)
  return code.finish()
}
