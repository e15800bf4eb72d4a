/**
 * What tests of composites share: a function of nodes on given tensors, its derivatives checked to second order, plain loops.
 * Invariant: nothing here knows what a composite computes.
 */
import { expect } from 'vitest'
import { evaluate } from '../evaluate.ts'
import type { Node, Tensor, TensorType } from '../ir.ts'
import { derivatives, difference, directions, distance, graph, inner, type Tensors } from '../laws.fixture.ts'
import { input } from '../primitives/leaf.ts'
import { ramp } from '../samples.ts'
import { eachIndex, isFloat, tensor, tensorType } from '../shape.ts'

export type Composite = (...xs: Node[]) => Node

const inputsOf = (operands: readonly Tensor[]): Node[] =>
  operands.map((x, i) => input(`x${i}`, tensorType(x.dtype, x.shape)))
const valuesOf = (operands: readonly Tensor[]): Tensors => Object.fromEntries(operands.map((x, i) => [`x${i}`, x]))

/** f64 operands of the given shapes, all different. */
export const ramps = (...shapes: readonly (readonly number[])[]): Tensor[] => shapes.map((s, i) => ramp('f64', s, i))

/** The value of `f`. */
export function valueOf(f: Composite, operands: readonly Tensor[]): Tensor {
  const inputs = inputsOf(operands)
  return evaluate(graph(inputs, { y: f(...inputs) }), valuesOf(operands))['y']!
}

/** First derivatives against central differences and each other's transpose, second ones against differences of the first. */
export function checkDerivatives(f: Composite, operands: readonly Tensor[]): void {
  const inputs = inputsOf(operands)
  const y = f(...inputs)
  const wrt = inputs.filter((x) => isFloat((x.type as TensorType).dtype))
  const d = derivatives(inputs, [y], wrt)
  const [ts, us] = [directions('t', wrt, 1), directions('u', [y], 4)]
  const along: Tensors = Object.fromEntries(wrt.map((x, i) => [String(x.params['name']), ts[`t${i}`]!]))
  const all = { ...valuesOf(operands), ...ts, ...us }
  const [pushed, pulled, second] = [d.jvp, d.vjp, d.second].map((g) => evaluate(g, all)) as [Tensors, Tensors, Tensors]
  expect(distance(pushed['dy0']!.data, difference(d.value, all, along)['y0']!)).toBeLessThan(1e-6)
  const left = inner([pushed['dy0']!], [us['u0']!])
  const right = inner(
    wrt.map((_, i) => pulled[`v${i}`]!),
    wrt.map((_, i) => ts[`t${i}`]!),
  )
  expect(Math.abs(left.sum - right.sum)).toBeLessThanOrEqual(1e-12 * Math.max(1, left.scale))
  const expected = difference(d.vjp, all, along)
  wrt.forEach((_, i) => expect(distance(second[`dv${i}`]!.data, expected[`v${i}`]!)).toBeLessThan(1e-6))
}

/** A tensor by a formula of its index. */
export function filledBy(shape: readonly number[], f: (index: readonly number[]) => number): Tensor {
  const out = tensor('f64', shape, [])
  eachIndex(shape, (at, i) => {
    out.data[at] = f(i)
  })
  return out
}

/** Σ of f over all indices of `shape`. */
export function sumOver(shape: readonly number[], f: (index: readonly number[]) => number): number {
  let total = 0
  eachIndex(shape, (_, i) => {
    total += f(i)
  })
  return total
}

/** The element at `index`; 0 outside. */
export function at(x: Tensor, index: readonly number[]): number {
  if (index.some((k, d) => k < 0 || k >= x.shape[d]!)) return 0
  return x.data[index.reduce((p, k, d) => p * x.shape[d]! + k, 0)]!
}
