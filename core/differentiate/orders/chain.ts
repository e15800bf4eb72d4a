/**
 * A bracketing of the chain of segments between cuts, carried out: segments made dense, columns pushed on, rows pulled back, matrices multiplied.
 * Invariant: the same Jacobian whatever the bracketing; a user's order is checked before anything is built.
 * May not: choose.
 */
import { impossibleOrder } from '../../errors-orders.ts'
import type { Node } from '../../ir.ts'
import type { ChainOrder, ChainStep } from '../../order.ts'
import { cutsOf, segment } from '../cuts.ts'
import type { Linearization } from '../linearize.ts'
import { type Blocks, byColumns, byRows, product, pulled, pushed } from './blocks.ts'

/** A Jacobian of the segments `first` … `last`. */
interface Made {
  readonly first: number
  readonly last: number
  readonly blocks: Blocks
}

export function chain(linear: Linearization, order: ChainOrder): Blocks {
  const places = cutsOf(linear)
  const fault = faultOf(order, places.length)
  if (fault) throw impossibleOrder('chain', fault)
  const ends = order.cuts.map((c) => places[c])
  const part = (first: number, last: number): Linearization =>
    segment(linear, first === 0 ? undefined : ends[first - 1], ends[last])
  const made: Made[] = []
  for (const step of order.steps) made.push(carriedOut(step, made, part))
  return made.at(-1)!.blocks
}

function carriedOut(
  step: ChainStep,
  made: readonly Made[],
  part: (first: number, last: number) => Linearization,
): Made {
  if (step.make === 'product') {
    const [left, right] = [made[step.left]!, made[step.right]!]
    const [l, r] = [part(left.first, left.last), part(right.first, right.last)]
    const blocks = product(left.blocks, right.blocks, l.outputs, l.wrt[0]!, r.wrt)
    return { first: right.first, last: left.last, blocks }
  }
  const { first, last } = step
  const through = part(first, last)
  if (step.make === 'tangents') return { first, last, blocks: byColumns(through) }
  if (step.make === 'cotangents') return { first, last, blocks: byRows(through) }
  const of = made[step.of]!
  const own = part(of.first, of.last)
  return step.make === 'push'
    ? { first: of.first, last, blocks: pushed(through, of.blocks, own.wrt) }
    : { first, last: of.last, blocks: pulled(through, of.blocks, own.outputs as readonly Node[]) }
}

/** Why an order, perhaps of a user in JavaScript, does not fit a chain with so many cuts; undefined where it does. */
function faultOf({ cuts, steps }: ChainOrder, available: number): string | undefined {
  if (!Array.isArray(cuts) || !Array.isArray(steps)) return 'an order is { kind, cuts: [...], steps: [...] }'
  const rising = cuts.every((c, i) => Number.isInteger(c) && c > (cuts[i - 1] ?? -1) && c < available)
  if (!rising)
    return `cuts [${cuts}] are not increasing positions among the ${available} values that every path passes through`
  if (steps.length === 0) return 'it has no steps'
  const runs: { first: number; last: number }[] = []
  for (const [i, step] of steps.entries()) {
    const run = runOf(step, runs, cuts.length)
    if (!run) return `step ${i} (${JSON.stringify(step)}) does not join on to what was made before it`
    runs.push(run)
  }
  const whole = runs.at(-1)!
  if (whole.first !== 0 || whole.last !== cuts.length)
    return `its last step makes segments ${whole.first} to ${whole.last}, not all of 0 to ${cuts.length}`
  return undefined
}

function runOf(step: ChainStep | null, runs: readonly { first: number; last: number }[], segments: number) {
  const made = (i: number) => (Number.isInteger(i) ? runs[i] : undefined)
  if (step === null) return undefined
  if (step.make === 'product') {
    const [left, right] = [made(step.left), made(step.right)]
    return left && right && right.last + 1 === left.first ? { first: right.first, last: left.last } : undefined
  }
  const { first, last } = step
  if (!(Number.isInteger(first) && Number.isInteger(last) && 0 <= first && first <= last && last <= segments))
    return undefined
  if (step.make === 'tangents' || step.make === 'cotangents') return { first, last }
  const of = made(step.of)
  if (!of) return undefined
  if (step.make === 'push') return of.last + 1 === first ? { first: of.first, last } : undefined
  return step.make === 'pull' && last + 1 === of.first ? { first, last: of.last } : undefined
}
