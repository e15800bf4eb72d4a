/**
 * Workloads of bench peers in TensorFlow.js on its WebAssembly backend, one thread: those whose gradients its kernels have.
 * Invariant: the same sums as compare/cotangent.ts.
 * May not: be imported where TensorFlow.js is not installed.
 */
const RATE = 0.01

export function peer(tf) {
  const dense = (v, h) => {
    let out = h
    for (let i = 0; v[`w${i}`]; i++) {
      const z = tf.add(tf.matMul(out, v[`w${i}`]), v[`b${i}`])
      out = v[`w${i + 1}`] ? tf.relu(z) : z
    }
    return out
  }
  const kinds = {
    product:
      ({ a, b }) =>
      () => ({ c: tf.matMul(a, b) }),
    mlp: ({ x, t, ...v }) => {
      const names = Object.keys(v)
      const both = tf.valueAndGrads((...weights) => {
        const z = dense(Object.fromEntries(names.map((name, i) => [name, weights[i]])), x)
        return tf.neg(tf.div(tf.sum(tf.mul(tf.logSoftmax(z), t)), x.shape[0]))
      })
      return () => {
        const { value, grads } = both(names.map((name) => v[name]))
        return { loss: value, ...Object.fromEntries(names.map((name, i) => [name, v[name].sub(grads[i].mul(RATE))])) }
      }
    },
    chain: ({ x, a, b }) => {
      const both = tf.valueAndGrad((x) =>
        tf.sum(tf.mul(tf.tanh(tf.add(tf.mul(a, x), b)), tf.exp(tf.neg(tf.square(x))))),
      )
      return () => {
        const { value, grad } = both(x)
        return { y: value, dx: grad }
      }
    },
  }
  return (kind, data) => {
    if (!kinds[kind]) throw new Error('no kernels for its gradient')
    const arrays = Object.fromEntries(Object.entries(data).map(([name, d]) => [name, tf.tensor(d.data, d.shape)]))
    const f = kinds[kind](arrays)
    return {
      // Kernels run when they are called; reading a small output would add a copy, and reading a large one a large copy.
      run: () => tf.tidy(() => void f()),
      outputs: () => tf.tidy(() => Object.fromEntries(Object.entries(f()).map(([name, y]) => [name, y.dataSync()]))),
    }
  }
}

export async function load(require) {
  const tf = require('@tensorflow/tfjs')
  const backend = require('@tensorflow/tfjs-backend-wasm')
  backend.setThreadsCount(1)
  await tf.setBackend('wasm')
  await tf.ready()
  return peer(tf)
}
