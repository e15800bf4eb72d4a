/**
 * Accumulators of argmax: the first maximum or the first NaN, and where it stands.
 * Invariant: points come in order and are counted here; which lane one went to does not matter, because of equals the earlier wins.
 * May not: emit loops over axes.
 */
import type { DType } from '../../core/ir.ts'
import type { Code } from './assembler.ts'
import { lanes32, newValue, pushConstant, splatBytes, type Value, type Width } from './emit-value.ts'
import { type Accumulator, identity, laneOf, move, setConstant } from './loops-accumulate.ts'
import { compute } from './loops-code.ts'
import { type Bound, pushBound } from './loops-loop.ts'
import { OP } from './opcodes.ts'

/** A value, and the number of its point. */
interface Best {
  readonly value: Value
  readonly at: Value
}

/**
 * `spread`: four lanes are four points, each in one of `groups` accumulators, and the result is one scalar; otherwise each lane is a result
 * of its own. All start at the identity and point 0: where nothing is greater, point 0 is the first.
 */
export function argmaxAccumulator(
  code: Code,
  dtype: DType,
  width: Width,
  groups: number,
  spread: boolean,
): Accumulator {
  const held = Array.from({ length: spread ? groups : 1 }, () => ({
    value: newValue(code, dtype, width, false),
    at: newValue(code, 'i32', width, false),
  }))
  const [first, ...others] = held as [Best, ...Best[]]
  const now = newValue(code, 'i32', width, false)
  const result = spread ? newValue(code, 'i32', 1, true) : first.at
  return {
    result,
    start() {
      for (const { value, at } of held) {
        setConstant(code, value, identity('argmax', dtype))
        setConstant(code, at, 0)
      }
      if (spread) code.bytes16(OP['v128.const'], lanes32(0, 1, 2, 3))
      else if (width === 4) code.bytes16(OP['v128.const'], splatBytes('i32', 0))
      else pushConstant(code, 'i32', 0)
      code.set(now.locals[0]!)
    },
    startBlock() {},
    add(group, value, points) {
      const best = held[spread ? group : 0]!
      const stays = unbeaten(code, best.value, value)
      choose(code, stays, best, { value, at: now }, best)
      advance(code, now, points)
    },
    rotate() {},
    closeBlock() {
      if (!spread) return
      const [best, ...rest] = lanesOf(
        code,
        others.reduce((a, b) => earlier(code, a, b), first),
      ) as [Best, ...Best[]]
      move(code, rest.reduce((a, b) => earlier(code, a, b), best).at, result)
    },
  }
}

/** Whether a later `value` leaves `best` where it is: not greater, or `best` is NaN. */
function unbeaten(code: Code, best: Value, value: Value): Value {
  const { dtype, width } = best
  const notGreater = compute(code, 'le', 'bool', [value, best], width)
  if (dtype === 'i32') return notGreater
  return compute(code, 'or', 'bool', [notGreater, compute(code, 'ne', 'bool', [best, best], width)], width)
}

function choose(code: Code, condition: Value, a: Best, b: Best, to: Best): void {
  const { width } = to.at
  move(code, compute(code, 'select', to.value.dtype, [condition, a.value, b.value], width), to.value)
  move(code, compute(code, 'select', 'i32', [condition, a.at, b.at], width), to.at)
}

/** The better of two, whichever came first. */
function earlier(code: Code, a: Best, b: Best): Best {
  const { dtype, width } = a.value
  const apply = (op: string, ...args: readonly Value[]): Value => compute(code, op, 'bool', args, width)
  const [aStays, bStays] = [unbeaten(code, a.value, b.value), unbeaten(code, b.value, a.value)]
  // Neither beats the other: they are equal, or both NaN.
  const isFirst = apply('or', apply('not', bStays), apply('lt', a.at, b.at))
  const best = { value: newValue(code, dtype, width, false), at: newValue(code, 'i32', width, false) }
  choose(code, apply('and', aStays, isFirst), a, b, best)
  return best
}

const lanesOf = (code: Code, { value, at }: Best): Best[] =>
  [0, 1, 2, 3].map((lane) => ({ value: laneOf(code, value, lane), at: laneOf(code, at, lane) }))

function advance(code: Code, now: Value, points: Bound): void {
  const wide = now.width === 4
  code.get(now.locals[0]!)
  if (wide && typeof points === 'number') code.bytes16(OP['v128.const'], splatBytes('i32', points))
  else pushBound(code, points)
  if (wide && typeof points !== 'number') code.op(OP['i32x4.splat'])
  code.op(wide ? OP['i32x4.add'] : OP['i32.add'])
  code.set(now.locals[0]!)
}
