/**
 * Two ways to write one function, compared: values, pushes, pulls and second derivatives.
 * Invariant: `b` shares nothing with `a` but its inputs; JVP and VJP of `a` are also held against each other.
 * May not: be used outside tests.
 */
import { expect } from 'vitest'
import { evaluate } from '../evaluate.ts'
import type { Node, Tensor } from '../ir.ts'
import { derivatives, directions, distance, graph, inner, type Tensors } from '../laws.fixture.ts'
import { hasTangent, input } from '../primitives/leaf.ts'
import { tensorType } from '../shape.ts'
import { assertVerified } from '../verify.ts'

type Build = (...inputs: Node[]) => readonly Node[]

export const inputsOf = (values: readonly Tensor[]): Node[] =>
  values.map((x, i) => input(`x${i}`, tensorType(x.dtype, x.shape)))
export const named = (values: readonly Tensor[]): Tensors => Object.fromEntries(values.map((x, i) => [`x${i}`, x]))

/** Every derivative of `build` at `values`, by kind: `jvp` in one direction, `vjp` against one cotangent, `second` the push of the pull. */
export function derivativesOf(build: Build, values: readonly Tensor[]): { readonly [kind: string]: Tensors } {
  const inputs = inputsOf(values)
  const outputs = build(...inputs)
  const wrt = inputs.filter(hasTangent)
  const floats = outputs.filter(hasTangent)
  const d = derivatives(inputs, floats, wrt)
  const all = { ...named(values), ...directions('t', wrt, 1), ...directions('u', floats, 2) }
  const whole = graph(inputs, Object.fromEntries(outputs.map((y, i) => [`y${i}`, y])))
  const graphs = { value: whole, jvp: d.jvp, vjp: d.vjp, second: d.second }
  return Object.fromEntries(
    Object.entries(graphs).map(([kind, g]) => {
      assertVerified(g, kind)
      return [kind, evaluate(g, all)]
    }),
  )
}

export function expectSame(a: Build, b: Build, values: readonly Tensor[], eps = 1e-12): void {
  const [got, want] = [derivativesOf(a, values), derivativesOf(b, values)]
  for (const [kind, tensors] of Object.entries(want)) {
    expect(Object.keys(got[kind]!), kind).toEqual(Object.keys(tensors))
    for (const [name, t] of Object.entries(tensors)) {
      expect(got[kind]![name]!.shape, `${kind} ${name}`).toEqual(t.shape)
      expect(distance(got[kind]![name]!.data, t.data), `${kind} ${name}`).toBeLessThanOrEqual(eps)
    }
  }
  expectDual(a, values)
}

/** ⟨J t, u⟩ = ⟨t, Jᵀ u⟩. */
export function expectDual(build: Build, values: readonly Tensor[]): void {
  const inputs = inputsOf(values)
  const made = derivativesOf(build, values)
  const ts = directions('t', inputs.filter(hasTangent), 1)
  const us = directions('u', build(...inputs).filter(hasTangent), 2)
  const left = inner(Object.values(made['jvp']!), Object.values(us))
  const right = inner(Object.values(made['vjp']!), Object.values(ts))
  expect(Math.abs(left.sum - right.sum)).toBeLessThanOrEqual(1e-12 * Math.max(1, left.scale, right.scale))
}
