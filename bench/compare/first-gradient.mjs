/**
 * From nothing to the first gradient of an MLP (784-128-10, batch 64): what bench startup starts as a process. Prints milliseconds since the process
 * began. With a folder, plans and code are kept there.
 */
import { compile, f32, program, valueAndGrad } from 'cotangent'
import * as op from 'cotangent/ops'

const backend = async (folder) => {
  const [{ wasm }, { planFolder }] = await Promise.all([import('cotangent/backends/wasm'), import('cotangent/files')])
  return wasm({ cache: planFolder(folder) })
}
const mlp = program({
  inputs: { x: f32(64, 784), t: f32(64, 10), w1: f32(784, 128), b1: f32(128), w2: f32(128, 10), b2: f32(10) },
  outputs({ x, t, w1, b1, w2, b2 }) {
    const z = op.add(op.matmul(op.tanh(op.add(op.matmul(x, w1), b1)), w2), b2)
    return { loss: op.neg(op.mean(op.sum(op.mul(op.logSoftmax(z), t), { axes: [1] }))) }
  },
})
const [, , folder] = process.argv
const gradient = valueAndGrad(mlp, { of: 'loss', wrt: ['w1', 'b1', 'w2', 'b2'] })
const exe = await compile(gradient, folder === undefined ? {} : { backend: await backend(folder) })
for (const view of Object.values(exe.inputs)) for (let i = 0; i < view.length; i++) view[i] = Math.sin(i)
const { dloss_dw1 } = await exe.run(exe.inputs)
const { user, system } = process.cpuUsage()
console.log(JSON.stringify({ ms: performance.now(), cpu: (user + system) / 1e3, value: dloss_dw1[0] }))
process.exit()
