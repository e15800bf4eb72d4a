/** Windows, convolutions, pools and einsum with their gradients in every backend, with and without each part of the planner. */
import { describe, expect, it } from 'vitest'
import { evaluate } from '../core/evaluate.ts'
import type { Node } from '../core/ir.ts'
import { distance } from '../core/laws.fixture.ts'
import * as op from '../core/ops.ts'
import { type AnyProgram, f32, f64, program } from '../core/program.ts'
import { grad } from '../core/requests.ts'
import { ramp } from '../core/samples.ts'
import { validatePlan } from '../planner/memory/validate.ts'
import { plan } from '../planner/plan.ts'
import { arraysOf, plansOf } from './random-programs.fixture.ts'
import { firstDifference, runInterpreter, runModule } from './wasm/run.fixture.ts'

type Shape = readonly number[]
interface Case {
  readonly name: string
  readonly x: Shape
  readonly w?: Shape
  f(x: Node, w: Node): Node
}
const cases: readonly Case[] = [
  { name: 'conv2d', x: [2, 3, 8, 9], w: [4, 3, 3, 3], f: (x, w) => op.conv2d(x, w, { padding: 1 }) },
  {
    name: 'strided conv2d',
    x: [2, 4, 9, 9],
    w: [6, 2, 3, 3],
    f: (x, w) => op.conv2d(x, w, { padding: 1, stride: 2, groups: 2 }),
  },
  {
    name: 'dilated strided conv1d',
    x: [2, 3, 17],
    w: [4, 3, 3],
    f: (x, w) => op.conv1d(x, w, { stride: 2, dilation: 2 }),
  },
  {
    name: 'convTranspose2d',
    x: [2, 3, 5, 4],
    w: [3, 4, 3, 2],
    f: (x, w) => op.convTranspose2d(x, w, { stride: 2, padding: 1, outputPadding: 1 }),
  },
  { name: 'maxPool2d', x: [3, 8, 8], f: (x) => op.maxPool2d(x, { size: 2 }) },
  {
    name: 'padded maxPool2d',
    x: [3, 9, 7],
    f: (x) => op.maxPool2d(x, { size: 3, stride: 2, padding: 1, ceilMode: true }),
  },
  { name: 'avgPool2d', x: [3, 9, 7], f: (x) => op.avgPool2d(x, { size: 3, stride: 2, padding: 1, ceilMode: true }) },
  { name: 'adaptive pools', x: [2, 7, 5], f: (x) => op.add(op.adaptiveAvgPool2d(x, 3), op.adaptiveMaxPool2d(x, 3)) },
  { name: 'interpolate', x: [1, 2, 5, 6], f: (x) => op.interpolate(x, { scale: 1.5, mode: 'cubic' }) },
  { name: 'nearest', x: [1, 2, 5, 6], f: (x) => op.interpolate(x, { size: [10, 7] }) },
  {
    name: 'padBy',
    x: [2, 4, 5],
    f: (x) =>
      op.padBy(
        x,
        [
          [0, 0],
          [2, 1],
          [1, 3],
        ],
        'reflect',
      ),
  },
  { name: 'col2im', x: [2, 12, 9], f: (x) => op.col2im(x, 4, { size: 2 }) },
  { name: 'einsum', x: [3, 4, 4], w: [4, 5], f: (x, w) => op.einsum('bii,ij,kj->bk', x, w, w) },
]
const operandsOf = (c: Case, dtype: 'f32' | 'f64') => ({ x: ramp(dtype, c.x), w: ramp(dtype, c.w ?? [1], 1) })

/** The value, and the gradient of the sum of its squares. */
function programOf(c: Case, dtype: 'f32' | 'f64'): AnyProgram {
  const of = dtype === 'f32' ? f32 : f64
  const p = program({
    name: 'windows',
    inputs: { x: of(...c.x), w: of(...(c.w ?? [1])) },
    outputs({ x, w }) {
      const y = c.f(x, w)
      return { y, l: op.sum(op.mul(y, y)) }
    },
  })
  return grad(p, { of: 'l', wrt: c.w ? ['x', 'w'] : 'x' }) as AnyProgram
}

describe.each(['f32', 'f64'] as const)('%s', (dtype) => {
  const eps = { f32: 1e-4, f64: 1e-12 }[dtype]
  it.each(cases)('$name: oracle = interpreter = wasm, whatever is switched off', (c) => {
    const p = programOf(c, dtype)
    const given = operandsOf(c, dtype)
    const want = evaluate(p.graph, given)
    const plans = plansOf(p)
    for (const [off, made] of Object.entries(plans)) expect(validatePlan(made), `without ${off}`).toEqual([])
    const reference = runInterpreter(plans.nothing, arraysOf(given))
    for (const [name, { data }] of Object.entries(want))
      expect(distance(reference.outputs[name]!, data), name).toBeLessThan(eps)
    for (const ranks of [1, 2])
      expect(
        firstDifference(runModule(plans.nothing, arraysOf(given), ranks), reference),
        `${ranks} ranks`,
      ).toBeUndefined()
    for (const off of ['fusion', 'passes'] as const) {
      const other = runInterpreter(plans[off], arraysOf(given))
      for (const [name, { data }] of Object.entries(want))
        expect(distance(other.outputs[name]!, data), `${name} without ${off}`).toBeLessThan(eps)
    }
  })
})

describe('plans', () => {
  const largest = (p: AnyProgram) =>
    Math.max(...plan(p).kernels.flatMap((k) => [k.outer.reduce((n, a) => n * a.extent, 1)]))
  it('of a convolution and its gradients hold no windows: no kernel has more results than the largest image', () => {
    const p = programOf(
      { name: '', x: [2, 8, 16, 16], w: [8, 8, 3, 3], f: (x, w) => op.conv2d(x, w, { padding: 1 }) },
      'f32',
    )
    expect(largest(p)).toBeLessThanOrEqual(2 * 8 * 20 * 20)
  })
})
