/**
 * Reductions one point at a time, over any axes.
 * Invariant: as in `loops-reduce.ts`; each reduction may have lanes and blocks of its own.
 * May not: know what a body computes.
 */
import { type Code, I32 } from './assembler.ts'
import type { Value, Width } from './emit-value.ts'
import { type Accumulator, accumulator, increment, untilMultiple } from './loops-accumulate.ts'
import { argmaxAccumulator } from './loops-argmax.ts'
import { ordered } from './loops-choose.ts'
import type { Body } from './loops-reduce.ts'
import { OP } from './opcodes.ts'

/** One point at a time. `walk` emits the loops around the body; `points` is their number, where it is known. */
export function reducePoints(
  code: Code,
  body: Body,
  width: Width,
  points: number | undefined,
  walk: (each: () => void) => void,
): readonly Value[] {
  const held = body.reductions.map((r, i) => {
    if (r.monoid === 'argmax') return { ...argmaxAccumulator(code, body.dtypes[i]!, width, 1, false), flush: undefined }
    const { lanes, block } = ordered(r) ? r : { lanes: 1, block: Number.POSITIVE_INFINITY }
    const blocks = Number.isFinite(block) && (points === undefined || points > block)
    const acc = accumulator(code, r, width, lanes, false, blocks)
    return { ...acc, flush: blockCounter(code, acc, lanes, blocks ? block : undefined) }
  })
  for (const h of held) {
    h.start()
    h.startBlock()
  }
  walk(() => {
    const values = body.emit(0, 1)
    held.forEach((h, i) => {
      h.add(0, values[i]!, 1)
      h.flush?.next()
    })
  })
  for (const h of held) h.flush?.last()
  return held.map((h) => h.result)
}

/** Turns lanes and closes blocks as points go by. */
function blockCounter(code: Code, acc: Accumulator, lanes: number, block: number | undefined) {
  if (lanes === 1 && block === undefined) return { next: () => {}, last: () => acc.closeBlock() }
  const count = code.local(I32)
  const reset = (): void => {
    code.i32(0)
    code.set(count)
  }
  const close = (): void => {
    if (lanes > 1) untilMultiple(code, count, lanes, () => acc.rotate())
    acc.closeBlock()
  }
  reset()
  return {
    next() {
      if (lanes > 1) acc.rotate()
      increment(code, count)
      if (block === undefined) return
      code.get(count)
      code.i32(block)
      code.op(OP['i32.eq'])
      code.open(OP.if)
      close()
      acc.startBlock()
      reset()
      code.op(OP.end)
    },
    last() {
      if (block === undefined) return close()
      code.get(count)
      code.open(OP.if)
      close()
      code.op(OP.end)
    },
  }
}
