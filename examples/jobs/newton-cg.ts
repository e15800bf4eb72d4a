/** Rosenbrock's valley in 200 dimensions: Newton steps by conjugate gradients, each product with the Hessian one run, no Hessian. */
import assert from 'node:assert/strict'
import { compile, f64, hvp, program } from 'cotangent'
import * as op from 'cotangent/ops'

const N = 200
const valley = program({
  name: 'valley',
  inputs: { x: f64(N) },
  outputs({ x }) {
    const [here, next] = [op.slice(x, [0, N - 1]), op.slice(x, [1, N])]
    return { f: op.sum(op.expr`100 * (${next} - ${here} ^ 2) ^ 2 + (1 - ${here}) ^ 2`) }
  },
})
const exe = await compile(hvp(valley, { of: 'f', wrt: 'x' }))

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((s, v, i) => s + v * b[i]!, 0)
const along = (a: Float64Array, t: number, b: Float64Array): Float64Array => a.map((v, i) => v + t * b[i]!)
const at = (x: Float64Array, x_tangent: Float64Array = new Float64Array(N)) => exe.runSync({ x, x_tangent })

/** A direction that lowers f: conjugate gradients on H p = −g, stopped where the valley bends the wrong way. */
function direction(x: Float64Array, g: Float64Array): Float64Array {
  let p: Float64Array = new Float64Array(N)
  let r: Float64Array = g.map((v) => -v)
  let d = r
  for (let i = 0; i < N && dot(r, r) > 1e-6 * dot(g, g); i++) {
    const Hd: Float64Array = at(x, d).x_hvp
    const curvature = dot(d, Hd)
    if (curvature <= 0) return i === 0 ? d : p
    const t = dot(r, r) / curvature
    p = along(p, t, d)
    const next = along(r, -t, Hd)
    d = along(next, dot(next, next) / dot(r, r), d)
    r = next
  }
  return p
}

let x: Float64Array = new Float64Array(N).fill(-1)
let [steps, value] = [0, at(x)]
while (Math.sqrt(dot(value.df_dx, value.df_dx)) > 1e-9 && steps < 2000) {
  const p = direction(x, value.df_dx)
  const slope = dot(p, value.df_dx)
  let t = 1
  while (at(along(x, t, p)).f > value.f + 1e-4 * t * slope && t > 1e-12) t /= 2
  x = along(x, t, p)
  value = at(x)
  steps++
}
const apart = Math.max(...x.map((v) => Math.abs(v - 1)))
console.log(
  `${steps} steps; f = ${value.f.toExponential(1)}, distance from (1, …, 1) at most ${apart.toExponential(1)}`,
)
assert(apart < 1e-8, 'the valley ends at (1, …, 1)')
await exe.close()
