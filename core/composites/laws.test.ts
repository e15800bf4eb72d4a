/** Laws of composites: their derivatives to second order against differences, and batches of them against single runs. */
import { describe, expect, it } from 'vitest'
import { batchNodes } from '../differentiate/vmap.ts'
import { evaluate } from '../evaluate.ts'
import type { Node, Tensor } from '../ir.ts'
import { derivatives, difference, directions, distance, graph, inner, type Tensors } from '../laws.fixture.ts'
import { hasTangent, input } from '../primitives/leaf.ts'
import { count, tensor, tensorType } from '../shape.ts'
import { assertVerified } from '../verify.ts'
import { type CompositeCase, compositeCases } from './cases.fixture.ts'

interface Built {
  readonly inputs: readonly Node[]
  readonly outputs: readonly Node[]
  readonly values: Tensors
}
function built(c: CompositeCase): Built {
  const given = c.inputs('f64')
  const inputs = given.map((x, i) => input(`x${i}`, tensorType(x.dtype, x.shape)))
  return {
    inputs,
    outputs: [c.build(...inputs)].flat() as Node[],
    values: Object.fromEntries(given.map((x, i) => [`x${i}`, x])),
  }
}
function setting(c: CompositeCase) {
  const { inputs, outputs, values } = built(c)
  const [wrt, of] = [inputs.filter(hasTangent), outputs.filter(hasTangent)]
  const ts = directions('t', wrt, 1)
  const along = Object.fromEntries(wrt.map((x, i) => [String(x.params['name']), ts[`t${i}`]!]))
  return { d: derivatives(inputs, of, wrt), ts, us: directions('u', of, 4), along, values }
}
const list = (prefix: string, from: Tensors): Tensor[] =>
  Object.entries(from).flatMap(([k, v]) => (k.startsWith(prefix) ? [v] : []))
const smooth = compositeCases.filter((c) => built(c).outputs.some(hasTangent))

describe('composites', () => {
  it.each(smooth)('$name: push = central differences', (c) => {
    const { d, ts, along, values } = setting(c)
    const pushed = evaluate(d.jvp, { ...values, ...ts })
    for (const [k, e] of Object.entries(difference(d.value, values, along)))
      expect(distance(pushed[`d${k}`]!.data, e), k).toBeLessThan(1e-6)
  })
  it.each(smooth)('$name: ⟨J t, u⟩ = ⟨t, Jᵀ u⟩', (c) => {
    const { d, ts, us, values } = setting(c)
    const left = inner(list('dy', evaluate(d.jvp, { ...values, ...ts })), list('u', us))
    const right = inner(list('v', evaluate(d.vjp, { ...values, ...us })), list('t', ts))
    expect(Math.abs(left.sum - right.sum)).toBeLessThanOrEqual(1e-12 * Math.max(1, left.scale, right.scale))
  })
  it.each(smooth)('$name: push of the pull = differences of the pull', (c) => {
    const { d, ts, us, along, values } = setting(c)
    assertVerified(d.second, c.name)
    const pushed = evaluate(d.second, { ...values, ...ts, ...us })
    for (const [k, e] of Object.entries(difference(d.vjp, { ...values, ...us }, along)))
      expect(distance(pushed[`d${k}`]!.data, e), k).toBeLessThan(1e-6)
  })
  it.each(compositeCases)('$name: three at once are three, one by one', (c) => {
    const { inputs, outputs, values } = built(c)
    const wide = inputs.map((x) => input(String(x.params['name']), tensorType(x.dtype, [3, ...x.shape])))
    const batched = batchNodes(outputs, new Map(inputs.map((x, i) => [x, wide[i]!])), 3)
    const lanes = [0, 1, 2].map((k) =>
      Object.fromEntries(Object.entries(values).map(([name, x]) => [name, rotated(x, k)])),
    )
    const all = Object.fromEntries(
      Object.entries(values).map(([name, x]) => [
        name,
        tensor(
          x.dtype,
          [3, ...x.shape],
          lanes.flatMap((l) => Array.from(l[name]!.data)),
        ),
      ]),
    )
    const named = (nodes: readonly Node[]) => Object.fromEntries(nodes.map((n, i) => [`y${i}`, n]))
    const got = evaluate(graph(wide, named(batched)), all)
    lanes.forEach((lane, k) => {
      for (const [name, y] of Object.entries(evaluate(graph(inputs, named(outputs)), lane))) {
        const n = count(y.shape)
        expect(distance(got[name]!.data.subarray(k * n, (k + 1) * n), y.data), `${name}, lane ${k}`).toBeLessThan(1e-13)
      }
    })
  })
})

/** Floats rotate; indices stay legal where they are. */
const rotated = (x: Tensor, by: number): Tensor =>
  x.dtype === 'i32'
    ? x
    : tensor(
        x.dtype,
        x.shape,
        Array.from(x.data, (_, i) => x.data[(i + by) % x.data.length]!),
      )
