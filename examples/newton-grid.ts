/**
 * Newton's method for Bratu's equation on a 100 × 100 grid, ∇²u + λ eᵘ = 0, in two ways: with the Jacobian as a sparse matrix, made from five
 * tangents and factored, and with products of it alone. In full it has 10⁸ entries.
 */
import assert from 'node:assert/strict'
import { type Csr, compile, f64, jacobian, jvp, program } from 'cotangent'
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
/** λ times the square of the grid's width: the equation on the unit square. */
const scaled = LAMBDA / (N + 1) ** 2
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((s, v, i) => s + v * b[i]!, 0)

/** Steps u ← u + x, where −J x = r, until r is nearly 0. Returns u and the norms of r. */
function newton(step: (u: Float64Array) => { r: Float64Array; solve: () => Float64Array }) {
  const u = new Float64Array(N * N)
  const norms: number[] = []
  for (let i = 0; i < 8; i++) {
    const { r, solve } = step(u)
    norms.push(Math.sqrt(dot(r, r)))
    if (norms[i]! < 1e-13) break
    solve().forEach((v, k) => {
      u[k]! += v
    })
  }
  const [before, after] = norms.slice(-2) as [number, number]
  assert(after < 1e-12, 'Newton did not converge')
  assert(after < 1e-4 * before, 'it should converge quadratically')
  return { u, norms }
}

// ——— the Jacobian as a sparse matrix ———

const sparse = await compile(jacobian(bratu, { of: 'r', wrt: 'u', format: 'csr' }))
const order = sparse.plan.orders['dr_du']!
assert.equal(order.text, '5 of columns')
console.log(
  `sparse: ${order.chosen} ${order.text}, ${sparse.plan.outputs.find((o) => o.name === 'dr_du')!.shape[0]} entries`,
)

/** −J x = b by Cholesky's factorisation within the band: −J is symmetric and, for this λ, positive definite. */
function direct({ indptr, indices, values, shape: [n] }: Csr, b: Float64Array): Float64Array {
  // Row i of L, from column i − N to i, at i · (N + 1).
  const L = new Float64Array(n * (N + 1))
  for (let i = 0; i < n; i++)
    for (let e = indptr[i]!; e < indptr[i + 1]!; e++)
      if (indices[e]! <= i) L[i * (N + 1) + indices[e]! - i + N] = -values[e]!
  const x = b.slice()
  for (let i = 0; i < n; i++) {
    const own = i * (N + 1) + N - i
    for (let j = Math.max(0, i - N); j <= i; j++) {
      const other = j * (N + 1) + N - j
      let sum = L[own + j]!
      for (let k = Math.max(0, i - N); k < j; k++) sum -= L[own + k]! * L[other + k]!
      L[own + j] = j < i ? sum / L[other + j]! : Math.sqrt(sum)
      x[i] = j < i ? x[i]! - L[own + j]! * x[j]! : x[i]! / L[own + i]!
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    x[i]! /= L[i * (N + 1) + N]!
    for (let j = Math.max(0, i - N); j < i; j++) x[j]! -= L[i * (N + 1) + N - i + j]! * x[i]!
  }
  return x
}
const first = newton((u) => {
  const { r, dr_du } = sparse.runSync({ u, scaled })
  return { r, solve: () => direct(dr_du, r) }
})
await sparse.close()

// ——— products alone ———

const along = await compile(jvp(bratu, { of: 'r', wrt: 'u' }))
let products = 0

/** −J x = b by conjugate gradients (Hestenes and Stiefel, 1952). */
function iterate(u: Float64Array, b: Float64Array): Float64Array {
  const [x, r] = [new Float64Array(b.length), b.slice()]
  const p = r.slice()
  let rr = dot(r, r)
  const enough = rr * 1e-16
  while (rr > enough) {
    const q: Float64Array = along.runSync({ u, scaled, u_tangent: p }).r_tangent
    products++
    const length = -rr / dot(p, q)
    p.forEach((v, i) => {
      x[i]! += length * v
      r[i]! += length * q[i]!
    })
    const before = rr
    rr = dot(r, r)
    p.forEach((v, i) => {
      p[i] = r[i]! + (rr / before) * v
    })
  }
  return x
}
const nothing = new Float64Array(N * N)
const second = newton((u) => {
  const { r } = along.runSync({ u, scaled, u_tangent: nothing })
  return { r, solve: () => iterate(u, r) }
})
await along.close()

console.log(`products alone: ${products} of them`)
for (const { norms } of [first, second]) console.log(`residuals ${norms.map((n) => n.toExponential(1)).join(', ')}`)
const apart = Math.max(...first.u.map((v, i) => Math.abs(v - second.u[i]!)))
assert(apart < 1e-10, 'both ways should lead to one solution')
console.log(
  `the middle rises to ${first.u[(N / 2) * N + N / 2]!.toFixed(4)} both ways, within ${apart.toExponential(0)}`,
)
