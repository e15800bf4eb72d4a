/** Layers from 10⁶ to 10⁶: a product with the Jacobian, or with its transpose, needs memory for a few vectors, not for 10¹² entries. */
import assert from 'node:assert/strict'
import { compile, f32, jvp, type Program, program, uniformIn, type Value, vjp } from 'cotangent'
import { wasm } from 'cotangent/backends/wasm'
import * as op from 'cotangent/ops'

const N = 1_000_000
const RANK = 8
const VECTOR = 4 * N
const backend = wasm({ threads: 'auto' })

const elementwise = program({
  name: 'elementwise',
  inputs: { x: f32(N) },
  state: { w: f32(N).init(uniformIn(-1, 1)) },
  outputs: ({ x, w }) => ({ y: op.tanh(op.mul(x, w)) }),
})
/** Dense, but of low rank: y = tanh(U (V x)). */
const lowRank = program({
  name: 'low rank',
  inputs: { x: f32(N) },
  state: { u: f32(N, RANK).init(uniformIn(-1, 1)), v: f32(RANK, N).init(uniformIn(-1e-3, 1e-3)) },
  outputs: ({ x, u, v }) => ({ y: op.tanh(op.matmul(u, op.matmul(v, x))) }),
})

type Layer = Program<{ readonly x: Value<'f32'> }, Record<never, never>, { readonly y: 'dense' }>

const wave = (frequency: number): Float32Array =>
  Float32Array.from({ length: N }, (_, i) => Math.sin(frequency * i + 1))
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`
/** In f64, so that the check is sharper than what it checks. */
const inner = (a: Float32Array, b: Float32Array): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0)

/** What `work` grew the process by, printed beside the arena that was planned; both asserted to be vectors and weights, not a matrix. */
async function weighed(label: string, weights: number, work: () => Promise<number>): Promise<void> {
  const before = process.memoryUsage().rss
  const arena = await work()
  const grown = process.memoryUsage().rss - before
  console.log(
    `${label.padEnd(18)} arena ${mebibytes(arena).padStart(9)}   RSS +${mebibytes(grown).padStart(9)}   full matrix 4 TB`,
  )
  assert(
    arena <= weights + 8 * VECTOR,
    `${label}: an arena of ${mebibytes(arena)} is more than weights and a few vectors`,
  )
  assert(grown <= 4 * (weights + 16 * VECTOR), `${label}: the process grew by ${mebibytes(grown)}`)
}

const [x, t, u] = [wave(0.7), wave(1.3), wave(2.9)]

/** J t and Jᵀ u of one layer, weighed; and the dot test ⟨u, J t⟩ = ⟨Jᵀ u, t⟩. */
async function check(layer: Layer, weights: number): Promise<void> {
  let [jt, jtu] = [t, u]
  await weighed(`${layer.name}: J t`, weights, async () => {
    await using exe = await compile(jvp(layer, { of: 'y', wrt: 'x' }), { backend })
    jt = (await exe.run({ x, x_tangent: t })).y_tangent
    return exe.plan.memory.peak
  })
  await weighed(`${layer.name}: Jᵀ u`, weights, async () => {
    await using exe = await compile(vjp(layer, { of: 'y', wrt: 'x' }), { backend })
    jtu = (await exe.run({ x, y_cotangent: u })).x_cotangent
    return exe.plan.memory.peak
  })
  const [left, right] = [inner(u, jt), inner(jtu, t)]
  const scale = Math.sqrt(inner(u, u) * inner(jt, jt))
  console.log(`${''.padEnd(18)} ⟨u, J t⟩ = ${left.toPrecision(8)}   ⟨Jᵀ u, t⟩ = ${right.toPrecision(8)}`)
  assert(Math.abs(left - right) <= 1e-8 * scale, `the dot test fails by ${Math.abs(left - right)} of ${scale}`)
}

console.log(`a vector ${mebibytes(VECTOR)} · ${backend.threads} workers`)
await check(elementwise, VECTOR)
await check(lowRank, 2 * RANK * VECTOR)
