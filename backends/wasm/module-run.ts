/**
 * `run(rank, ranks)`: the steps of a plan in order, loops of the plan as loops, barriers where the plan has them.
 * Invariant: all ranks take the same way, but for what is rank 0's alone.
 * May not: decide who runs what.
 */
import type { BufferId } from '../../core/loops.ts'
import type { Loop, PlanBuffer, PlanData, Step } from '../../planner/types.ts'
import { type Code, functionCode, I32 } from './assembler.ts'
import { emitMark, type Marks } from './module-marks.ts'
import { type Caller, emitKernel, type KernelFunction, unitsOf } from './module-step.ts'
import { OP } from './opcodes.ts'

export interface RunParts {
  readonly plan: PlanData
  /** By kernel; none for those in loops that are functions. */
  readonly kernels: readonly (KernelFunction | undefined)[]
  /** Functions of whole loops, by loop. Their parameters are the iterations of the loops around. */
  readonly loops: ReadonlyMap<number, number>
  readonly buffers: ReadonlyMap<BufferId, PlanBuffer>
  /** Functions of the module. */
  readonly fault: number
  readonly barrier: number
  readonly share: number
  /** Of a module that is profiled. */
  readonly marks?: Marks
}

/** What is known while it is written. */
interface Site extends RunParts {
  readonly code: Code
  /** Locals for parts of axes. */
  readonly part: Pick<Caller, 'from' | 'to' | 'end'>
  readonly counters: readonly number[]
  /** Loops around, outermost first. */
  readonly open: number[]
}

/** Parameters of `run`. */
const [RANK, RANKS] = [0, 1]

export function runFunction(parts: RunParts): Uint8Array {
  const { plan } = parts
  const code = functionCode(2)
  const part = { from: code.local(I32), to: code.local(I32), end: code.local(I32) }
  const site: Site = { ...parts, code, part, counters: plan.loops.map(() => code.local(I32)), open: [] }
  let next = 0
  mark(site, 0, 'begin')
  for (const [at, step] of plan.steps.entries()) {
    for (; plan.loops[next]?.first === at; next++) enter(site, next)
    if (!site.open.some((l) => parts.loops.has(l))) emitStep(site, step, at)
    while (site.open.length > 0 && plan.loops[site.open.at(-1)!]!.last === at) leave(site, site.open.pop()!)
  }
  mark(site, 0, 'done')
  code.i32(0)
  return code.finish()
}

/** Nothing, unless the module is profiled. */
function mark({ code, marks }: Site, step: number, what: Parameters<typeof emitMark>[3]): void {
  if (marks) emitMark(code, marks, step, what)
}

const isAlone = ({ plan, open }: Site): boolean => open.some((l) => plan.loops[l]!.alone)

function enter(site: Site, loop: number): void {
  const { code, plan, open, counters, loops, buffers } = site
  const { alone, test, first } = plan.loops[loop]!
  if (alone) {
    code.get(RANK)
    code.op(OP['i32.eqz'])
    code.open(OP.if)
  }
  const called = loops.get(loop)
  if (called !== undefined) {
    mark(site, first, 'start')
    for (const around of open) code.get(counters[around]!)
    code.target(OP.call, called)
    mark(site, first, 'end')
  }
  open.push(loop)
  if (called !== undefined) return
  // A block to leave, around a loop to repeat.
  code.i32(0)
  code.set(counters[loop]!)
  code.open(OP.block)
  code.open(OP.loop)
  if (!test) return
  pushTest(site, buffers.get(test.buffer)!, test.is, first)
  code.op(OP['i32.eqz'])
  code.target(OP.br_if, 1)
}

/** Pushes whether the flag is `is`. Ranks meet before it is read and after, so that none changes it meanwhile. */
function pushTest(site: Site, flag: PlanBuffer, is: boolean, step: number): void {
  const together = !isAlone(site)
  if (together) emitBarrier(site, step)
  pushFlag(site.code, flag, is)
  if (together) emitBarrier(site, step)
}
export function pushFlag(code: Code, flag: PlanBuffer, is: boolean): void {
  code.i32(0)
  code.memory(OP['i32.load8_u'], flag.offset)
  if (!is) code.op(OP['i32.eqz'])
}

/** A loop in a plan runs at least once, unless its test says otherwise. It has just been taken from `open`. */
function leave(site: Site, loop: number): void {
  const { code, plan, loops } = site
  const { alone, barrier, last } = plan.loops[loop]!
  if (!loops.has(loop)) repeat(site, loop, plan.loops[loop]!)
  if (!alone) return
  code.op(OP.end)
  if (barrier) emitBarrier(site, last)
}

function repeat(site: Site, loop: number, { count, test, fault, alone, last }: Loop): void {
  const { code, counters, buffers } = site
  const counter = counters[loop]!
  code.get(counter)
  code.i32(1)
  code.op(OP['i32.add'])
  code.tee(counter)
  code.i32(count)
  code.op(OP['i32.lt_s'])
  code.target(OP.br_if, 0)
  if (test && fault !== undefined) {
    const flag = buffers.get(test.buffer)!
    if (alone) pushFlag(code, flag, test.is)
    else pushTest(site, flag, test.is, last)
    reportSteps(code, fault, count, site.fault)
  }
  code.op(OP.end)
  code.op(OP.end)
}

/** Where the stack says so: a loop was to go on after `count` iterations. */
export function reportSteps(code: Code, fault: number, count: number, report: number): void {
  code.open(OP.if)
  code.i32(fault)
  code.i32(count)
  code.i32(0)
  code.target(OP.call, report)
  code.op(OP.end)
}

/** Ranks meet after `step`; returns 1 where they were told to stop. */
function emitBarrier(site: Site, step: number): void {
  const { code, barrier } = site
  code.get(RANKS)
  code.target(OP.call, barrier)
  code.open(OP.if)
  code.i32(1)
  code.op(OP.return)
  code.op(OP.end)
  mark(site, step, 'met')
}

function emitStep(site: Site, step: Step, at: number): void {
  const { code, share, part, open, counters } = site
  const kernel = site.kernels[step.kernel]!
  const single = step.ranks === 'one' || unitsOf(kernel) <= 1
  const guarded = single && !isAlone(site)
  if (guarded) {
    code.get(RANK)
    code.op(OP['i32.eqz'])
    code.open(OP.if)
  }
  mark(site, at, 'start')
  const around = open.map((loop) => counters[loop]!)
  emitKernel({ code, share, ...part, rank: RANK, ranks: RANKS, around }, kernel, single)
  mark(site, at, 'end')
  if (guarded) code.op(OP.end)
  if (step.barrier) emitBarrier(site, at)
}
