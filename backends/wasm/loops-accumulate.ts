/**
 * Accumulators of one reduction in locals: lanes, the tree over them, blocks.
 * Invariant: an accumulator without points holds an identity of the monoid that changes no bit of what joins it (−0 for sums),
 * so absent lanes need no flags. Groups of lanes are rotated where a body is not unrolled over them, and turned back at the end.
 * May not: emit loops over axes.
 */
import type { DType } from '../../core/ir.ts'
import type { Reduction } from '../../core/loops.ts'
import type { Code } from './assembler.ts'
import { newValue, pick32, push, pushConstant, splatBytes, type Value, type Width } from './emit-value.ts'
import { emitSplat, pushLane } from './emit-vector.ts'
import { compute } from './loops-code.ts'
import type { Bound } from './loops-loop.ts'
import { OP } from './opcodes.ts'

const operation = { sum: 'add', prod: 'mul', max: 'max', min: 'min' } as const

export function identity(monoid: Reduction['monoid'], dtype: DType): number {
  const [least, most] =
    dtype === 'i32'
      ? [-2147483648, 2147483647]
      : dtype === 'u8'
        ? [0, 255]
        : dtype === 'bool'
          ? [0, 1]
          : [-Infinity, Infinity]
  return { sum: dtype === 'f32' || dtype === 'f64' ? -0 : 0, prod: 1, max: least, min: most, argmax: least }[monoid]
}

/** What a reduction without points gives. */
export const empty = ({ monoid, dtype }: Reduction): number =>
  monoid === 'sum' || monoid === 'argmax' ? 0 : identity(monoid, dtype)

export interface Accumulator {
  readonly result: Value
  /** Before everything, and before each block. */
  start(): void
  startBlock(): void
  /** Joins `value`, of so many points, to a group of lanes. */
  add(group: number, value: Value, points: Bound): void
  /** Moves each group to where the one after it was. */
  rotate(): void
  closeBlock(): void
}

export function setConstant(code: Code, value: Value, x: number): void {
  for (const local of new Set(value.locals)) {
    if (value.width === 1) pushConstant(code, value.dtype, x)
    else code.bytes16(OP['v128.const'], splatBytes(value.dtype, x))
    code.set(local)
  }
}

export function move(code: Code, from: Value, to: Value): void {
  for (let h = 0; h < to.locals.length; h++) push(code, from, h)
  for (const local of [...to.locals].reverse()) code.set(local)
}

/**
 * `groups` accumulators of `width` lanes. `spread`: the four lanes are four lanes of the reduction itself, and the result is one scalar;
 * otherwise each lane is a result of its own.
 */
export function accumulator(
  code: Code,
  reduction: Reduction,
  width: Width,
  groups: number,
  spread: boolean,
  blocks: boolean,
): Accumulator {
  const { monoid, dtype } = reduction
  if (monoid === 'argmax') throw new RangeError('argmax has its own accumulator')
  const op = operation[monoid]
  const held = Array.from({ length: groups }, () => newValue(code, dtype, width, false))
  const result = newValue(code, dtype, spread ? 1 : width, false)
  const join = (a: Value, b: Value): void => move(code, compute(code, op, dtype, [a, b], a.width), a)
  const first = held[0]!
  return {
    result,
    start: () => {
      if (blocks) setConstant(code, result, identity(monoid, dtype))
    },
    startBlock: () => {
      for (const value of held) setConstant(code, value, identity(monoid, dtype))
    },
    add: (group, value) => join(held[group]!, value),
    rotate() {
      for (const value of [...held.slice(1), first]) for (let h = 0; h < value.locals.length; h++) push(code, value, h)
      for (const value of [...held].reverse()) for (const local of [...value.locals].reverse()) code.set(local)
    },
    closeBlock() {
      for (let w = groups / 2; w >= 1; w /= 2) for (let i = 0; i < w; i++) join(held[i]!, held[i + w]!)
      const block = spread ? acrossLanes(code, op, first) : first
      if (blocks) join(result, block)
      else move(code, block, result)
    },
  }
}

/** ((lane 0, lane 2), (lane 1, lane 3)): the end of the tree. */
function acrossLanes(code: Code, op: string, value: Value): Value {
  const lanes = [0, 1, 2, 3].map((lane) => laneOf(code, value, lane)) as [Value, Value, Value, Value]
  const join = (a: Value, b: Value): Value => compute(code, op, value.dtype, [a, b], 1)
  return join(join(lanes[0], lanes[2]), join(lanes[1], lanes[3]))
}

export function laneOf(code: Code, value: Value, lane: number): Value {
  const out = newValue(code, value.dtype, 1, true)
  pushLane(code, value, lane)
  code.set(out.locals[0]!)
  return out
}

/** Shifts one scalar into four lanes from behind. */
export function shiftIn(code: Code, pending: Value, scalar: Value): void {
  const lanes = newValue(code, scalar.dtype, 4, true)
  emitSplat(code, scalar, lanes)
  const [low, high] = pending.locals as [number, number]
  const shuffle = (a: number, b: number, ...picked: readonly number[]): void => {
    code.get(a)
    code.get(b)
    code.bytes16(OP['i8x16.shuffle'], pick32(...picked))
    code.set(a)
  }
  if (scalar.dtype !== 'f64') {
    shuffle(low, lanes.locals[0]!, 1, 2, 3, 4)
    return
  }
  shuffle(low, high, 2, 3, 4, 5)
  shuffle(high, lanes.locals[0]!, 2, 3, 4, 5)
}

/** Emits `body` while a counter, a local, is not a multiple of `n`, and adds one to it each time. */
export function untilMultiple(code: Code, counter: number, n: number, body: () => void): void {
  const rest = (): void => {
    code.get(counter)
    code.i32(n - 1)
    code.op(OP['i32.and'])
  }
  rest()
  code.open(OP.if)
  code.open(OP.loop)
  body()
  increment(code, counter)
  rest()
  code.target(OP.br_if, 0)
  code.op(OP.end)
  code.op(OP.end)
}

export function increment(code: Code, counter: number): void {
  code.get(counter)
  code.i32(1)
  code.op(OP['i32.add'])
  code.set(counter)
}
