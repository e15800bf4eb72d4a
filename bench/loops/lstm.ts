/** A long short-term memory cell (Hochreiter & Schmidhuber 1997) over a sequence: the gradient of |h|² at its end by all weights. */
import { compile, f64, grad, program } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'
import { noise, type Peer } from './case.ts'

function declare(steps: number, n: number) {
  const p = program({
    name: 'lstm',
    inputs: { xs: f64(steps, n), w: f64(n, 4 * n), u: f64(n, 4 * n), b: f64(4 * n) },
    outputs({ xs, w, u, b }) {
      const zero = op.constant(new Float64Array(n), 'f64', [n])
      const { carry } = op.scan({
        carry: { h: zero, c: zero },
        over: { x: xs },
        body: ({ h, c }, { x }) => {
          const gates = op.add(op.add(op.matmul(x, w), op.matmul(h, u)), b)
          const gate = (k: number) => op.slice(gates, [k * n, (k + 1) * n])
          const next = op.add(op.mul(op.sigmoid(gate(1)), c), op.mul(op.sigmoid(gate(0)), op.tanh(gate(2))))
          return { carry: { h: op.mul(op.sigmoid(gate(3)), op.tanh(next)), c: next } }
        },
      })
      return { loss: op.sum(op.square(carry.h)) }
    },
  })
  return grad(p, { of: 'loss', wrt: ['w', 'u', 'b'] })
}

export async function lstm(steps: number, n: number): Promise<Peer> {
  const exe = await compile(declare(steps, n), { backend: wasm({ threads: 1, v8Flags: true }) })
  const [xs, w, u, b] = [noise(steps * n, 1), noise(4 * n * n, 2), noise(4 * n * n, 3), noise(4 * n, 4)]
  for (const weights of [w, u]) for (let i = 0; i < weights.length; i++) weights[i]! /= Math.sqrt(n)
  const cell = byHand(steps, n)
  return {
    name: `lstm, ${steps} steps of ${n}`,
    bar: { times: 3 },
    ours() {
      const { dloss_dw, dloss_du, dloss_db } = exe.runSync({ xs, w, u, b }, { views: true })
      return [dloss_dw, dloss_du, dloss_db]
    },
    byHand: () => cell(xs, w, u, b),
    close: () => exe.close(),
  }
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/** Plain loops over arrays made once: forward with everything kept, then the adjoint. */
function byHand(steps: number, n: number) {
  const m = 4 * n
  const [hs, cs] = [new Float64Array((steps + 1) * n), new Float64Array((steps + 1) * n)]
  const [gates, tanhs] = [new Float64Array(steps * m), new Float64Array(steps * n)]
  const [dw, du, db] = [new Float64Array(n * m), new Float64Array(n * m), new Float64Array(m)]
  const [dh, dc, dg, z] = [new Float64Array(n), new Float64Array(n), new Float64Array(m), new Float64Array(m)]

  function forward(xs: Float64Array, w: Float64Array, u: Float64Array, b: Float64Array): void {
    for (let t = 0; t < steps; t++) {
      z.set(b)
      for (let i = 0; i < n; i++) {
        const [x, h] = [xs[t * n + i]!, hs[t * n + i]!]
        for (let j = 0; j < m; j++) z[j]! += x * w[i * m + j]! + h * u[i * m + j]!
      }
      for (let k = 0; k < n; k++) {
        const [i, f, g, o] = [sigmoid(z[k]!), sigmoid(z[n + k]!), Math.tanh(z[2 * n + k]!), sigmoid(z[3 * n + k]!)]
        const c = f * cs[t * n + k]! + i * g
        const tc = Math.tanh(c)
        gates[t * m + k] = i
        gates[t * m + n + k] = f
        gates[t * m + 2 * n + k] = g
        gates[t * m + 3 * n + k] = o
        cs[(t + 1) * n + k] = c
        tanhs[t * n + k] = tc
        hs[(t + 1) * n + k] = o * tc
      }
    }
  }

  function gateCotangents(t: number): void {
    for (let k = 0; k < n; k++) {
      const [i, f] = [gates[t * m + k]!, gates[t * m + n + k]!]
      const [g, o, tc] = [gates[t * m + 2 * n + k]!, gates[t * m + 3 * n + k]!, tanhs[t * n + k]!]
      const d = dc[k]! + dh[k]! * o * (1 - tc * tc)
      dg[k] = d * g * i * (1 - i)
      dg[n + k] = d * cs[t * n + k]! * f * (1 - f)
      dg[2 * n + k] = d * i * (1 - g * g)
      dg[3 * n + k] = dh[k]! * tc * o * (1 - o)
      dc[k] = d * f
    }
  }

  function backward(xs: Float64Array, u: Float64Array): void {
    for (const sum of [dw, du, db, dc]) sum.fill(0)
    for (let k = 0; k < n; k++) dh[k] = 2 * hs[steps * n + k]!
    for (let t = steps - 1; t >= 0; t--) {
      gateCotangents(t)
      for (let j = 0; j < m; j++) db[j]! += dg[j]!
      for (let i = 0; i < n; i++) {
        const [x, h] = [xs[t * n + i]!, hs[t * n + i]!]
        let sum = 0
        for (let j = 0; j < m; j++) {
          const d = dg[j]!
          dw[i * m + j]! += x * d
          du[i * m + j]! += h * d
          sum += d * u[i * m + j]!
        }
        dh[i] = sum
      }
    }
  }

  return (xs: Float64Array, w: Float64Array, u: Float64Array, b: Float64Array): Float64Array[] => {
    forward(xs, w, u, b)
    backward(xs, u)
    return [dw, du, db]
  }
}
