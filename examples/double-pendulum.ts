/** A double pendulum, both ways round: the sensitivity of its end to its start, and how well the simulation keeps its energy. */
import assert from 'node:assert/strict'
import { compile, f64, jacobian, jvp, type Mode, type Node, program, vjp } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'

const [STEPS, DT, G] = [1000, 0.002, 9.81]
const backend = wasm({ threads: 1 })
const square = (x: Node): Node => op.mul(x, x)

/** Two unit masses on two unit rods; angles from the vertical, then their speeds. */
function velocity(state: Node): Node {
  const [a, b, u, v] = op.unstack(state) as [Node, Node, Node, Node]
  const between = op.sub(a, b)
  const [s, c] = [op.sin(between), op.cos(between)]
  const below = op.sub(2, square(c))
  const pull = op.sub(op.mul(op.sin(a), -2 * G), op.mul(s, square(v)))
  const push = op.add(op.mul(s, square(u)), op.mul(op.sin(b), -G))
  const du = op.div(op.sub(pull, op.mul(c, push)), below)
  const dv = op.div(op.sub(op.mul(push, 2), op.mul(c, pull)), below)
  return op.stack([u, v, du, dv])
}
function energyOf(state: Node): Node {
  const [a, b, u, v] = op.unstack(state) as [Node, Node, Node, Node]
  const kinetic = op.add(op.add(square(u), op.mul(square(v), 0.5)), op.mul(op.mul(u, v), op.cos(op.sub(a, b))))
  return op.sub(kinetic, op.mul(op.add(op.mul(op.cos(a), 2), op.cos(b)), G))
}
function step(state: Node): Node {
  const k1 = velocity(state)
  const k2 = velocity(op.add(state, op.mul(k1, DT / 2)))
  const k3 = velocity(op.add(state, op.mul(k2, DT / 2)))
  const k4 = velocity(op.add(state, op.mul(k3, DT)))
  return op.add(state, op.mul(op.add(op.add(k1, k4), op.mul(op.add(k2, k3), 2)), DT / 6))
}

const pendulum = program({
  name: 'pendulum',
  inputs: { start: f64(4) },
  outputs({ start }) {
    const { carry, out } = op.scan({
      carry: { state: start },
      length: STEPS,
      body: ({ state }) => ({ carry: { state: step(state) }, out: { energy: energyOf(state) } }),
    })
    return { end: carry.state, energy: out.energy }
  },
})

const start = [2, 1.5, 0, 0]
const exe = await compile(pendulum, { backend })
const { end, energy } = exe.runSync({ start }) as { end: Float64Array; energy: Float64Array }
const drift = Math.max(...energy.map((e) => Math.abs(e - energy[0]!))) / Math.abs(energy[0]!)
console.log(`end after ${STEPS * DT} s: ${[...end].map((v) => v.toFixed(6)).join(' ')}`)
console.log(`energy ${energy[0]!.toFixed(6)} J, drift ${drift.toExponential(1)} (relative)`)
assert(drift < 1e-6, `the energy drifts by ${drift}`)

const moved = (by: number, i: number): Float64Array =>
  exe.runSync({ start: start.map((v, k) => (k === i ? v + by : v)) }).end
const columns = start.map((_, i) => {
  const [ahead, behind] = [moved(1e-6, i), moved(-1e-6, i)]
  return ahead.map((v, k) => (v - behind[k]!) / 2e-6)
})
const differences = Float64Array.from({ length: 16 }, (_, i) => columns[i % 4]![Math.floor(i / 4)]!)
await exe.close()

const found: { [mode: string]: Float64Array } = {}
for (const mode of ['forward', 'reverse'] satisfies Mode[]) {
  const made = await compile(jacobian(pendulum, { of: 'end', wrt: 'start', mode }), { backend })
  found[mode] = made.runSync({ start }).dend_dstart
  await made.close()
}
const [forward, reverse] = [found['forward']!, found['reverse']!]
const scale = Math.max(...forward.map(Math.abs))
const apart = (m: Float64Array): number => Math.max(...m.map((v, i) => Math.abs(v - forward[i]!))) / scale
for (const r of [0, 1, 2, 3])
  console.log(
    `d end / d start ${[...forward.subarray(4 * r, 4 * r + 4)].map((v) => v.toFixed(4).padStart(10)).join('')}`,
  )
console.log(
  `reverse differs by ${apart(reverse).toExponential(1)}, differences by ${apart(differences).toExponential(1)} (relative)`,
)
assert(apart(reverse) < 1e-11, `the modes differ by ${apart(reverse)}`)
assert(apart(differences) < 1e-6, `differences differ by ${apart(differences)}`)

// One direction forward and one weighting backward meet in one number.
const [along, weights] = [
  [1, -1, 0.5, 2],
  [0.25, 1, -1, 0.5],
]
const push = await compile(jvp(pendulum, { of: 'end', wrt: 'start' }), { backend })
const pull = await compile(vjp(pendulum, { of: 'end', wrt: 'start' }), { backend })
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a, (v, i) => v * b[i]!).reduce((x, y) => x + y)
const left = dot(push.runSync({ start, start_tangent: along }).end_tangent, weights)
const right = dot(pull.runSync({ start, end_cotangent: weights }).start_cotangent, along)
console.log(`⟨J t, u⟩ = ${left.toFixed(9)}, ⟨t, Jᵀ u⟩ = ${right.toFixed(9)}`)
assert(Math.abs(left - right) < 1e-11 * scale)
await Promise.all([push.close(), pull.close()])
