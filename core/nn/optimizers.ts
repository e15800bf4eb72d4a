/**
 * Optimizers: what each keeps beside a parameter, and the next values, as nodes.
 * Invariant: an optimizer is ordinary graph: its update is planned, fused and placed like everything else.
 * May not: hold state outside the program's.
 */
import type { Node } from '../ir.ts'
import { add, div, mul, sqrt, sub } from '../primitives/arithmetic.ts'
import { pow } from '../primitives/exponential.ts'
import { constant } from '../primitives/leaf.ts'

export interface Optimizer {
  readonly kind: string
  /** Values kept for each parameter, of its type, starting at zero. */
  readonly slots: readonly string[]
  /** Parameter and slots after a step. `step`: 1, 2, 3 … as a scalar of the parameter's dtype. */
  update(
    w: Node,
    g: Node,
    slots: { readonly [slot: string]: Node },
    step: Node,
  ): { readonly w: Node; readonly slots: { readonly [slot: string]: Node } }
}

export interface Rate {
  /** Step size. */
  readonly rate?: number
}

/** w ← w − rate · g */
export const sgd = ({ rate = 0.01 }: Rate = {}): Optimizer => ({
  kind: 'sgd',
  slots: [],
  update: (w, g) => ({ w: sub(w, mul(g, rate)), slots: {} }),
})

/** v ← β v + g; w ← w − rate · v (Polyak 1964). */
export const momentum = ({ rate = 0.01, beta = 0.9 }: Rate & { readonly beta?: number } = {}): Optimizer => ({
  kind: 'momentum',
  slots: ['v'],
  update: (w, g, s) => {
    const v = add(mul(s['v']!, beta), g)
    return { w: sub(w, mul(v, rate)), slots: { v } }
  },
})

/** Adam (Kingma & Ba 2015, algorithm 1). */
export const adam = ({
  rate = 1e-3,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
}: Rate & { readonly beta1?: number; readonly beta2?: number; readonly epsilon?: number } = {}): Optimizer => ({
  kind: 'adam',
  slots: ['m', 'v'],
  update: (w, g, s, step) => {
    const m = add(mul(s['m']!, beta1), mul(g, 1 - beta1))
    const v = add(mul(s['v']!, beta2), mul(mul(g, g), 1 - beta2))
    const corrected = (x: Node, beta: number) => div(x, sub(1, pow(constant(beta, w.dtype), step)))
    return { w: sub(w, div(mul(corrected(m, beta1), rate), add(sqrt(corrected(v, beta2)), epsilon))), slots: { m, v } }
  },
})
