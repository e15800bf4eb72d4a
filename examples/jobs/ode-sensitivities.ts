/** How a path of 1000 steps depends on five parameters and on its start: the loop stays a loop, and so do its derivatives. */
import assert from 'node:assert/strict'
import { compile, f64, jacobian, type Node, program } from 'cotangent'
import * as op from 'cotangent/ops'

const STEPS = 1000

/** Hunters and hunted (Lotka and Volterra), Euler's method; theta is captured by the body. */
const simulation = program({
  name: 'simulation',
  inputs: { y0: f64(2), theta: f64(5) },
  outputs({ y0, theta }) {
    const [a, b, c, d, e] = op.unstack(theta) as [Node, Node, Node, Node, Node]
    const { out } = op.scan({
      carry: { y: y0 },
      length: STEPS,
      body({ y }) {
        const [u, v] = op.unstack(y) as [Node, Node]
        const next = op.stack([
          op.expr`${u} + 0.01 * (${a} * ${u} - ${b} * ${u} * ${v})`,
          op.expr`${v} + 0.01 * (${c} * ${u} * ${v} - ${d} * ${v} + ${e})`,
        ])
        return { carry: { y: next }, out: { y: next } }
      },
    })
    return { path: out.y }
  },
})

const exe = await compile(jacobian(simulation, { of: 'path', wrt: ['theta', 'y0'] }))
const [y0, theta] = [
  [1, 1],
  [1.1, 0.4, 0.1, 0.4, 0],
]
const { path, dpath_dtheta, dpath_dy0 } = await exe.run({ y0, theta })
assert.equal(dpath_dtheta.length, STEPS * 2 * 5)
assert.equal(dpath_dy0.length, STEPS * 2 * 2)
console.log(
  `${Object.values(exe.plan.orders)[0]?.chosen}, since ${Object.values(exe.plan.orders)[0]?.reason}; the last point is ${path.slice(-2).join(', ')}`,
)

// The same by moving each parameter a little, both ways.
const H = 1e-6
const names = ['growth', 'loss to hunters', 'gain of hunters', 'death', 'immigration']
for (const [k, name] of names.entries()) {
  const at = async (by: number): Promise<Float64Array> =>
    (await exe.run({ y0, theta: theta.map((v, i) => (i === k ? v + by : v)) })).path
  const [ahead, behind] = [await at(H), await at(-H)]
  let [worst, largest] = [0, 0]
  ahead.forEach((v, i) => {
    const exact = dpath_dtheta[5 * i + k]
    worst = Math.max(worst, Math.abs((v - behind[i]!) / (2 * H) - exact))
    largest = Math.max(largest, Math.abs(exact))
  })
  console.log(
    `d path / d ${name.padEnd(15)} up to ${largest.toFixed(2)}; differences agree to ${(worst / largest).toExponential(0)}`,
  )
  assert(worst < 1e-6 * largest)
}
await exe.close()
