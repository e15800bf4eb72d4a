/**
 * The workloads of bench peers in Cotangent.
 * Invariant: one worker, or as many as asked for; a run is one `runSync` with outputs as views, as a caller in a loop would write it.
 * May not: do less than the peers: every output is computed in every run.
 */
import {
  compile,
  f32,
  grad,
  hessian,
  hvp,
  jacobian,
  type Node,
  type Program,
  program,
  sgd,
  train,
  type Value,
  valueAndGrad,
} from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { distance } from '../loops/lorenz.ts'
import type { Input } from './workloads.ts'

type Data = { readonly [name: string]: Input }
type Nodes = { readonly [name: string]: Node }
export interface Ready {
  run(): void | Promise<void>
  /** Of the first run. */
  outputs(): { readonly [name: string]: ArrayLike<number> } | Promise<{ readonly [name: string]: ArrayLike<number> }>
}

const RATE = 0.01

const typesOf = (data: Data, names: readonly string[]): { [name: string]: Value } =>
  Object.fromEntries(names.map((name) => [name, f32(...data[name]!.shape)]))
const weightsOf = (data: Data): string[] => Object.keys(data).filter((name) => /^[wbcg]./.test(name))

/** Everything an input. */
const plain = (data: Data, outputs: (v: Nodes) => Nodes): Program =>
  program({ inputs: typesOf(data, Object.keys(data)), outputs }) as unknown as Program
const crossEntropy = (z: Node, t: Node): Node =>
  op.neg(op.div(op.sum(op.mul(op.logSoftmax(z), t)), z.shape[0] as number))

/** One step of gradient descent: weights are state. */
function step(data: Data, logits: (v: Nodes) => Node): Program {
  const state = weightsOf(data)
  const p = program({
    inputs: typesOf(data, ['x', 't']),
    state: typesOf(data, state),
    outputs: (v: Nodes) => ({ loss: crossEntropy(logits(v), v['t']!) }),
  })
  return train(p, { minimize: 'loss', with: sgd({ rate: RATE }) }) as unknown as Program
}

function dense(v: Nodes, h: Node): Node {
  let out = h
  for (let i = 0; v[`w${i}`]; i++) {
    const z = op.add(op.matmul(out, v[`w${i}`]!), v[`b${i}`]!)
    out = v[`w${i + 1}`] ? op.relu(z) : z
  }
  return out
}

function pooled(x: Node, weights: Node): Node {
  return op.maxPool2d(op.relu(op.conv2d(x, weights, { padding: 2 })), { size: 2 })
}

function norm(x: Node): Node {
  const centred = op.sub(x, op.mean(x, { axes: [-1], keepDims: true }))
  return op.div(centred, op.sqrt(op.add(op.mean(op.square(centred), { axes: [-1], keepDims: true }), 1e-5)))
}

/** Attention with four heads and a layer of two products, each after a norm and around a shortcut. */
export function transformer({ x, ...v }: Nodes): { readonly loss: Node } {
  const [b, n, d] = x!.shape as [number, number, number]
  const h = op.mul(norm(x!), v['g0']!)
  const heads = (w: Node): Node => op.transpose(op.reshape(op.matmul(h, w), [b, n, 4, d / 4]), [0, 2, 1, 3])
  const [q, k, values] = [heads(v['wq']!), heads(v['wk']!), heads(v['wv']!)]
  const scores = op.div(op.matmul(q, op.transpose(k, [0, 1, 3, 2])), Math.sqrt(d / 4))
  const mixed = op.reshape(op.transpose(op.matmul(op.softmax(scores), values), [0, 2, 1, 3]), [b, n, d])
  const y = op.add(x!, op.matmul(mixed, v['wo']!))
  const inner = op.tanh(op.matmul(op.mul(norm(y), v['g1']!), v['w0']!))
  const out = op.add(y, op.matmul(inner, v['w1']!))
  return { loss: op.mean(op.square(out)) }
}

function layers({ x, ...v }: Nodes): Nodes {
  let y = x!
  for (let i = 0; v[`w${i}`]; i++) y = op.tanh(op.matmul(y, v[`w${i}`]!))
  return { y }
}

function rosenbrock({ x }: Nodes): Nodes {
  const n = x!.shape[0] as number
  const [here, next] = [op.slice(x!, [0, n - 1]), op.slice(x!, [1, n])]
  const valley = op.mul(op.square(op.sub(next, op.square(here))), 100)
  return { y: op.sum(op.add(valley, op.square(op.sub(1, here)))) }
}

/** The program of a workload, and what its outputs are called by all peers. */
const programs: {
  readonly [kind: string]: (data: Data) => { p: Program; names?: { readonly [own: string]: string } }
} = {
  product: (data) => ({ p: plain(data, ({ a, b }) => ({ c: op.matmul(a!, b!) })) }),
  mlp: (data) => ({ p: step(data, (v) => dense(v, v['x']!)) }),
  lenet: (data) => ({
    p: step(data, (v) => {
      const h = pooled(pooled(v['x']!, v['c0']!), v['c1']!)
      return dense(v, op.reshape(h, [h.shape[0]!, data['w0']!.shape[0]!]))
    }),
  }),
  chain: (data) => {
    const y = plain(data, ({ x, a, b }) => ({
      y: op.sum(op.mul(op.tanh(op.add(op.mul(a!, x!), b!)), op.exp(op.neg(op.square(x!))))),
    }))
    return { p: valueAndGrad(y, { of: 'y', wrt: ['x'] }) as Program, names: { dy_dx: 'dx' } }
  },
  transformer: (data) => {
    const wrt = weightsOf(data)
    const p = valueAndGrad(plain(data, transformer), { of: 'loss', wrt }) as Program
    return { p, names: Object.fromEntries(wrt.map((w) => [`dloss_d${w}`, w])) }
  },
  'jacobian-down': (data) => jacobianOf(data),
  'jacobian-up': (data) => jacobianOf(data),
  'rosenbrock-hvp': ({ x }) => ({
    p: hvp(plain({ x: x! }, rosenbrock), { of: 'y', wrt: 'x' }) as Program,
    names: { x_hvp: 'h' },
  }),
  'rosenbrock-hessian': (data) => ({
    p: hessian(plain(data, rosenbrock), { of: 'y', wrt: 'x' }) as Program,
    names: { d2y_dx_dx: 'h' },
  }),
  lorenz: ({ start, parameters, steps }) => {
    const p = plain({ start: start!, parameters: parameters! }, (v) => ({
      loss: distance(v['start']!, v['parameters']!, steps!.data[0]!),
    }))
    const names = { dloss_dstart: 'start', dloss_dparameters: 'parameters' }
    return { p: grad(p, { of: 'loss', wrt: ['start', 'parameters'] }) as Program, names }
  },
}
const jacobianOf = (data: Data) => ({
  p: jacobian(plain(data, layers), { of: 'y', wrt: 'x' }) as Program,
  names: { dy_dx: 'j' },
})

export async function cotangent(kind: string, data: Data, threads: number): Promise<Ready> {
  const { p, names = {} } = programs[kind]!(data)
  const exe = await compile(p, { backend: wasm({ threads, v8Flags: true }) })
  const given = new Map(Object.entries({ ...data, ...(kind === 'rosenbrock-hvp' && { x_tangent: data['v']! }) }))
  const own = exe.inputs as { readonly [name: string]: Float32Array }
  for (const [name, view] of Object.entries(own)) view.set(given.get(name)!.data)
  const stateful = Object.keys(p.state)
  for (const name of stateful) exe.state.set(name, given.get(name)!.data)
  const run = (): unknown => exe.runSync(own, { views: true })
  const results = exe.runSync(own) as { readonly [name: string]: number | Float32Array }
  const copies = Object.entries(results).map(
    ([name, value]) => [names[name] ?? name, typeof value === 'number' ? [value] : value] as const,
  )
  const state = stateful.map((name) => [name, Float32Array.from(exe.state.get(name) as Float32Array)] as const)
  return { run: () => void run(), outputs: () => Object.fromEntries([...copies, ...state]) }
}
