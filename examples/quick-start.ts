/** The quick start of the README, word for word below the first blank line: declare, train, run, ask for a Jacobian. */

import assert from 'node:assert/strict'
import { adam, compile, f32, glorotUniform, i32, jacobian, plan, program, train } from 'cotangent'
import * as op from 'cotangent/ops'

// 1. Declare. Nothing runs; every shape is checked here, once.
const mlp = program({
  name: 'mlp',
  inputs: { x: f32('B', 784), y: i32('B') },
  state: {
    w1: f32(784, 128).init(glorotUniform()),
    b1: f32(128),
    w2: f32(128, 10).init(glorotUniform()),
    b2: f32(10),
  },
  outputs({ x, y, w1, b1, w2, b2 }) {
    const h = op.tanh(op.add(op.matmul(x, w1), b1))
    const logits = op.add(op.matmul(h, w2), b2)
    return { logits, loss: op.crossEntropy(logits, y) }
  },
})

// 2. A training step is another program: its state has a next value.
const step = train(mlp, { minimize: 'loss', with: adam({ rate: 1e-3 }) })

// 3. Compile once, run many times. Parameters never leave shared memory.
const exe = await compile(step, { sizes: { B: 64 }, seed: 7 })
const x = Float32Array.from({ length: 64 * 784 }, (_, i) => Math.sin(i * i))
const y = Int32Array.from({ length: 64 }, (_, i) => i % 10)
for (let i = 0; i < 20; i++) console.log((await exe.run({ x, y })).loss)
await exe.close()

// 4. A Jacobian is a request. The planner picks the order and says why.
const J = plan(jacobian(mlp, { of: 'logits', wrt: 'x' }), { sizes: { B: 1 } })
console.log(J.explain())
assert.equal(J.orders['dlogits_dx']?.chosen, 'reverse')
