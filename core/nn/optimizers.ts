/**
 * Optimizers: what each keeps beside a parameter, and the next values, as nodes.
 * Invariant: an optimizer is ordinary graph: its update is planned, fused and placed like everything else.
 * May not: hold state outside the program's.
 */
import type { Node } from '../ir.ts'
import { add, div, mul, sqrt, sub } from '../primitives/arithmetic.ts'
import { pow } from '../primitives/exponential.ts'
import { constant } from '../primitives/leaf.ts'
import type { Schedule } from './schedules.ts'

/** What every optimizer takes. */
export interface Common {
  /** Step size, or a schedule of it. */
  readonly rate?: Schedule
  /** Gradients are cut to ±value, then scaled down together to at most `norm` in length. */
  readonly clip?: { readonly value?: number; readonly norm?: number }
  /** Each gradient has decay · parameter added; of adamw, each parameter loses rate · decay of itself. */
  readonly decay?: number
}

/** Where a step stands. */
export interface Moment {
  /** 1, 2, 3 … as a scalar of the parameter's dtype. Only where `slots` or a schedule need it. */
  readonly step: Node
  readonly rate: Node
}
type Slots = { readonly [slot: string]: Node }

export interface Optimizer {
  readonly kind: string
  /** Values kept for each parameter, of its type, starting at zero. */
  readonly slots: readonly string[]
  readonly rate: Schedule
  readonly clip?: Common['clip']
  /** Added to the gradient as decay · parameter. */
  readonly decay?: number
  /** Parameter and slots after a step by the gradient `g`. */
  update(w: Node, g: Node, slots: Slots, at: Moment): { readonly w: Node; readonly slots: Slots }
}

const common = ({ rate, clip, decay }: Common, usual: number) => ({
  rate: rate ?? usual,
  ...(clip && { clip }),
  ...(decay !== undefined && { decay }),
})

/** w ← w − rate · g */
export const sgd = (o: Common = {}): Optimizer => ({
  kind: 'sgd',
  slots: [],
  ...common(o, 0.01),
  update: (w, g, _, { rate }) => ({ w: sub(w, mul(g, rate)), slots: {} }),
})

export interface MomentumOptions extends Common {
  /** How much of the velocity stays. Default 0.9. */
  readonly beta?: number
}
/** v ← β v + g; w ← w − rate · v (Polyak 1964). */
export const momentum = ({ beta = 0.9, ...o }: MomentumOptions = {}): Optimizer => ({
  kind: 'momentum',
  slots: ['v'],
  ...common(o, 0.01),
  update: (w, g, s, { rate }) => {
    const v = add(mul(s['v']!, beta), g)
    return { w: sub(w, mul(v, rate)), slots: { v } }
  },
})

/** v ← β v + g; w ← w − rate · (g + β v) (Nesterov 1983, as in Sutskever et al. 2013). */
export const nesterov = ({ beta = 0.9, ...o }: MomentumOptions = {}): Optimizer => ({
  kind: 'nesterov',
  slots: ['v'],
  ...common(o, 0.01),
  update: (w, g, s, { rate }) => {
    const v = add(mul(s['v']!, beta), g)
    return { w: sub(w, mul(add(g, mul(v, beta)), rate)), slots: { v } }
  },
})

export interface RmspropOptions extends Common {
  /** How much of the mean square stays. Default 0.9. */
  readonly rho?: number
  readonly epsilon?: number
}
/** s ← ρ s + (1 − ρ) g²; w ← w − rate · g / (√s + ε) (Tieleman & Hinton 2012). */
export const rmsprop = ({ rho = 0.9, epsilon = 1e-8, ...o }: RmspropOptions = {}): Optimizer => ({
  kind: 'rmsprop',
  slots: ['s'],
  ...common(o, 1e-3),
  update: (w, g, slots, { rate }) => {
    const s = add(mul(slots['s']!, rho), mul(mul(g, g), 1 - rho))
    return { w: sub(w, div(mul(g, rate), add(sqrt(s), epsilon))), slots: { s } }
  },
})

export interface AdamOptions extends Common {
  readonly beta1?: number
  readonly beta2?: number
  readonly epsilon?: number
}
/** Adam (Kingma & Ba 2015, algorithm 1). */
export const adam = (o: AdamOptions = {}): Optimizer => ({
  kind: 'adam',
  slots: ['m', 'v'],
  ...common(o, 1e-3),
  update: (w, g, s, at) => {
    const { m, v, change } = adaptive(o, g, s, at)
    return { w: sub(w, change), slots: { m, v } }
  },
})

/** AdamW: the decay acts on the parameter, not through the gradient (Loshchilov & Hutter 2019, algorithm 2). Default decay 0.01. */
export const adamw = ({ decay = 0.01, ...o }: AdamOptions = {}): Optimizer => ({
  kind: 'adamw',
  slots: ['m', 'v'],
  ...common(o, 1e-3),
  update: (w, g, s, at) => {
    const { m, v, change } = adaptive(o, g, s, at)
    return { w: sub(sub(w, mul(mul(w, at.rate), decay)), change), slots: { m, v } }
  },
})

function adaptive(o: AdamOptions, g: Node, s: Slots, { step, rate }: Moment): { m: Node; v: Node; change: Node } {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = o
  const m = add(mul(s['m']!, beta1), mul(g, 1 - beta1))
  const v = add(mul(s['v']!, beta2), mul(mul(g, g), 1 - beta2))
  const corrected = (x: Node, beta: number) => div(x, sub(1, pow(constant(beta, g.dtype), step)))
  return { m, v, change: div(mul(corrected(m, beta1), rate), add(sqrt(corrected(v, beta2)), epsilon)) }
}
