/**
 * One loop over an axis: its counter, its cursors, and the ways to run its body.
 * Invariant: counter and cursors move together, so code inside may be emitted for whatever step is taken.
 * May not: know what the body does.
 */
import { type Code, I32 } from './assembler.ts'
import type { Nest } from './loops-access.ts'
import { advance, type Cursor, cursorsOf, type Form, startCursors } from './loops-forms.ts'
import { OP } from './opcodes.ts'

/** A number known now, or a local. */
export type Bound = number | { readonly local: number }

export interface Loop {
  readonly index: number
  readonly moved: readonly Cursor[]
  readonly from: number | undefined
}

export function pushBound(code: Code, bound: Bound): void {
  if (typeof bound === 'number') code.i32(bound)
  else code.get(bound.local)
}

/** Starts the axis at `depth` from 0 or from a local. `forms`: all that its body uses. */
export function startLoop(nest: Nest, depth: number, forms: readonly Form[], from?: number): Loop {
  const { code } = nest
  nest.axes[depth] ??= code.local(I32)
  const index = nest.axes[depth]!
  if (from === undefined) code.i32(0)
  else code.get(from)
  code.set(index)
  const moved = cursorsOf(code, nest.cursors, forms, depth)
  startCursors(code, moved, from)
  return { index, moved, from }
}

export function step(code: Code, loop: Loop, by: number): void {
  for (const { local, coefficient } of loop.moved) advance(code, local, coefficient * by)
  advance(code, loop.index, by)
}

/**
 * Runs `body`, then steps, while `by` more points lie below `end`. Where the loop starts at 0 and `end` is a number, single steps find
 * at least one point: callers emit no loop for what earlier, longer steps leave empty.
 */
export function whileBelow(code: Code, loop: Loop, end: Bound, by: number, body: () => void): void {
  const limit = minus(code, end, by - 1)
  if (loop.from === undefined && typeof limit === 'number' && limit <= 0) return
  const below = (): void => {
    code.get(loop.index)
    pushBound(code, limit)
    code.op(OP['i32.lt_s'])
  }
  const certain = loop.from === undefined && typeof limit === 'number' && limit > 0 && by === 1
  if (!certain) {
    below()
    code.open(OP.if)
  }
  code.open(OP.loop)
  body()
  step(code, loop, by)
  below()
  code.target(OP.br_if, 0)
  code.op(OP.end)
  if (!certain) code.op(OP.end)
}

export function minus(code: Code, bound: Bound, by: number): Bound {
  if (typeof bound === 'number') return bound - by
  if (by === 0) return bound
  const local = code.local(I32)
  code.get(bound.local)
  code.i32(by)
  code.op(OP['i32.sub'])
  code.set(local)
  return { local }
}

/** min(a, b) as a bound. */
export function least(code: Code, a: Bound, b: Bound): Bound {
  if (typeof a === 'number' && typeof b === 'number') return Math.min(a, b)
  const local = code.local(I32)
  for (const bound of [a, b, a, b]) pushBound(code, bound)
  code.op(OP['i32.lt_s'])
  code.op(OP.select)
  code.set(local)
  return { local }
}

/** index + by as a bound. */
export function plus(code: Code, index: number, by: number): Bound {
  const local = code.local(I32)
  code.get(index)
  code.i32(by)
  code.op(OP['i32.add'])
  code.set(local)
  return { local }
}
