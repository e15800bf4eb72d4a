/**
 * choose: the order of each full Jacobian, by predicted time. Every proposal is built, optimised, fused and priced like the plan
 * itself would be, so the prediction is of the code that would run, not of a count of multiplications.
 * Invariant: pure; the same problem gives the same order. Forward and reverse are always compared; an order named or given by the user is obeyed.
 * May not: measure.
 */

import { byDimensions, inlineRegions } from '../../core/differentiate/resolve.ts'
import { impossibleOrder, unknownOrder } from '../../core/errors-orders.ts'
import type { Choose, Graph, Problem } from '../../core/ir.ts'
import { bracketText, isLimited, type Mode, type Order, tensorText } from '../../core/order.ts'
import { bytesOf, count } from '../../core/shape.ts'
import { bytesIn } from '../checkpoint/bytes.ts'
import { type Cost, costOfItems } from '../cost.ts'
import type { Value } from '../kernels/buffers.ts'
import { type Fused, fuse } from '../kernels/fuse.ts'
import { lowOrder } from '../schedule/order.ts'
import { peakOf } from '../schedule/order-peak.ts'
import { orderProblem } from '../schedule/order-problem.ts'
import { updatesOf } from '../schedule/schedule.ts'
import type { Target } from '../target.ts'
import type { OrderReport } from '../types.ts'
import { chain } from './chain-strategy.ts'
import { colour, colourText } from './colour-strategy.ts'
import { eliminate, isPlain } from './eliminate-strategy.ts'
import type { Context, Strategy } from './strategy.ts'
import { tensors } from './tensor-strategy.ts'

/** Beyond forward and reverse, simpler ones first: of predictions that tie, the first is taken. */
const strategies: readonly Strategy[] = [chain, colour, eliminate, tensors]

/** A global order is taken up to this much slower than the best of all. */
const SIMPLER = 1.2
/** Entries of a matrix that is made in full although only some are wanted. */
const WHOLE = 2 ** 22
/** Forward and reverse closer than this are a tie: then fewer seeds win. */
const TIE = 1.05

export interface Chooser {
  readonly choose: Choose
  /** What was chosen and what the alternatives would have cost, by name of derivative. */
  readonly orders: { readonly [derivative: string]: OrderReport }
}

/** `optimise`: the passes of the plan; `budget`: bytes of its arena. */
export function chooser(target: Target, optimise: (graph: Graph) => Graph, budget?: number): Chooser {
  const orders: { [derivative: string]: OrderReport } = {}
  const report = (request: string, made: OrderReport): void => {
    for (const name of request.split(' ')) orders[name] = made
  }
  const remembered = new Map<string, unknown>()
  const remember = <T>(key: string, make: () => T): T => {
    if (!remembered.has(key)) remembered.set(key, make())
    return remembered.get(key) as T
  }
  const context = { target, remember, ...(budget !== undefined && { memory: budget }) }
  const choose: Choose = (request, problem, mode) => {
    const seeds = `seeds: forward ${problem.inputs}, reverse ${problem.outputs}`
    if (mode !== 'auto') {
      const order = named(request, problem, mode, context)
      const given = typeof mode === 'object' && !isLimited(mode)
      if (given) problem.build(order) // refuses one that does not fit, before anything is said of it
      const reason = given ? 'this order was given' : `${askedFor(mode)} was asked for`
      report(request, reportOf(order, reason, []))
      return order
    }
    if (problem.inputs === 1 && problem.outputs === 1) {
      const order = byDimensions(request, problem, mode)
      report(request, reportOf(order, `one seed either way`, []))
      return order
    }
    const priced = candidatesOf(problem, context).map((order) => price(problem, order, { target, optimise, budget }))
    const within = fitting(priced, budget)
    const order = preferred(problem, within)
    const left = within.length < priced.length ? ` of those that need least memory` : ''
    report(request, reportOf(order, `lowest predicted time${left}; ${seeds}`, priced))
    return order
  }
  return { choose, orders }
}

type Searching = Omit<Context, 'asked'>

/** The order that a user's mode stands for. */
function named(request: string, problem: Problem, mode: Exclude<Mode, 'auto'>, context: Searching): Order {
  const limited = isLimited(mode)
  if ((typeof mode === 'object' && !limited) || mode === 'forward' || mode === 'reverse')
    return byDimensions(request, problem, mode)
  const kind = limited ? 'chain' : mode
  const strategy = strategies.find((s) => s.kind === kind)
  if (!strategy) throw unknownOrder(kind, ['forward', 'reverse', ...strategies.map((s) => s.kind)])
  const order = strategy.propose(problem, { ...context, ...(limited && { memory: bytesIn(mode.memory) }), asked: true })
  if (order && 'kind' in order) return order
  throw impossibleOrder(kind, `${request}: ${order?.impossible ?? 'there is none'}`)
}
const askedFor = (mode: Exclude<Mode, 'auto'>): string =>
  isLimited(mode) ? `${mode.kind} within ${mode.memory}` : String(mode)

function candidatesOf(problem: Problem, context: Searching): Order[] {
  const proposed = strategies.map((s) => s.propose(problem, { ...context, asked: false }))
  const orders = proposed.filter((p) => p !== undefined && 'kind' in p)
  // In full it is never wanted, and may not fit in memory.
  if (problem.sparse && orders.length > 0 && problem.inputs * problem.outputs > WHOLE) return orders
  return [{ kind: 'forward' }, { kind: 'reverse' }, ...orders]
}

interface Priced extends Cost {
  readonly order: Order
  readonly memory: number
  /** With a budget: the most bytes alive at once, what persists included. */
  readonly peak?: number
}
interface Pricing {
  readonly target: Target
  readonly optimise: (graph: Graph) => Graph
  readonly budget: number | undefined
}
function price(problem: Problem, order: Order, { target, optimise, budget }: Pricing): Priced {
  const fused = fuse(optimise(inlineRegions(problem.build(order))), { fusion: true, scalars: true })
  const bytes = ({ shape, dtype }: Value): number => count(shape) * bytesOf[dtype]
  const passing = (v: Value): boolean => v.role === 'temporary' || v.role === 'output'
  const sum = (of: readonly Value[]): number => of.reduce((n, v) => n + bytes(v), 0)
  const { values } = fused.table
  const memory = sum(values.filter(passing))
  const cost = costOfItems(fused.items, target)
  if (budget === undefined) return { order, ...cost, memory }
  return { order, ...cost, memory, peak: sum(values.filter((v) => !passing(v))) + peakIn(fused, target) }
}

/** The most bytes of temporaries and outputs alive at once, in an order that keeps few. */
function peakIn(fused: Fused, { scratch }: Target): number {
  const problem = orderProblem(fused.items, updatesOf(fused), fused.table, (kernel) => {
    const { shared, perRank } = scratch(kernel)
    return shared + perRank
  })
  return peakOf(problem, lowOrder(problem))
}

/** Of a budget, those that fit it; where none does, the one that needs least. */
function fitting(priced: readonly Priced[], budget: number | undefined): readonly Priced[] {
  if (budget === undefined) return priced
  const least = priced.reduce((n, p) => Math.min(n, p.peak!), Number.POSITIVE_INFINITY)
  return priced.filter((p) => p.peak! <= Math.max(budget, least))
}

function preferred(problem: Problem, priced: readonly Priced[]): Order {
  const seeds = (p: Priced): number => (p.order.kind === 'forward' ? problem.inputs : problem.outputs)
  const cheapest = (of: readonly Priced[]): number => of.reduce((least, p) => Math.min(least, p.seconds), Infinity)
  const best = cheapest(priced)
  const isGlobal = ({ order }: Priced): boolean => order.kind === 'forward' || order.kind === 'reverse'
  const [global, others] = [priced.filter(isGlobal), priced.filter((p) => !isGlobal(p))]
  if (cheapest(global) > SIMPLER * best) return others.find((p) => p.seconds <= SIMPLER * best)!.order
  const plain = others.find((p) => p.order.kind === 'eliminate' && isPlain(problem))
  if (plain && plain.seconds < cheapest(global)) return plain.order
  const tied = global.filter((p) => p.seconds <= TIE * cheapest(global))
  return tied.reduce((a, b) => (seeds(b) < seeds(a) ? b : a)).order
}

function reportOf(order: Order, reason: string, priced: readonly Priced[]): OrderReport {
  return {
    chosen: order.kind,
    reason,
    order,
    ...textOf(order),
    candidates: priced.map((p) => ({
      name: p.order.kind,
      ...textOf(p.order),
      multiplications: p.multiplications,
      predictedMs: rounded(p.seconds * 1e3),
      bytes: p.memory,
    })),
  }
}
function textOf(order: Order): { readonly text?: string } {
  if (order.kind === 'chain') return { text: bracketText(order) }
  if (order.kind === 'colour') return { text: colourText(order) }
  return order.kind === 'tensors' ? { text: tensorText(order) } : {}
}
/** Four digits: enough to compare, and free of noise in the last bits. */
const rounded = (x: number): number => Number(x.toPrecision(4))
