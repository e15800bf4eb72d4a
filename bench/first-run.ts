/**
 * What bench startup starts as a process: programs that take long at once, compiled and run ten times in a row. Prints, a line each, the first time
 * and the tenth, in milliseconds.
 * Invariant: nothing has run before in the process, so the first run is that of code nobody has called; no V8 flag is set.
 */
import { adam, compile, f32, type Node, program, train } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { processorTime } from './interleave.ts'

const quick = process.argv.includes('--quick')
const n = (full: number): number => (quick ? Math.ceil(full / 64) : full)
const layers = [784, 512, 512, 10].map(n)

const product = program({
  inputs: { a: f32(n(1024), n(1024)), b: f32(n(1024), n(1024)) },
  outputs: ({ a, b }) => ({ y: op.matmul(a, b) }),
})
const model = program({
  inputs: { x: f32(n(512), layers[0]!), t: f32(n(512), layers.at(-1)!) },
  state: Object.fromEntries(layers.slice(1).map((wide, i) => [`w${i}`, f32(layers[i]!, wide)])),
  outputs({ x, t, ...weights }) {
    const all = Object.values(weights) as Node[]
    const z = all.reduce((h, w, i) => (i === 0 ? op.matmul(h, w) : op.matmul(op.relu(h), w)), x)
    return { loss: op.neg(op.mean(op.sum(op.mul(op.logSoftmax(z), t), { axes: [1] }))) }
  },
})
const softmax = program({
  inputs: { x: f32(n(512), n(4096)) },
  outputs: ({ x }) => ({ y: op.softmax(x) }),
})
const points = program({
  inputs: { a: f32(n(2_000_000)), x: f32(n(2_000_000)) },
  outputs: ({ a, x }) => ({ y: op.mul(op.tanh(op.mul(a, x)), op.exp(op.neg(op.square(x)))) }),
})
const total = program({
  inputs: { a: f32(n(2_000_000)), x: f32(n(2_000_000)) },
  outputs: ({ a, x }) => ({ y: op.sum(op.mul(op.tanh(op.mul(a, x)), op.exp(op.neg(op.square(x))))) }),
})

const cases = {
  'product of 1024': product,
  'step 784-512-512-10, batch 512': train(model, { minimize: 'loss', with: adam() }),
  'softmax 512 × 4096': softmax,
  'tanh(a·x)·exp(−x²), 2 million': points,
  'their sum': total,
}
for (const [name, p] of Object.entries(cases)) {
  const exe = await compile(p as typeof softmax, { backend: wasm({ threads: 1 }) })
  for (const values of Object.values(exe.inputs))
    values.forEach((_, i) => {
      values[i] = Math.sin(i)
    })
  const times: { readonly ms: number; readonly cpu: number }[] = []
  for (let run = 0; run < 10; run++) {
    const [began, spent] = [performance.now(), processorTime()]
    exe.runSync(exe.inputs, { views: true })
    times.push({ ms: performance.now() - began, cpu: processorTime() - spent })
  }
  console.log(JSON.stringify({ name, first: times[0], tenth: times.at(-1) }))
  await exe.close()
}
