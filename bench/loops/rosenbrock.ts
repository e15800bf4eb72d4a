/** Rosenbrock's function in n dimensions by runSync: a Hessian-vector product, the whole Hessian, and both by hand; and a program of one op. */
import { compile, f64, hessian, hvp, program } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { noise, type Peer } from './case.ts'

function declare(n: number) {
  return program({
    name: 'rosenbrock',
    inputs: { x: f64(n) },
    outputs({ x }) {
      const [here, next] = [op.slice(x, [0, n - 1]), op.slice(x, [1, n])]
      const valley = op.mul(op.square(op.sub(next, op.square(here))), 100)
      return { y: op.sum(op.add(valley, op.square(op.sub(1, here)))) }
    },
  })
}

export async function product(n: number): Promise<Peer> {
  const backend = wasm({ threads: 1, v8Flags: true })
  const exe = await compile(hvp(declare(n), { of: 'y', wrt: 'x' }), { backend })
  const [x, v, out] = [noise(n), noise(n, 1), new Float64Array(n)]
  return {
    name: `Rosenbrock ${n}, Hessian · vector`,
    bar: { ms: 0.016 },
    ours: () => [exe.runSync({ x, x_tangent: v }, { views: true }).x_hvp],
    byHand() {
      out.fill(0)
      for (let i = 0; i < n - 1; i++) {
        const [a, b] = [x[i]!, x[i + 1]!]
        out[i]! += (1200 * a * a - 400 * b + 2) * v[i]! - 400 * a * v[i + 1]!
        out[i + 1]! += 200 * v[i + 1]! - 400 * a * v[i]!
      }
      return [out]
    },
    close: () => exe.close(),
  }
}

export async function whole(n: number): Promise<Peer> {
  const backend = wasm({ threads: 1, v8Flags: true })
  const exe = await compile(hessian(declare(n), { of: 'y', wrt: 'x' }), { backend })
  const [x, out] = [noise(n), new Float64Array(n * n)]
  return {
    name: `Rosenbrock ${n}, Hessian`,
    bar: { ms: 0.14 },
    ours: () => [exe.runSync({ x }, { views: true }).d2y_dx_dx],
    byHand() {
      out.fill(0)
      for (let i = 0; i < n - 1; i++) {
        const [a, b] = [x[i]!, x[i + 1]!]
        out[i * n + i]! += 1200 * a * a - 400 * b + 2
        out[(i + 1) * n + i + 1]! += 200
        out[i * n + i + 1]! -= 400 * a
        out[(i + 1) * n + i]! -= 400 * a
      }
      return [out]
    },
    close: () => exe.close(),
  }
}

export async function oneOp(): Promise<Peer> {
  const p = program({ name: 'one op', inputs: { x: f64(4) }, outputs: ({ x }) => ({ y: op.mul(x, 2) }) })
  const exe = await compile(p, { backend: wasm({ threads: 1, v8Flags: true }) })
  const x = noise(4)
  return {
    name: 'runSync of one op',
    bar: { ms: 0.005 },
    ours: () => [exe.runSync({ x }, { views: true }).y],
    close: () => exe.close(),
  }
}
