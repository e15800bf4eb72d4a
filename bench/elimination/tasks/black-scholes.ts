/**
 * The price of a European call (Black & Scholes 1973) and its Greeks, in closed form: with d₁ = (ln(S/K) + (r + σ²/2) T)/(σ√T), d₂ = d₁ − σ√T, the
 * normal distribution Φ and its density φ, the price is S Φ(d₁) − K e^(−rT) Φ(d₂). Their Jacobian by (S, K, r, σ, T) holds second and third order.
 */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { type Task, taskProgram } from './task.ts'

const distribution = (d: Node): Node => op.mul(op.add(op.erf(op.mul(d, Math.SQRT1_2)), 1), 0.5)
const density = (d: Node): Node => op.mul(op.exp(op.mul(op.square(d), -0.5)), 1 / Math.sqrt(2 * Math.PI))

export const blackScholes: Task = {
  name: 'Black–Scholes, Greeks',
  program: taskProgram('Black–Scholes', 5, (x) => {
    const [S, K, r, sigma, T] = op.unstack(x) as [Node, Node, Node, Node, Node]
    const root = op.sqrt(T)
    const spread = op.mul(sigma, root)
    const drift = op.mul(op.add(r, op.mul(op.square(sigma), 0.5)), T)
    const d1 = op.div(op.add(op.log(op.div(S, K)), drift), spread)
    const d2 = op.sub(d1, spread)
    const [delta, exercised] = [distribution(d1), distribution(d2)]
    const today = op.mul(K, op.exp(op.neg(op.mul(r, T))))
    const paid = op.mul(today, exercised)
    const peak = density(d1)
    const vega = op.mul(op.mul(S, peak), root)
    const gamma = op.div(peak, op.mul(S, spread))
    const theta = op.neg(op.add(op.div(op.mul(op.mul(S, peak), sigma), op.mul(root, 2)), op.mul(r, paid)))
    return op.stack([op.sub(op.mul(S, delta), paid), delta, gamma, vega, theta, op.mul(T, paid)])
  }),
  point: (i, noise) => [100, 95, 0.03, 0.25, 1.2][i]! * (1 + 0.1 * noise),
}
