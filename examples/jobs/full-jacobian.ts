/** A full Jacobian, 1024 inputs by 16 outputs: which order was chosen, why, and what the others would have cost. */
import assert from 'node:assert/strict'
import { compile, f32, glorotUniform, jacobian, program } from 'cotangent'
import * as op from 'cotangent/ops'

const [INPUTS, HIDDEN, OUTPUTS] = [1024, 512, 16]

const mlp = program({
  name: 'mlp',
  inputs: { x: f32(INPUTS) },
  state: { w1: f32(INPUTS, HIDDEN).init(glorotUniform()), w2: f32(HIDDEN, OUTPUTS).init(glorotUniform()) },
  outputs: ({ x, w1, w2 }) => ({ y: op.tanh(op.matmul(op.tanh(op.matmul(x, w1)), w2)) }),
})
// @ts-expect-error there is no output z: the types say so, and so does the error
assert.throws(() => jacobian(mlp, { of: 'z', wrt: 'x' }), /there is no output 'z'/)

const exe = await compile(jacobian(mlp, { of: 'y', wrt: 'x' }), { seed: 0 })
const { chosen, reason, candidates } = exe.plan.orders['dy_dx']!
console.log(`${chosen}: ${reason}`)
for (const c of candidates)
  console.log(`  ${c.name.padEnd(8)} ${c.multiplications} multiplications, predicted ${c.predictedMs} ms`)
assert.equal(chosen, 'reverse')

const x = Float32Array.from({ length: INPUTS }, (_, i) => Math.sin(i))
const { y, dy_dx } = await exe.run({ x })
assert.equal(dy_dx.length, OUTPUTS * INPUTS)

// Row by row: tanh′ is 1 − tanh², so a small step along the first row's own direction changes y[0] by its squared length.
const row: Float32Array = dy_dx.subarray(0, INPUTS)
const squared = row.reduce((sum, v) => sum + v * v, 0)
const [H, moved] = [0.01, x.slice()]
row.forEach((v, i) => {
  moved[i] = x[i]! + H * v
})
const change = ((await exe.run({ x: moved })).y[0] - y[0]) / H
console.log(`along its own gradient y[0] grows by ${change.toFixed(3)}; |gradient|² is ${squared.toFixed(3)}`)
assert(Math.abs(change / squared - 1) < 0.05)
await exe.close()
