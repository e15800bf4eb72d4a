/**
 * Euler's equations of an ideal gas, in one space dimension or three: what a state is, and Roe's approximate Riemann solver between two of them
 * (Roe 1981), for a face with unit normal n.
 *
 * A state is (ρ, ρu, E). From it: u = ρu / ρ, p = (γ − 1)(E − ρ|u|²/2), H = (E + p)/ρ; its flux through the face is
 * (ρ uₙ, ρu uₙ + p n, ρH uₙ) with uₙ = u · n. The jump between the states is split into waves at a mean state, whose u and H are the means
 * weighted by √ρ: sound waves of speed uₙ ± a, and what the gas carries along, entropy and shear, at uₙ. Each wave is damped by |speed|.
 */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'

const GAMMA = 1.4

interface State {
  readonly rho: Node
  readonly momentum: readonly Node[]
  readonly u: readonly Node[]
  readonly un: Node
  readonly p: Node
  readonly H: Node
}
type Normal = readonly number[]

const sum = (terms: readonly Node[]): Node => terms.reduce((a, b) => op.add(a, b))
const dot = (u: readonly Node[], v: readonly (Node | number)[]): Node => sum(u.map((x, d) => op.mul(x, v[d]!)))
/** Components that the normal has. */
const along = (u: readonly Node[], n: Normal): Node => {
  const own = n.flatMap((c, d) => (c === 0 ? [] : [{ c, x: u[d]! }]))
  return sum(own.map(({ c, x }) => (c === 1 ? x : op.mul(x, c))))
}

function stateOf([rho, ...rest]: readonly Node[], n: Normal): State {
  const [momentum, energy] = [rest.slice(0, -1), rest.at(-1)!]
  const u = momentum.map((m) => op.div(m, rho!))
  const p = op.mul(op.sub(energy, op.mul(dot(momentum, u), 0.5)), GAMMA - 1)
  return { rho: rho!, momentum, u, un: along(u, n), p, H: op.div(op.add(energy, p), rho!) }
}

function fluxOf({ rho, momentum, un, p, H }: State, n: Normal): Node[] {
  const carried = momentum.map((m, d) => {
    const moved = op.mul(m, un)
    return n[d] === 0 ? moved : op.add(moved, op.mul(p, n[d]!))
  })
  const mass = op.mul(rho, un)
  return [mass, ...carried, op.mul(mass, H)]
}

/** The mean state, and its speed of sound. */
function roeMean(l: State, r: State, n: Normal) {
  const [a, b] = [op.sqrt(l.rho), op.sqrt(r.rho)]
  const share = op.div(a, op.add(a, b))
  const mean = (x: Node, y: Node): Node => op.add(y, op.mul(share, op.sub(x, y)))
  const u = l.u.map((x, d) => mean(x, r.u[d]!))
  const H = mean(l.H, r.H)
  const kinetic = op.mul(dot(u, u), 0.5)
  const a2 = op.mul(op.sub(H, kinetic), GAMMA - 1)
  return { rho: op.mul(a, b), u, un: along(u, n), H, kinetic, a2, a: op.sqrt(a2) }
}

/** Damping: the sum over waves of |speed| · strength · what the wave changes. */
function damping(l: State, r: State, n: Normal): Node[] {
  const m = roeMean(l, r, n)
  const [dp, dun] = [op.sub(r.p, l.p), op.sub(r.un, l.un)]
  const du = r.u.map((x, d) => op.sub(x, l.u[d]!))
  const sound = (sign: 1 | -1): Node[] => {
    const pressure = op.mul(op.mul(m.rho, m.a), dun)
    const strength = op.div((sign > 0 ? op.add : op.sub)(dp, pressure), op.mul(m.a2, 2))
    const speed = (sign > 0 ? op.add : op.sub)(m.un, m.a)
    const weight = op.mul(op.abs(speed), strength)
    const velocity = m.u.map((x, d) => (n[d] === 0 ? x : op.add(x, op.mul(m.a, sign * n[d]!))))
    const heat = (sign > 0 ? op.add : op.sub)(m.H, op.mul(m.a, m.un))
    return [weight, ...velocity.map((x) => op.mul(weight, x)), op.mul(weight, heat)]
  }
  const entropy = op.sub(op.sub(r.rho, l.rho), op.div(dp, m.a2))
  const speed = op.abs(m.un)
  const shear = du.map((x, d) => (n[d] === 0 ? x : n[d] === 1 ? undefined : op.sub(x, op.mul(dun, n[d]!))))
  const carried = (change: Node, d: number): Node =>
    shear[d] ? op.add(op.mul(entropy, change), op.mul(m.rho, shear[d])) : op.mul(entropy, change)
  const turning = shear.flatMap((x, d) => (x ? [op.mul(m.u[d]!, x)] : []))
  const energy = op.mul(entropy, m.kinetic)
  const still = [
    entropy,
    ...m.u.map(carried),
    turning.length > 0 ? op.add(energy, op.mul(m.rho, sum(turning))) : energy,
  ].map((x) => op.mul(speed, x))
  const [slow, fast] = [sound(-1), sound(1)]
  return still.map((x, i) => op.add(x, op.add(slow[i]!, fast[i]!)))
}

/** The flux between states `left` and `right`. */
export function roeFlux(left: readonly Node[], right: readonly Node[], n: Normal): Node[] {
  const [l, r] = [stateOf(left, n), stateOf(right, n)]
  const [a, b, d] = [fluxOf(l, n), fluxOf(r, n), damping(l, r, n)]
  return a.map((x, i) => op.mul(op.sub(op.add(x, b[i]!), d[i]!), 0.5))
}
