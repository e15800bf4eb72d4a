/**
 * Reductions of a sweep over its inner axes, in the order that `core/loops.ts` fixes: along one axis, with a body for each group of lanes.
 * Row by row is `loops-rows.ts`, one point at a time over any axes `loops-points.ts`.
 * Invariant: the bits depend on points, lanes and blocks alone, not on unrolling, vector axis or ranks.
 * May not: know what a body computes.
 */
import type { DType } from '../../core/ir.ts'
import type { Reduction } from '../../core/loops.ts'
import { type Code, I32 } from './assembler.ts'
import { newValue, push, type Value, type Width } from './emit-value.ts'
import {
  type Accumulator,
  accumulator,
  identity,
  increment,
  setConstant,
  shiftIn,
  untilMultiple,
} from './loops-accumulate.ts'
import { argmaxAccumulator } from './loops-argmax.ts'
import { ordered } from './loops-choose.ts'
import { type Bound, type Loop, least, plus, pushBound, step, whileBelow } from './loops-loop.ts'
import { OP } from './opcodes.ts'

/** Bodies are not repeated beyond this many instructions. */
export const UNROLLED = 160

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

/** An accumulator for each reduction, of so many groups of lanes. */
export function accumulators(
  code: Code,
  { reductions, dtypes }: Body,
  width: Width,
  groups: number,
  spread: boolean,
  blocks: boolean,
): readonly Accumulator[] {
  return reductions.map((r, i) =>
    r.monoid === 'argmax'
      ? argmaxAccumulator(code, dtypes[i]!, width, groups, spread)
      : accumulator(code, r, width, groups, spread, blocks),
  )
}

export interface Walk {
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
  const held = accumulators(code, body, along === 4 ? 4 : width, groups, along === 4, blocks)
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
export function oneBlock(walk: Walk, end: Bound, length: number | undefined): void {
  const { code, loop, body, held, groups, along } = walk
  const unrolled = groups === 1 || groups * body.size <= UNROLLED
  const stride = unrolled ? groups * along : along
  const rounds = newRounds(code, groups)
  const one = (shift: number, group: number): void => {
    const values = body.emit(shift, along)
    held.forEach((h, i) => {
      h.add(group, values[i]!, along)
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

/** Up to three points, one by one, collected in the lanes where they belong; the lanes after them get identities. */
function lastPoints({ code, loop, body, held }: Walk, end: Bound): void {
  const pending = body.dtypes.map((dtype) => newValue(code, dtype, 4, false))
  const single = body.dtypes.map((dtype) => newValue(code, dtype, 1, true))
  const [lane, points] = [code.local(I32), code.local(I32)]
  below(code, loop, end)
  code.open(OP.if)
  pushBound(code, end)
  code.get(loop.index)
  code.op(OP['i32.sub'])
  code.set(points)
  code.i32(0)
  code.set(lane)
  code.open(OP.loop)
  body.reductions.forEach((r, i) => {
    setConstant(code, single[i]!, identity(r.monoid, body.dtypes[i]!))
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
    h.add(0, pending[i]!, { local: points })
  })
  code.op(OP.end)
}
