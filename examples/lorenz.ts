/** The Lorenz system as a loop: how its end depends on start and parameters, forward, in reverse and by differences; volumes shrink as they must. */
import assert from 'node:assert/strict'
import { compile, f64, jacobian, type Mode, type Node, program } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'

const [STEPS, DT] = [400, 0.0025]
const backend = wasm({ threads: 1 })

function velocity(state: Node, parameters: Node): Node {
  const [x, y, z] = op.unstack(state) as [Node, Node, Node]
  const [sigma, rho, beta] = op.unstack(parameters) as [Node, Node, Node]
  const dx = op.mul(sigma, op.sub(y, x))
  const dy = op.sub(op.mul(x, op.sub(rho, z)), y)
  const dz = op.sub(op.mul(x, y), op.mul(beta, z))
  return op.stack([dx, dy, dz])
}

/** One step of the classical Runge–Kutta method. */
function rungeKutta(state: Node, slope: (state: Node) => Node): Node {
  const k1 = slope(state)
  const k2 = slope(op.add(state, op.mul(k1, DT / 2)))
  const k3 = slope(op.add(state, op.mul(k2, DT / 2)))
  const k4 = slope(op.add(state, op.mul(k3, DT)))
  return op.add(state, op.mul(op.add(op.add(k1, k4), op.mul(op.add(k2, k3), 2)), DT / 6))
}

const lorenz = program({
  name: 'lorenz',
  inputs: { start: f64(3), parameters: f64(3) },
  outputs({ start, parameters }) {
    const { carry } = op.scan({
      carry: { state: start },
      length: STEPS,
      body: ({ state }) => ({ carry: { state: rungeKutta(state, (s) => velocity(s, parameters)) } }),
    })
    return { end: carry.state }
  },
})

const start = [1, 2, 20]
const parameters = [10, 28, 8 / 3]
const found: { [mode: string]: Float64Array[] } = {}
for (const mode of ['forward', 'reverse'] satisfies Mode[]) {
  const exe = await compile(
    jacobian(jacobian(lorenz, { of: 'end', wrt: 'start', mode }), { of: 'end', wrt: 'parameters', mode }),
    { backend },
  )
  const before = performance.now()
  const { end, dend_dstart, dend_dparameters } = exe.runSync({ start, parameters })
  console.log(
    `${mode.padEnd(7)} ${STEPS} steps, both Jacobians in ${(performance.now() - before).toFixed(1)} ms; end ${show(end)}`,
  )
  found[mode] = [dend_dstart, dend_dparameters]
  await exe.close()
}
function show(values: Float64Array): string {
  return [...values].map((v) => v.toFixed(4)).join(' ')
}

const exe = await compile(lorenz, { backend })
const apart = (a: Float64Array, b: Float64Array): number => {
  const scale = Math.max(...b.map(Math.abs))
  return Math.max(...a.map((v, i) => Math.abs(v - b[i]!))) / scale
}
const differences = (['start', 'parameters'] as const).map((which) => {
  const columns = [0, 1, 2].map((i) => {
    const at = (by: number): Float64Array => {
      const feed = { start, parameters, [which]: { start, parameters }[which].map((v, k) => (k === i ? v + by : v)) }
      return exe.runSync(feed).end
    }
    const [ahead, behind] = [at(1e-5), at(-1e-5)]
    return ahead.map((v, k) => (v - behind[k]!) / 2e-5)
  })
  return Float64Array.from({ length: 9 }, (_, i) => columns[i % 3]![Math.floor(i / 3)]!)
})
await exe.close()

const [forward, reverse] = [found['forward']!, found['reverse']!]
const modes = Math.max(...forward.map((m, i) => apart(m, reverse[i]!)))
const numeric = Math.max(...forward.map((m, i) => apart(m, differences[i]!)))
for (const r of [0, 1, 2])
  console.log(
    `d end / d start | parameters  ${forward.map((m) => show(m.slice(3 * r, 3 * r + 3)).padEnd(28)).join('| ')}`,
  )
console.log(
  `forward and reverse differ by ${modes.toExponential(1)}, from differences by ${numeric.toExponential(1)} (relative)`,
)
assert(modes < 1e-11, `the modes differ by ${modes}`)
assert(numeric < 1e-6, `differences differ by ${numeric}`)

// Liouville: the flow's divergence is −(σ + 1 + β) everywhere, so volumes shrink by a known factor.
const [a, b, c, d, e, f, g, h, i] = forward[0]! as unknown as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
]
const volume = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
const expected = Math.exp(-(parameters[0]! + 1 + parameters[2]!) * STEPS * DT)
console.log(`volumes shrink by ${volume.toExponential(6)}, by theory ${expected.toExponential(6)}`)
assert(Math.abs(volume / expected - 1) < 1e-6, 'volumes do not shrink as the divergence says')
