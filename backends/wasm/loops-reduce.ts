/**
 * Reductions of a sweep over its inner axes, in the order that `core/loops.ts` fixes.
 * Invariant: the bits depend on points, lanes and blocks alone, not on unrolling, vector axis or ranks.
 * Three ways: along one axis, with a body for each group of lanes; row by row, where rows are whole groups of lanes; or one point at a
 * time over any axes.
 * May not: know what a body computes.
 */
import type { DType } from '../../core/ir.ts'
import type { Reduction } from '../../core/loops.ts'
import { type Code, I32 } from './assembler.ts'
import { newValue, push, type Value, type Width } from './emit-value.ts'
import {
  type Accumulator,
  accumulator,
  argmaxAccumulator,
  identity,
  increment,
  setConstant,
  shiftIn,
  untilMultiple,
} from './loops-accumulate.ts'
import { ordered } from './loops-choose.ts'
import { type Bound, type Loop, least, plus, pushBound, step, whileBelow } from './loops-loop.ts'
import { OP } from './opcodes.ts'

/** Bodies are not repeated beyond this many instructions. */
const UNROLLED = 160

export interface Body {
  readonly reductions: readonly Reduction[]
  /** Of the values that they take. */
  readonly dtypes: readonly DType[]
  /** Instructions in one body. */
  readonly size: number
  /** Emits the body `shift` points further, for 1 or 4 points of the axis, and gives what each reduction takes. */
  emit(shift: number, along: Width): readonly Value[]
}

/** How lanes and blocks are laid out, once for all reductions of a sweep; undefined where they differ. `free`: lanes where the order is free. */
export function commonOrder(
  reductions: readonly Reduction[],
  free: number,
): { lanes: number; block: number } | undefined {
  const [first, ...rest] = reductions.filter(ordered)
  if (first === undefined) return { lanes: free, block: Number.POSITIVE_INFINITY }
  return rest.every((r) => r.lanes === first.lanes && r.block === first.block) ? first : undefined
}

interface Walk {
  readonly code: Code
  readonly loop: Loop
  readonly body: Body
  readonly held: readonly Accumulator[]
  readonly groups: number
  readonly along: Width
}

/** Along one axis, whose loop has been started. `width`: lanes of a result; `along`: points of the axis taken at once (4 only for width 1). */
export function reduceAxis(
  code: Code,
  loop: Loop,
  count: Bound,
  body: Body,
  width: Width,
  along: Width,
): readonly Value[] {
  const { lanes, block } = commonOrder(body.reductions, along === 4 ? 16 : 4)!
  const groups = lanes / along
  const blocks = Number.isFinite(block) && (typeof count !== 'number' || count > block)
  const held = body.reductions.map((r, i) => {
    if (r.monoid === 'argmax') return argmaxAccumulator(code, r, body.dtypes[i]!, width)
    return accumulator(code, r, along === 4 ? 4 : width, groups, along === 4, blocks)
  })
  const walk: Walk = { code, loop, body, held, groups, along }
  for (const h of held) h.start()
  if (!blocks) oneBlock(walk, count, typeof count === 'number' ? count : undefined)
  else {
    const even = typeof count === 'number' && count % block === 0
    below(code, loop, count)
    code.open(OP.if)
    code.open(OP.loop)
    oneBlock(walk, least(code, plus(code, loop.index, block), count), even ? block : undefined)
    below(code, loop, count)
    code.target(OP.br_if, 0)
    code.op(OP.end)
    code.op(OP.end)
  }
  return held.map((h) => h.result)
}

function below(code: Code, loop: Loop, end: Bound): void {
  code.get(loop.index)
  pushBound(code, end)
  code.op(OP['i32.lt_s'])
}

/** Points from the loop's index up to `end`; `length` of them, where that is known. */
function oneBlock(walk: Walk, end: Bound, length: number | undefined): void {
  const { code, loop, body, held, groups, along } = walk
  const unrolled = groups === 1 || groups * body.size <= UNROLLED
  const stride = unrolled ? groups * along : along
  const rounds = newRounds(code, groups)
  const one = (shift: number, group: number): void => {
    const values = body.emit(shift, along)
    held.forEach((h, i) => {
      h.add(group, values[i]!, () => pushPoint(code, loop, shift))
    })
  }
  const turn = (): void => {
    for (const h of held) h.rotate()
    if (rounds !== undefined) increment(code, rounds)
  }
  for (const h of held) h.startBlock()
  if (unrolled && (length === undefined || length >= stride)) {
    whileBelow(code, loop, end, stride, () => {
      for (let g = 0; g < groups; g++) one(g * along, g)
    })
  }
  if (length === undefined || length % stride !== 0 || !unrolled) {
    if (stride > along || !unrolled) {
      whileBelow(code, loop, end, along, () => {
        one(0, 0)
        if (groups > 1) turn()
      })
    }
    if (along === 4 && (length === undefined || length % 4 !== 0)) lastPoints(walk, end)
    if (rounds !== undefined) untilMultiple(code, rounds, groups, () => held.forEach((h) => h.rotate()))
  }
  for (const h of held) h.closeBlock()
}

function newRounds(code: Code, groups: number): number | undefined {
  if (groups === 1) return undefined
  const rounds = code.local(I32)
  code.i32(0)
  code.set(rounds)
  return rounds
}

function pushPoint(code: Code, loop: Loop, shift: number): void {
  code.get(loop.index)
  code.i32(shift)
  code.op(OP['i32.add'])
}

/** Up to three points, one by one, collected in the lanes where they belong; the lanes after them get identities. */
function lastPoints({ code, loop, body, held }: Walk, end: Bound): void {
  const pending = body.dtypes.map((dtype) => newValue(code, dtype, 4, false))
  const single = body.dtypes.map((dtype) => newValue(code, dtype, 1, true))
  const lane = code.local(I32)
  below(code, loop, end)
  code.open(OP.if)
  code.i32(0)
  code.set(lane)
  code.open(OP.loop)
  body.reductions.forEach((r, i) => {
    setConstant(code, single[i]!, identity(r.monoid, r.dtype))
  })
  below(code, loop, end)
  code.open(OP.if)
  body.emit(0, 1).forEach((value, i) => {
    push(code, value)
    code.set(single[i]!.locals[0]!)
  })
  step(code, loop, 1)
  code.op(OP.end)
  for (const [i, p] of pending.entries()) shiftIn(code, p, single[i]!)
  increment(code, lane)
  code.get(lane)
  code.i32(4)
  code.op(OP['i32.lt_u'])
  code.target(OP.br_if, 0)
  code.op(OP.end)
  held.forEach((h, i) => {
    h.add(0, pending[i]!, () => code.i32(0))
  })
  code.op(OP.end)
}

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
  const held = body.reductions.map((r) => accumulator(code, r, 4, groups, true, ragged || rows !== undefined))
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
      h.add(group, values[i]!, () => code.i32(0))
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

/** One point at a time. `walk` emits the loops around the body; `points` is their number, where it is known. */
export function reducePoints(
  code: Code,
  body: Body,
  width: Width,
  points: number | undefined,
  walk: (each: () => void) => void,
): readonly Value[] {
  const number = code.local(I32)
  code.i32(0)
  code.set(number)
  const held = body.reductions.map((r, i) => {
    if (r.monoid === 'argmax') return { ...argmaxAccumulator(code, r, body.dtypes[i]!, width), flush: undefined }
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
      h.add(0, values[i]!, () => code.get(number))
      h.flush?.next()
    })
    increment(code, number)
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
