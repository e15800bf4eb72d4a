/**
 * Reductions over rows that follow one another, four points of a row at a time.
 * Invariant: as in `loops-reduce.ts`.
 * May not: know what a body computes.
 */
import { type Code, I32 } from './assembler.ts'
import type { Value } from './emit-value.ts'
import { type Accumulator, increment } from './loops-accumulate.ts'
import { type Loop, whileBelow } from './loops-loop.ts'
import { accumulators, type Body, commonOrder, oneBlock, UNROLLED } from './loops-reduce.ts'
import { OP } from './opcodes.ts'

/**
 * Row by row, four points at a time: every row is a multiple of `lanes` points long, every block of rows; or every row is a block (where the
 * order is free, it may be). `walk` emits the loops around a row and starts the row's own. `rows`: rows of a block, where there are several blocks.
 */
export function reduceRows(
  code: Code,
  length: number,
  rows: number | undefined,
  body: Body,
  walk: (row: (loop: Loop) => void) => void,
): readonly Value[] {
  const { lanes } = commonOrder(body.reductions, 4)!
  const groups = lanes / 4
  const ragged = length % lanes !== 0
  const held = accumulators(code, body, 4, groups, true, ragged || rows !== undefined)
  if (ragged) {
    for (const h of held) h.start()
    walk((loop) => oneBlock({ code, loop, body, held, groups, along: 4 }, length, length))
    return held.map((h) => h.result)
  }
  const closing = rowCounter(code, held, rows)
  for (const h of held) h.start()
  for (const h of held) h.startBlock()
  const one = (shift: number, group: number): void => {
    const values = body.emit(shift, 4)
    held.forEach((h, i) => {
      h.add(group, values[i]!, 4)
    })
  }
  walk((loop) => {
    if (groups * body.size <= UNROLLED) {
      whileBelow(code, loop, length, lanes, () => {
        for (let g = 0; g < groups; g++) one(4 * g, g)
      })
    } else {
      whileBelow(code, loop, length, 4, () => {
        one(0, 0)
        if (groups > 1) for (const h of held) h.rotate()
      })
    }
    closing.next()
  })
  closing.last()
  return held.map((h) => h.result)
}

/** Closes a block after every `rows` rows, and what is left at the end. */
function rowCounter(code: Code, held: readonly Accumulator[], rows: number | undefined) {
  const close = (): void => held.forEach((h) => h.closeBlock())
  if (rows === undefined) return { next: () => {}, last: close }
  const count = code.local(I32)
  const reset = (): void => {
    code.i32(0)
    code.set(count)
  }
  reset()
  return {
    next() {
      increment(code, count)
      code.get(count)
      code.i32(rows)
      code.op(OP['i32.eq'])
      code.open(OP.if)
      close()
      for (const h of held) h.startBlock()
      reset()
      code.op(OP.end)
    },
    last() {
      code.get(count)
      code.open(OP.if)
      close()
      code.op(OP.end)
    },
  }
}
