/** Newton's method for Bratu's equation on a 100 × 100 grid, ∇²u + λ eᵘ = 0: a Jacobian of 10⁸ entries that is never formed. */
import assert from 'node:assert/strict'
import { compile, f64, jvp, program } from 'cotangent'
import * as op from 'cotangent/ops'

const [N, LAMBDA] = [100, 5]

const bratu = program({
  name: 'bratu',
  inputs: { u: f64(N, N), scaled: f64() },
  outputs({ u, scaled }) {
    const p = op.pad(u, [
      [1, 1],
      [1, 1],
    ])
    const at = (i: number, j: number) => op.slice(p, [i, i + N], [j, j + N])
    return { r: op.expr`${at(0, 1)} + ${at(2, 1)} + ${at(1, 0)} + ${at(1, 2)} - 4 * ${u} + ${scaled} * exp(${u})` }
  },
})

const step = await compile(jvp(bratu, { of: 'r', wrt: 'u' }))
/** λ times the square of the grid's width: the equation on the unit square. */
const scaled = LAMBDA / (N + 1) ** 2
const u = new Float64Array(N * N)
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((s, v, i) => s + v * b[i]!, 0)

/** −J v at u. −J is symmetric and, for this λ, positive definite: conjugate gradients solve with it. */
const product = (v: Float64Array): Float64Array =>
  step.runSync({ u, scaled, u_tangent: v }).r_tangent.map((x: number) => -x)

/** Hestenes and Stiefel, 1952. */
function solve(b: Float64Array, tolerance: number): { x: Float64Array; products: number } {
  const [x, r] = [new Float64Array(b.length), b.slice()]
  const p = r.slice()
  let [rr, products] = [dot(r, r), 0]
  const enough = rr * tolerance ** 2
  while (rr > enough) {
    const q = product(p)
    products++
    const along = rr / dot(p, q)
    p.forEach((v, i) => {
      x[i] = x[i]! + along * v
      r[i] = r[i]! - along * q[i]!
    })
    const before = rr
    rr = dot(r, r)
    p.forEach((v, i) => {
      p[i] = r[i]! + (rr / before) * v
    })
  }
  return { x, products }
}

const norms: number[] = []
const nothing = new Float64Array(N * N)
for (let i = 0; i < 8; i++) {
  const { r } = step.runSync({ u, scaled, u_tangent: nothing })
  norms.push(Math.sqrt(dot(r, r)))
  if (norms[i]! < 1e-13) break
  const { x, products } = solve(r, 1e-8)
  x.forEach((v, k) => {
    u[k] = u[k]! + v
  })
  console.log(`step ${i + 1}: residual ${norms[i]!.toExponential(2)}, ${products} products with the Jacobian`)
}
const [before, after] = norms.slice(-2) as [number, number]
console.log(`residual ${after.toExponential(1)}; the middle rises to ${u[(N / 2) * N + N / 2]!.toFixed(4)}`)
assert(after < 1e-12, 'Newton did not converge')
assert(after < 1e-4 * before, 'it should converge quadratically')
await step.close()
