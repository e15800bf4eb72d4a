/**
 * What bench train measures: programs with derivatives, each beside a program of what it cannot avoid alone.
 * May not: leave out of a step what training needs (Adam, loss, bias gradients), or count a product that no derivative needs.
 */
import {
  adam,
  f32,
  glorotUniform,
  i32,
  type Node,
  type Program,
  program,
  train as training,
  type Value,
  valueAndGrad,
} from 'cotangent'
import * as op from 'cotangent/ops'
import { transformer } from './compare/cotangent.ts'

export interface TrainCase {
  readonly name: string
  readonly whole: Program
  readonly least: Program
  /** The most that the time of `whole` over that of `least` should be. */
  readonly bar: number
  /** That must be read and written at least. */
  readonly bytes: number
}

export function trainCases(quick: boolean): readonly TrainCase[] {
  if (quick) return [step([12, 8, 3], 4), block(1, 4, 8), chain(1000, ['x']), chain(1000, ['a', 'b'])]
  const steps = [step([784, 128, 10], 64), step([784, 512, 512, 10], 64), step([784, 512, 512, 10], 512)]
  return [...steps, block(4, 64, 128), chain(2 ** 22, ['x']), chain(2 ** 22, ['a', 'b'])]
}

/** One Adam step of a network with tanh, and its products alone: forward, by weights, and by inputs but for the first layer's. */
function step(widths: readonly number[], batch: number): TrainCase {
  const layers = widths.slice(1).map((n, i) => [widths[i]!, n] as const)
  const state: { [name: string]: Value } = {}
  for (const [i, [m, n]] of layers.entries()) {
    state[`w${i}`] = f32(m, n).init(glorotUniform())
    state[`b${i}`] = f32(n)
  }
  const network = program({
    name: 'network',
    inputs: { x: f32(batch, widths[0]!), y: i32(batch) },
    state,
    outputs: (v) => {
      let h = v['x']!
      for (const i of layers.keys()) {
        const z = op.add(op.matmul(h, v[`w${i}`]!), v[`b${i}`]!)
        h = i === layers.length - 1 ? z : op.tanh(z)
      }
      return { loss: op.crossEntropy(h, v['y']!) }
    },
  })
  const weights = layers.reduce((sum, [m, n]) => sum + (m + 1) * n, 0)
  const whole = training(network, { minimize: 'loss', with: adam() }) as unknown as Program
  // Parameters and both moments are read and written.
  const least = products(layers.map(([k, n], i) => ({ m: batch, k, n, byLeft: i > 0 })))
  return { name: `${widths.join('-')}, batch ${batch}`, whole, least, bar: 1.25, bytes: 24 * weights }
}

/** A transformer block with four heads over examples [batch, length, d], and its gradient by all weights. */
function block(batch: number, length: number, d: number): TrainCase {
  const square = { m: batch * length, k: d, n: d }
  const heads = { batch: 4 * batch, m: length }
  const own = { x: f32(batch, length, d) }
  const state = Object.fromEntries([
    ...['wq', 'wk', 'wv', 'wo'].map((w) => [w, f32(d, d).init(glorotUniform())] as const),
    ...['g0', 'g1'].map((g) => [g, f32(d).init(glorotUniform())] as const),
    ['w0', f32(d, 4 * d).init(glorotUniform())],
    ['w1', f32(4 * d, d).init(glorotUniform())],
  ])
  const whole = program({ name: 'block', inputs: own, state, outputs: (v) => transformer(v) }) as unknown as Program
  const least = products([
    ...[square, square, square, square],
    { ...heads, k: d / 4, n: length },
    { ...heads, k: length, n: d / 4 },
    { m: batch * length, k: d, n: 4 * d },
    { m: batch * length, k: 4 * d, n: d },
  ])
  const weights = 12 * d * d + 2 * d
  return {
    name: `transformer block, d ${d}, ${batch} × ${length}`,
    whole: valueAndGrad(whole, { of: 'loss', wrt: 'state' }) as Program,
    least,
    bar: 1.35,
    bytes: 8 * weights,
  }
}

interface Product {
  /** So many of them side by side. */
  readonly batch?: number
  readonly m: number
  readonly k: number
  readonly n: number
  /** Whether its left operand has a cotangent; true by default. */
  readonly byLeft?: boolean
}

/** Each product with what its derivatives take: one by its right operand, one by its left. */
function products(all: readonly Product[]): Program {
  const state: { [name: string]: Value } = {}
  for (const [i, { batch, m, k, n }] of all.entries()) {
    const matrix = (rows: number, columns: number): Value =>
      f32(...(batch ? [batch] : []), rows, columns).init(glorotUniform())
    state[`a${i}`] = matrix(m, k)
    state[`b${i}`] = matrix(k, n)
    state[`c${i}`] = matrix(m, n)
  }
  const turned = (x: Node): Node => op.transpose(x, x.shape.length === 3 ? [0, 2, 1] : [1, 0])
  return program({
    name: 'products',
    inputs: {},
    state,
    outputs: (v) => {
      const made = all.flatMap(({ byLeft = true }, i) => {
        const [a, b, c] = [v[`a${i}`]!, v[`b${i}`]!, v[`c${i}`]!]
        const left = byLeft ? [[`da${i}`, op.matmul(c, turned(b))] as const] : []
        return [[`ab${i}`, op.matmul(a, b)] as const, [`db${i}`, op.matmul(turned(a), c)] as const, ...left]
      })
      return Object.fromEntries(made)
    },
  }) as unknown as Program
}

/** y = Σ tanh(a·x + b)·exp(−x²) and its gradient; against Σ tanh(x) + exp(x). */
function chain(n: number, wrt: readonly string[]): TrainCase {
  const state = { x: f32(n).init(glorotUniform()) }
  const y = program({
    name: 'chain',
    inputs: { a: f32(), b: f32() },
    state,
    outputs: ({ x, a, b }) => ({
      y: op.sum(op.mul(op.tanh(op.add(op.mul(a, x), b)), op.exp(op.neg(op.mul(x, x))))),
    }),
  })
  const least = program({
    name: 'functions',
    inputs: {},
    state,
    outputs: ({ x }) => ({ y: op.sum(op.add(op.tanh(x), op.exp(x))) }),
  })
  return {
    name: `chain of ${n}, gradient by ${wrt.join(' and ')}`,
    whole: valueAndGrad(y as unknown as Program, { of: 'y', wrt: [...wrt] }) as Program,
    least: least as unknown as Program,
    bar: 1.5,
    bytes: (wrt.includes('x') ? 8 : 4) * n,
  }
}
