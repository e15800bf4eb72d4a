/** Laws of every op's `batch`: k examples at once are the k results stacked, for every choice of batched operands, also for k = 0. */
import { describe, expect, it } from 'vitest'
import { batchNodes } from './differentiate/vmap.ts'
import { evaluate } from './evaluate.ts'
import type { Node, Tensor } from './ir.ts'
import { derivatives, directions, graph, isDifferentiable, outputsOf, type Trial, trials } from './laws.fixture.ts'
import { hasTangent, input } from './primitives/leaf.ts'
import { tensor, tensorType } from './shape.ts'
import { assertVerified } from './verify.ts'

const rotated = (x: Tensor, by: number): Tensor =>
  tensor(
    x.dtype,
    x.shape,
    Array.from(x.data, (_, i) => x.data[(i + by) % x.data.length]!),
  )
const stacked = (parts: readonly Tensor[], like: Tensor): Tensor =>
  tensor(
    like.dtype,
    [parts.length, ...like.shape],
    parts.flatMap((p) => Array.from(p.data)),
  )

/** Every non-empty choice of the operands. */
function subsets(n: number): boolean[][] {
  return Array.from({ length: 2 ** n - 1 }, (_, bits) =>
    Array.from({ length: n }, (_, i) => (((bits + 1) >> i) & 1) === 1),
  )
}

function check(t: Trial, marks: readonly boolean[], k: number): void {
  const wide = t.inputs.map((x, i): Node => {
    return marks[i] ? input(`x${i}`, tensorType(x.dtype, [k, ...x.shape])) : x
  })
  const made = batchNodes(t.outputs, new Map(t.inputs.flatMap((x, i) => (marks[i] ? [[x, wide[i]!]] : []))), k)
  const g = graph(wide, Object.fromEntries(made.map((y, i) => [`y${i}`, y])))
  assertVerified(g, t.name)
  expect(made.map((y) => y.shape)).toEqual(t.outputs.map((y) => [k, ...y.shape]))
  const lanes = Array.from({ length: k }, (_, lane) =>
    Object.fromEntries(t.sample.operands.map((x, i) => [`x${i}`, marks[i] ? rotated(x, lane) : x])),
  )
  const values = Object.fromEntries(
    t.sample.operands.map((x, i) => [
      `x${i}`,
      marks[i]
        ? stacked(
            lanes.map((l) => l[`x${i}`]!),
            x,
          )
        : x,
    ]),
  )
  const got = evaluate(g, values)
  const single = graph(t.inputs, outputsOf(t))
  lanes.forEach((lane, i) => {
    for (const [name, expected] of Object.entries(evaluate(single, lane))) {
      const size = expected.data.length
      const part = got[name]!.data.subarray(i * size, (i + 1) * size)
      expect(part, `lane ${i}, batched ${marks}`).toEqual(expected.data)
    }
  })
}

const both = [...trials('f32'), ...trials('f64')].filter((t) => t.inputs.length > 0)

describe('batch', () => {
  it.each(both)('$name: three at once are three, one by one', (t) => {
    for (const marks of subsets(t.inputs.length)) check(t, marks, 3)
  })
  it.each(both)('$name: a batch of one, and of none', (t) => {
    for (const marks of subsets(t.inputs.length)) for (const k of [0, 1]) check(t, marks, k)
  })
})

describe('batched derivatives', () => {
  it.each(trials('f64').filter(isDifferentiable))('$name: push and pull of an empty batch are empty', (t) => {
    const wide = t.inputs.map((x, i) => input(`x${i}`, tensorType(x.dtype, [0, ...x.shape])))
    const made = batchNodes(t.outputs, new Map(t.inputs.map((x, i) => [x, wide[i]!])), 0)
    const wrt = wide.filter(hasTangent)
    const d = derivatives(wide, made.filter(hasTangent), wrt)
    const values = Object.fromEntries(wide.map((x, i) => [`x${i}`, tensor(x.dtype, x.shape as readonly number[], [])]))
    const all = { ...values, ...directions('t', wrt, 1), ...directions('u', made.filter(hasTangent), 2) }
    for (const g of [d.jvp, d.vjp, d.second])
      for (const v of Object.values(evaluate(g, all))) expect(v.data.length).toBe(0)
  })
})
