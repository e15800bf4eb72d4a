/**
 * What bench peers measures: workloads by name, with the data that all peers get.
 * Invariant: data are the same bytes for all, and the same in every run; every peer computes every output listed.
 * May not: compute anything of a workload.
 */
export interface Input {
  readonly shape: readonly number[]
  readonly data: Float32Array
}
export interface Workload {
  readonly name: string
  /** What peers know it by, with sizes in the data. */
  readonly kind: string
  readonly data: () => { readonly [name: string]: Input }
  /** Floating-point operations, where they are what counts. */
  readonly flops?: number
  /** Ours at least this many times as fast as jax-js. */
  readonly bar?: number
  /** Largest difference to our results, in parts of the largest: a program that amplifies roundings says more. Default 1e-4. */
  readonly apart?: number
}

/** Numbers in −scale … scale from a linear congruential generator (Knuth's MMIX). */
function noise(shape: readonly number[], scale: number, seed: number): Input {
  let state = BigInt(seed + 1)
  const next = (): number => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n)
    return Number(state >> 40n) / 2 ** 23 - 1
  }
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1))
  // Long arrays repeat a block whose length shares no factor with their rows.
  const block = Math.min(data.length, 65_537)
  for (let i = 0; i < block; i++) data[i] = scale * next()
  for (let at = block; at < data.length; at += block) data.copyWithin(at, 0, Math.min(block, data.length - at))
  return { shape, data }
}
type Shapes = { readonly [name: string]: readonly [shape: readonly number[], scale: number] }
const noises = (shapes: Shapes) => (): { [name: string]: Input } =>
  Object.fromEntries(Object.entries(shapes).map(([name, [shape, scale]], i) => [name, noise(shape, scale, 97 * i)]))

/** Of `rows` examples, the class of the i-th is i mod `classes`. */
function labels(rows: number, classes: number): Input {
  const data = new Float32Array(rows * classes)
  for (let i = 0; i < rows; i++) data[i * classes + (i % classes)] = 1
  return { shape: [rows, classes], data }
}
const scalar = (x: number): Input => ({ shape: [], data: Float32Array.of(x) })

const product = (n: number): Workload => ({
  name: `product ${n}`,
  kind: 'product',
  data: noises({ a: [[n, n], 1], b: [[n, n], 1] }),
  flops: 2 * n ** 3,
  bar: 1.6,
})

const mlp = (batch: number, widths = [784, 512, 512, 10]): Workload => ({
  name: `MLP ${widths.join('-')} step, batch ${batch}`,
  kind: 'mlp',
  data: () => ({
    ...noises({
      x: [[batch, widths[0]!], 1],
      ...Object.fromEntries(
        widths.slice(1).flatMap((n, i) => [
          [`w${i}`, [[widths[i]!, n], 1.7 / Math.sqrt(widths[i]!)] as const],
          [`b${i}`, [[n], 0.1] as const],
        ]),
      ),
    })(),
    t: labels(batch, widths.at(-1)!),
  }),
  bar: 1.7,
})

const lenet = (batch: number, side: number): Workload => ({
  name: `LeNet step, batch ${batch}`,
  kind: 'lenet',
  data: () => ({
    ...noises({
      x: [[batch, 1, side, side], 1],
      c0: [[32, 1, 5, 5], 0.3],
      c1: [[64, 32, 5, 5], 0.06],
      w0: [[(64 * side * side) / 16, 512], 0.03],
      b0: [[512], 0.1],
      w1: [[512, 10], 0.07],
      b1: [[10], 0.1],
    })(),
    t: labels(batch, 10),
  }),
  bar: 50,
})

const chain = (n: number): Workload => ({
  name: `Σ tanh(a·x + b)·exp(−x²), ${n}, value and gradient`,
  kind: 'chain',
  data: () => ({ ...noises({ x: [[n], 1.5] })(), a: scalar(0.7), b: scalar(0.2) }),
  bar: 3,
  // jax-js and TensorFlow.js add four million numbers one by one: half a per cent of the sum is lost. Ours is off by 4e-7, PyTorch's by less.
  apart: 1e-2,
})

const transformer = (batch: number, length: number, d: number): Workload => ({
  name: `transformer block, d ${d}, 4 heads, ${batch} × ${length}, gradient`,
  kind: 'transformer',
  data: noises({
    x: [[batch, length, d], 1],
    ...Object.fromEntries(['wq', 'wk', 'wv', 'wo'].map((w) => [w, [[d, d], 1.7 / Math.sqrt(d)] as const])),
    w0: [[d, 4 * d], 1.7 / Math.sqrt(d)],
    w1: [[4 * d, d], 0.85 / Math.sqrt(d)],
    g0: [[d], 1],
    g1: [[d], 1],
  }),
  bar: 2.2,
})

const jacobian = (widths: readonly number[]): Workload => ({
  name: `Jacobian of tanh layers ${widths.join('-')}`,
  kind: widths[0]! > widths.at(-1)! ? 'jacobian-down' : 'jacobian-up',
  data: noises({
    x: [[widths[0]!], 1],
    ...Object.fromEntries(
      widths.slice(1).map((n, i) => [`w${i}`, [[widths[i]!, n], 1.7 / Math.sqrt(widths[i]!)] as const]),
    ),
  }),
  bar: 6,
})

const rosenbrock = (n: number): readonly Workload[] => [
  {
    name: `Rosenbrock ${n}, Hessian · vector`,
    kind: 'rosenbrock-hvp',
    data: noises({ x: [[n], 1], v: [[n], 1] }),
    bar: 5,
  },
  { name: `Rosenbrock ${n}, Hessian`, kind: 'rosenbrock-hessian', data: noises({ x: [[n], 1] }), bar: 5 },
]

const lorenz = (steps: number): Workload => ({
  name: `Lorenz, ${steps} steps, gradient`,
  kind: 'lorenz',
  data: () => ({
    start: { shape: [3], data: Float32Array.of(1, 2, 20) },
    parameters: { shape: [3], data: Float32Array.of(10, 28, 8 / 3) },
    steps: scalar(steps),
  }),
  apart: 1e-2,
})

export const workloads = (quick: boolean): readonly Workload[] =>
  quick
    ? [
        product(8),
        mlp(4, [6, 5, 3]),
        chain(50),
        transformer(1, 4, 8),
        jacobian([9, 7, 4]),
        ...rosenbrock(5),
        lorenz(9),
        lenet(2, 8),
      ]
    : [
        ...[256, 512, 1024, 2048].map(product),
        mlp(64),
        mlp(512),
        chain(2 ** 22),
        transformer(4, 64, 128),
        jacobian([1024, 512, 512, 16]),
        jacobian([16, 512, 512, 1024]),
        ...rosenbrock(200),
        lorenz(1000),
        lenet(64, 28),
      ]
