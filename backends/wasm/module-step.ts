/**
 * Calling a kernel: for all of its split axis, for a rank's part of it, or piece by piece.
 * Invariant: pieces and parts are whole units, in order; together they are the axis, each point once.
 * May not: decide who runs what.
 */
import type { Code } from './assembler.ts'
import { OP } from './opcodes.ts'

/** A kernel's function, and how ranks share it: units of `grain` points of an axis of `extent`; 1 of 1 where it has none. */
export interface KernelFunction {
  /** In the module. */
  readonly index: number
  readonly extent: number
  readonly grain: number
  /** Ranks take units one after another, by a ticket word, where there are several. */
  readonly taken?: boolean
  /** Calls that a rank makes of it, where its part is that long. */
  readonly pieces: number
}

export interface Caller {
  readonly code: Code
  /** The function that says where a rank's part begins. */
  readonly share: number
  /** Locals for a part of an axis: from, to, and where a piece of it ends. */
  readonly from: number
  readonly to: number
  readonly end: number
  /** Parameters of `run`. */
  readonly rank: number
  readonly ranks: number
  /** Locals of the iterations of loops around. */
  readonly around: readonly number[]
}

export const unitsOf = ({ extent, grain }: KernelFunction): number => Math.ceil(extent / grain)

/** Calls the kernel for all of its axis, or for the rank's part, or with −1 for whatever the tickets say. */
export function emitKernel(caller: Caller, kernel: KernelFunction, single: boolean): void {
  const { code, from, to, ranks } = caller
  const { extent, grain, taken } = kernel
  if (single) {
    code.i32(0)
    code.set(from)
    code.i32(extent)
    code.set(to)
  } else if (taken) {
    code.i32(0)
    code.i32(-1)
    code.get(ranks)
    code.i32(2)
    code.op(OP['i32.lt_s'])
    code.op(OP.select)
    code.set(from)
    code.i32(extent)
    code.set(to)
  } else {
    pushShare(caller, unitsOf(kernel), 0)
    code.i32(grain)
    code.op(OP['i32.mul'])
    code.set(from)
    pushShare(caller, unitsOf(kernel), 1)
    code.i32(grain)
    code.op(OP['i32.mul'])
    code.set(to)
    pushLess(code, to, () => code.i32(extent))
    code.set(to)
  }
  if (kernel.pieces > 1) emitPieces(caller, kernel)
  else emitCall(caller, kernel, to)
}

/** Pushes the smaller of a local and a number. */
function pushLess(code: Code, local: number, pushOther: () => void): void {
  code.get(local)
  pushOther()
  code.get(local)
  pushOther()
  code.op(OP['i32.lt_s'])
  code.op(OP.select)
}

/**
 * V8 has no way into better code but a call: a function that takes long at its first call stays slow to its end. Called in pieces, it is fast as
 * soon as the better code is there.
 */
function emitPieces(caller: Caller, kernel: KernelFunction): void {
  const { code, from, to, end } = caller
  code.open(OP.loop)
  code.get(from)
  code.i32(kernel.grain * Math.ceil(unitsOf(kernel) / kernel.pieces))
  code.op(OP['i32.add'])
  code.set(end)
  pushLess(code, end, () => code.get(to))
  code.set(end)
  emitCall(caller, kernel, end)
  code.get(end)
  code.tee(from)
  code.get(to)
  code.op(OP['i32.lt_s'])
  code.target(OP.br_if, 0)
  code.op(OP.end)
}

function emitCall({ code, from, rank, around }: Caller, { index }: KernelFunction, to: number): void {
  code.get(from)
  code.get(to)
  code.get(rank)
  for (const iteration of around) code.get(iteration)
  code.target(OP.call, index)
}

function pushShare({ code, share, rank, ranks }: Caller, units: number, after: number): void {
  code.i32(units)
  code.get(rank)
  code.i32(after)
  code.op(OP['i32.add'])
  code.get(ranks)
  code.target(OP.call, share)
}
