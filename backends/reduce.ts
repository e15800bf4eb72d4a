/**
 * Reductions in the order that `core/loops.ts` fixes: lanes within a block, a tree over lanes, blocks left to right.
 * Invariant: the result depends on the points in their order and on nothing else.
 * May not: touch memory.
 */

import type { DType } from '../core/ir.ts'
import type { Monoid, Reduction } from '../core/loops.ts'
import { basic, round } from '../core/scalar-evaluate.ts'

interface Partial {
  readonly value: number
  /** Number of the inner point, for argmax. */
  readonly at: number
}
type Combine = (a: Partial, b: Partial, dtype: DType) => Partial

const plain =
  (op: 'add' | 'mul' | 'max' | 'min'): Combine =>
  (a, b, dtype) => ({ value: round(basic[op](a.value, b.value, 0, dtype), dtype), at: a.at })

/** The greater value wins, NaN is greater than all, and the earlier of equals wins. */
const later: Combine = (a, b) => {
  const [first, second] = a.at <= b.at ? [a, b] : [b, a]
  return second.value > first.value || (Number.isNaN(second.value) && !Number.isNaN(first.value)) ? second : first
}

const combine: Readonly<Record<Monoid, Combine>> = {
  sum: plain('add'),
  prod: plain('mul'),
  max: plain('max'),
  min: plain('min'),
  argmax: later,
}

function neutral(monoid: Monoid, dtype: DType): number {
  const integer = dtype === 'i32'
  switch (monoid) {
    case 'sum':
    case 'argmax':
      return 0
    case 'prod':
      return 1
    case 'max':
      return integer ? -2147483648 : Number.NEGATIVE_INFINITY
    case 'min':
      return integer ? 2147483647 : Number.POSITIVE_INFINITY
  }
}

export interface Accumulator {
  add(value: number): void
  result(): number
}

export function accumulator({ monoid, dtype, lanes, block }: Reduction): Accumulator {
  const join = combine[monoid]
  let lane: Partial[] = []
  let total: Partial | undefined
  let point = 0

  const closeBlock = (): void => {
    for (let w = lanes / 2; w >= 1; w /= 2) {
      for (let i = 0; i < w; i++) {
        const right = lane[i + w]
        if (right !== undefined) lane[i] = join(lane[i]!, right, dtype)
      }
      lane.length = Math.min(lane.length, w)
    }
    const first = lane[0]
    if (first !== undefined) total = total === undefined ? first : join(total, first, dtype)
    lane = []
  }
  return {
    add(value) {
      const i = (point % block) % lanes
      const here = { value, at: point }
      const before = lane[i]
      lane[i] = before === undefined ? here : join(before, here, dtype)
      point++
      if (point % block === 0) closeBlock()
    },
    result() {
      closeBlock()
      if (total === undefined) return neutral(monoid, dtype)
      return monoid === 'argmax' ? total.at : total.value
    },
  }
}
