/** Laws of every op's linear map: against differences, against its own transpose, to second order, f32 against f64. */
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import type { Tensor } from './ir.ts'
import {
  derivatives,
  difference,
  directions,
  distance,
  inner,
  isDifferentiable,
  type Tensors,
  type Trial,
  trials,
} from './laws.fixture.ts'
import { hasTangent } from './primitives/leaf.ts'
import { assertVerified } from './verify.ts'

const floats = (t: Trial) => t.outputs.filter(hasTangent)
const wrtOf = (t: Trial) => t.inputs.filter(hasTangent)
const setting = (t: Trial) => {
  const wrt = wrtOf(t)
  const d = derivatives(t.inputs, floats(t), wrt)
  const ts = directions('t', wrt, 1)
  const us = directions('u', floats(t), 4)
  /** The tangents by the name of the input that they move. */
  const along: Tensors = Object.fromEntries(wrt.map((x, i) => [String(x.params['name']), ts[`t${i}`]!]))
  return { d, ts, us, along, wrt }
}
const list = (prefix: string, from: Tensors): Tensor[] =>
  Object.keys(from)
    .filter((k) => k.startsWith(prefix))
    .map((k) => from[k]!)

const exact = trials('f64').filter(isDifferentiable)
const smooth = exact.filter((t) => !t.sample.nonsmooth)

describe('linear maps', () => {
  it.each(exact)('$name: the derivative graphs keep every law', (t) => {
    const { d } = setting(t)
    for (const [name, g] of Object.entries(d)) assertVerified(g, `${t.name} ${name}`)
  })
  it.each(smooth)('$name: push = central differences', (t) => {
    const { d, ts, along } = setting(t)
    const pushed = evaluate(d.jvp, { ...t.values, ...ts })
    const expected = difference(d.value, t.values, along)
    for (const [k, e] of Object.entries(expected)) expect(distance(pushed[`d${k}`]!.data, e)).toBeLessThan(1e-6)
  })
  it.each(exact)('$name: ⟨J t, u⟩ = ⟨t, Jᵀ u⟩', (t) => {
    const { d, ts, us } = setting(t)
    const left = inner(list('dy', evaluate(d.jvp, { ...t.values, ...ts })), list('u', us))
    const right = inner(list('v', evaluate(d.vjp, { ...t.values, ...us })), list('t', ts))
    const eps = t.outputs.some((y) => y.dtype === 'f32') || wrtOf(t).some((x) => x.dtype === 'f32') ? 1e-6 : 1e-13
    expect(Math.abs(left.sum - right.sum)).toBeLessThanOrEqual(eps * Math.max(1, left.scale, right.scale))
  })
  it.each(exact)('$name: the pull is linear in its cotangent, so its own push by it is itself', (t) => {
    const { d, us } = setting(t)
    const values = { ...t.values, ...us }
    const [once, again] = [evaluate(d.vjp, values), evaluate(d.linearInSeed, values)]
    for (const [k, v] of Object.entries(once)) expect(distance(again[k]!.data, v.data)).toBeLessThan(1e-13)
  })
})

describe('second order', () => {
  it.each(smooth)('$name: push of the pull = differences of the pull', (t) => {
    const { d, ts, us, along } = setting(t)
    const pushed = evaluate(d.second, { ...t.values, ...ts, ...us })
    const expected = difference(d.vjp, { ...t.values, ...us }, along)
    for (const [k, e] of Object.entries(expected)) expect(distance(pushed[`d${k}`]!.data, e)).toBeLessThan(1e-6)
  })
  it.each(smooth)('$name: the second derivative of ⟨u, y⟩ is symmetric', (t) => {
    const { d, ts, us, wrt } = setting(t)
    const ss = directions('t', wrt, 9)
    const left = inner(list('dv', evaluate(d.second, { ...t.values, ...ts, ...us })), list('t', ss))
    const right = inner(list('dv', evaluate(d.second, { ...t.values, ...ss, ...us })), list('t', ts))
    expect(Math.abs(left.sum - right.sum)).toBeLessThanOrEqual(1e-12 * Math.max(1, left.scale, right.scale))
  })
})

describe('single precision', () => {
  const singles = trials('f32')
  const doubles = trials('f64')
  const pairs = singles.map((single, i) => ({ name: single.name, single, double: doubles[i]! }))
  const float = pairs.filter((p) => p.single.outputs[0]!.dtype === 'f32' && p.double.outputs[0]!.dtype === 'f64')
  it.each(float)('$name: value, push and pull agree with f64', ({ single, double }) => {
    const run = (t: Trial) => {
      if (!isDifferentiable(t)) return evaluate(setting(t).d.value, t.values)
      const { d, ts, us } = setting(t)
      const all = { ...t.values, ...ts, ...us }
      return { ...evaluate(d.value, all), ...evaluate(d.jvp, all), ...evaluate(d.vjp, all) }
    }
    const [f, e] = [run(single), run(double)]
    for (const [k, v] of Object.entries(e)) {
      expect(f[k]!.dtype).toBe('f32')
      expect(distance(f[k]!.data, v.data)).toBeLessThan(2e-6)
    }
  })
})
