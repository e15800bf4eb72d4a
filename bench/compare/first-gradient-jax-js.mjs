/** The same as first-gradient.mjs in jax-js, which is installed in the folder given. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

globalThis.navigator ??= {}
const { resolve } = createRequire(join(process.argv[2], 'package.json'))
const {
  init,
  defaultDevice,
  jit,
  nn,
  numpy: np,
  valueAndGrad,
} = await import(pathToFileURL(resolve('@jax-js/jax').replace(/\.cjs$/, '.js')).href)
await init('wasm')
defaultDevice('wasm')
const loss = ({ w1, b1, w2, b2 }, x, t) => {
  const z = np.matmul(np.tanh(np.matmul(x, w1).add(b1)), w2).add(b2)
  return nn.logSoftmax(z, 1).mul(t).sum(1).mean().mul(-1)
}
const fill = (...shape) => {
  const n = shape.reduce((a, b) => a * b, 1)
  const values = new Float32Array(n)
  for (let i = 0; i < n; i++) values[i] = Math.sin(i)
  return np.array(values).reshape(shape)
}
const both = process.argv[3] === 'eager' ? valueAndGrad(loss) : jit(valueAndGrad(loss))
const weights = { w1: fill(784, 128), b1: fill(128), w2: fill(128, 10), b2: fill(10) }
const [, slopes] = both(weights, fill(64, 784), fill(64, 10))
const w1 = await slopes.w1.data()
const { user, system } = process.cpuUsage()
console.log(JSON.stringify({ ms: performance.now(), cpu: (user + system) / 1e3, value: w1[0] }))
process.exit()
