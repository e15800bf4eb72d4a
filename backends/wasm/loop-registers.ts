/**
 * A loop of straight-line kernels as one function: what iterations hand on, and what they all read, stays in locals; only slices are loaded
 * and stored as the loop goes on.
 * Invariant: afterwards memory is as if every iteration had stored everything, but for what nobody reads any more.
 * May not: change what a kernel computes.
 */
import type { BufferId, Kernel, Store } from '../../core/loops.ts'
import { expandKernel } from '../../planner/kernels/expand.ts'
import type { PlanBuffer, PlanData } from '../../planner/types.ts'
import { type Code, functionCode, I32 } from './assembler.ts'
import { callsIn, type Define } from './calls.ts'
import { loadScalar, type Place, storeScalar } from './emit-memory.ts'
import { newValue, push, SHIFT, type Value } from './emit-value.ts'
import { emitStore, type Nest, type Origin } from './loops-access.ts'
import { emitLevel, pointOf, type Spot } from './loops-code.ts'
import { advance } from './loops-forms.ts'
import { frameOf } from './loops-frame.ts'
import { pushFlag, reportSteps } from './module-run.ts'
import { OP } from './opcodes.ts'

/** Instructions of all kernels of a loop together. */
const MOST = 6000

/** Whether loop `i` is worth a function of its own: rank 0's alone, without loops inside, and straight-line code throughout. */
export function inRegisters(plan: PlanData, i: number): boolean {
  const { first, last, count } = plan.loops[i]!
  const around = plan.loops.filter((l) => l.first <= first && l.last >= last)
  const inside = plan.loops.some((l, k) => k > i && l.first >= first && l.last <= last)
  if (count < 2 || inside || !around.some((l) => l.alone)) return false
  const kernels = plan.steps.slice(first, last + 1).map((s) => plan.kernels[s.kernel]!)
  const size = kernels.reduce((n, k) => n + k.sweeps.reduce((m, s) => m + s.code.length, 0), 0)
  return size <= MOST && kernels.every(isStraight) && !overlapping(plan, kernels)
}

function isStraight(kernel: Kernel): boolean {
  const [sweep] = kernel.sweeps
  return (
    kernel.outer.length === 0 &&
    kernel.sweeps.length === 1 &&
    kernel.scratch === undefined &&
    sweep!.inner.length === 0 &&
    sweep!.reductions.length === 0 &&
    sweep!.stores.every((s) => !s.guards && !s.accumulate && !s.map.indirect) &&
    sweep!.code.every((i) => i.op !== 'bounded' && (i.op !== 'load' || !(i.guards || i.map.indirect)))
  )
}

/** Whether some buffer is used both by slices and as a whole. */
function overlapping(plan: PlanData, kernels: readonly Kernel[]): boolean {
  const buffers = new Map(plan.buffers.map((b) => [b.id, b]))
  const [wholes, parted] = [new Set<BufferId>(), new Set<BufferId>()]
  for (const id of usedBy(kernels)) {
    let b = buffers.get(id)!
    const slice = b.of !== undefined
    while (b.of !== undefined) b = buffers.get(b.of)!
    ;(slice ? parted : wholes).add(b.id)
  }
  return [...parted].some((id) => wholes.has(id))
}

function usedBy(kernels: readonly Kernel[]): Set<BufferId> {
  const used = new Set<BufferId>()
  for (const { sweeps } of kernels)
    for (const { code, stores } of sweeps) {
      for (const i of code) if (i.op === 'load') used.add(i.buffer)
      for (const s of stores) used.add(s.buffer)
    }
  return used
}

export interface LoopParts {
  readonly plan: PlanData
  readonly loop: number
  /** Loops around it: the function's parameters are their iterations. */
  readonly around: readonly number[]
  readonly buffers: ReadonlyMap<BufferId, PlanBuffer>
  readonly define: Define
  /** By kernel: whether it calls its transcendentals. */
  readonly calling: readonly boolean[]
  readonly fault: number
}

/** An element that has a local for the length of the loop. */
interface Register {
  readonly buffer: PlanBuffer
  readonly element: number
  readonly value: Value
  stored: boolean
}

export function registerLoop(parts: LoopParts): Uint8Array {
  const { plan, loop, around, buffers } = parts
  const { first, last } = plan.loops[loop]!
  const code = functionCode(around.length)
  const steps = plan.steps.slice(first, last + 1).map(({ kernel: k }) => {
    const calls = parts.calling[k]!
    return { calls, kernel: calls ? plan.kernels[k]! : expandKernel(plan.kernels[k]!) }
  })
  const kernels = steps.map((s) => s.kernel)
  const registers = registersOf(code, kernels, buffers)
  const { origins, moves } = moving(code, parts, kernels)
  for (const r of registers.values()) {
    loadScalar(code, placeOf(code, r))
    code.set(r.value.locals[0]!)
  }
  repeated(code, parts, registers, () => {
    for (const { kernel, calls } of steps) emitKernel(code, kernel, parts, calls, origins, registers)
    for (const { local, stride } of moves) advance(code, local, stride)
  })
  for (const r of registers.values())
    if (r.stored && outlives(r.buffer, first, last)) storeScalar(code, placeOf(code, r), 0, () => push(code, r.value))
  return code.finish()
}

/** The loop around `body`, with its test. */
function repeated(
  code: Code,
  { plan, loop, buffers, fault: report }: LoopParts,
  registers: ReadonlyMap<string, Register>,
  body: () => void,
): void {
  const { count, test, fault } = plan.loops[loop]!
  const counter = code.local(I32)
  const pushTest = ({ buffer, is }: NonNullable<typeof test>): void => {
    const register = registers.get(keyOf(buffer, 0))
    if (register) pushBool(code, register.value, is)
    else pushFlag(code, buffers.get(buffer)!, is)
  }
  code.open(OP.block)
  code.open(OP.loop)
  if (test) {
    pushTest(test)
    code.op(OP['i32.eqz'])
    code.target(OP.br_if, 1)
  }
  body()
  advance(code, counter, 1)
  code.get(counter)
  code.i32(count)
  code.op(OP['i32.lt_s'])
  code.target(OP.br_if, 0)
  if (test && fault !== undefined) {
    pushTest(test)
    reportSteps(code, fault, count, report)
  }
  code.op(OP.end)
  code.op(OP.end)
}

function pushBool(code: Code, value: Value, is: boolean): void {
  push(code, value)
  if (!is) code.op(OP['i32.eqz'])
}

const keyOf = (buffer: BufferId, element: number): string => `${buffer} ${element}`

/** Contents that matter after the loop, or to its next run. */
const outlives = ({ live }: PlanBuffer, first: number, last: number): boolean =>
  live[1] > last || (live[0] <= first && live[1] >= last)

const placeOf = (code: Code, { buffer, element }: Register): Place => ({
  dtype: buffer.dtype,
  step: 0,
  address() {
    code.i32(0)
    return element * 2 ** SHIFT[buffer.dtype] + buffer.offset
  },
})

/** One for each element that a kernel names, but for those of slices. */
function registersOf(
  code: Code,
  kernels: readonly Kernel[],
  buffers: LoopParts['buffers'],
): ReadonlyMap<string, Register> {
  const registers = new Map<string, Register>()
  const want = (id: BufferId, element: number, stored: boolean): void => {
    const buffer = buffers.get(id)!
    if (buffer.moves) return
    const key = keyOf(id, element)
    if (!registers.has(key))
      registers.set(key, { buffer, element, value: newValue(code, buffer.dtype, 1, true), stored })
    registers.get(key)!.stored ||= stored
  }
  for (const { sweeps } of kernels)
    for (const sweep of sweeps) {
      for (const i of sweep.code) if (i.op === 'load') want(i.buffer, i.map.offset, false)
      for (const { buffer, map } of sweep.stores) want(buffer, map.offset, true)
    }
  return registers
}

interface Moving {
  readonly origins: ReadonlyMap<BufferId, Origin>
  /** What an iteration adds. */
  readonly moves: readonly { readonly local: number; readonly stride: number }[]
}

/** Addresses of slices: those that move alike share a local, which starts where it never becomes negative. */
function moving(code: Code, { plan, loop, around, buffers }: LoopParts, kernels: readonly Kernel[]): Moving {
  const origins = new Map<BufferId, Origin>()
  const alike = new Map<string, { readonly local: number; readonly stride: number; readonly start: number }>()
  for (const id of usedBy(kernels)) {
    const { moves, offset } = buffers.get(id)!
    if (!moves) continue
    const key = JSON.stringify(moves)
    if (!alike.has(key)) alike.set(key, startMoving(code, plan, loop, around, moves))
    const { local, start } = alike.get(key)!
    origins.set(id, { local, offset: offset - start })
  }
  return { origins, moves: [...alike.values()].filter((m) => m.stride !== 0) }
}

function startMoving(
  code: Code,
  plan: PlanData,
  loop: number,
  around: readonly number[],
  moves: NonNullable<PlanBuffer['moves']>,
) {
  const local = code.local(I32)
  const backwards = moves.map((m) => Math.max(0, -m.stride * (plan.loops[m.loop]!.count - 1)))
  const start = backwards.reduce((sum, b) => sum + b, 0)
  code.i32(start)
  for (const m of moves) {
    if (m.loop === loop) continue
    code.get(around.indexOf(m.loop))
    code.i32(m.stride)
    code.op(OP['i32.mul'])
    code.op(OP['i32.add'])
  }
  code.set(local)
  return { local, start, stride: moves.find((m) => m.loop === loop)?.stride ?? 0 }
}

/** All loads and operations, then stores to slices, then all locals at once: a new value may be another local's old one. */
function emitKernel(
  code: Code,
  kernel: Kernel,
  { buffers, define, fault }: LoopParts,
  calls: boolean,
  origins: Moving['origins'],
  registers: ReadonlyMap<string, Register>,
): void {
  const nest: Nest = {
    code,
    kernel,
    buffers,
    origins,
    cursors: new Map(),
    axes: [],
    fault,
    held: (buffer, element) => registers.get(keyOf(buffer, element))?.value,
    ...(calls && { call: callsIn(code, define) }),
  }
  const [sweep] = kernel.sweeps
  const frame = frameOf(nest, kernel, sweep!)
  const spot: Spot = { width: 1, depth: 0, axis: -1 }
  emitLevel(nest, frame, spot, [])
  const point = pointOf(frame, spot)
  const kept = new Map<Register, Store>()
  for (const store of sweep!.stores) {
    const register = registers.get(keyOf(store.buffer, store.map.offset))
    if (register) kept.set(register, store)
    else emitStore(nest, store, point)
  }
  for (const store of kept.values()) push(code, point.value(store.value))
  for (const register of [...kept.keys()].reverse()) code.set(register.value.locals[0]!)
}
