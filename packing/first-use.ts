/**
 * What most programs do first: a training step and a gradient, without a folder of plans, with an empty one, and with one that has them. What this calls lies
 * in the file that every process loads, what it does not call in one that is loaded when needed (late.ts). `tsx packing/first-use.ts FOLDER`.
 * Invariant: prints nothing and ends by itself.
 */
import { adam, compile, f32, program, train, valueAndGrad } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import { planFolder } from 'cotangent/files'
import * as op from 'cotangent/ops'

const model = program({
  inputs: { x: f32(64, 32), t: f32(64, 10) },
  state: { w1: f32(32, 16), b1: f32(16), w2: f32(16, 10), b2: f32(10) },
  outputs({ x, t, w1, b1, w2, b2 }) {
    const z = op.add(op.matmul(op.tanh(op.add(op.matmul(x, w1), b1)), w2), b2)
    return { loss: op.neg(op.mean(op.sum(op.mul(op.logSoftmax(z), t), { axes: [1] }))) }
  },
})
const gradient = valueAndGrad(model, { of: 'loss', wrt: ['w1', 'b1', 'w2', 'b2'] })
const kept = { cache: planFolder(process.argv[2]!) }

for (const options of [{}, kept, kept]) {
  const backend = wasm(options)
  const trained = await compile(train(model, { minimize: 'loss', with: adam() }), { backend })
  await trained.run(trained.inputs)
  const exe = await compile(gradient, { backend })
  await exe.run(exe.inputs)
}
process.exit()
