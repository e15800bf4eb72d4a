/** Kernels in fewer steps: unrolled windows, axes in another order, slices of contractions. The same values, and less to do. */
import { describe, expect, it } from 'vitest'
import { sampleInput } from '../../backends/fixtures/sample.ts'
import { firstDifference, runInterpreter, runModule } from '../../backends/wasm/run.fixture.ts'
import { resolve } from '../../core/differentiate/resolve.ts'
import { evaluate } from '../../core/evaluate.ts'
import type { Node } from '../../core/ir.ts'
import { distance } from '../../core/laws.fixture.ts'
import * as op from '../../core/ops.ts'
import { type AnyProgram, f32, i32, program } from '../../core/program.ts'
import { grad } from '../../core/requests.ts'
import { tensor } from '../../core/shape.ts'
import { plan } from '../plan.ts'

/** The plan's kernels, after the module, the interpreter and `evaluate` agreed. */
function checked(p: AnyProgram, data: { readonly [name: string]: readonly number[] } = {}) {
  const made = plan(p)
  const inputs = Object.fromEntries(
    made.inputs.map((port) => {
      const values = sampleInput(port)
      data[port.name]?.forEach((v, i) => {
        values[i] = v
      })
      return [port.name, values]
    }),
  )
  const want = runInterpreter(made, inputs)
  expect(firstDifference(runModule(made, inputs, 1), want)).toBeUndefined()
  const values = Object.fromEntries(made.inputs.map((q) => [q.name, tensor(q.dtype, q.shape, inputs[q.name]!)]))
  for (const [name, t] of Object.entries(evaluate(resolve(p.graph), values)))
    expect(distance(want.outputs[name]!, t.data), name).toBeLessThan(1e-5)
  return made.kernels
}
const of = (shape: readonly number[], f: (x: Node) => Node): AnyProgram =>
  program({ inputs: { x: f32(...shape) }, outputs: ({ x }) => ({ y: f(x) }) })
const loops = (kernels: ReturnType<typeof checked>): number =>
  kernels.flatMap((k) => k.sweeps).filter((s) => s.inner.length > 0).length

describe('reductions over a handful of points are straight-line code', () => {
  const special = [Number.NaN, -0, 0, Number.POSITIVE_INFINITY, Number.NaN, 1, 1, Number.NEGATIVE_INFINITY]
  it.each([
    ['max', (x: Node) => op.maxPool2d(x, { size: 2 })],
    ['argmax', (x: Node) => op.argmaxPool2d(x, { size: 3, stride: 1 })],
    ['average', (x: Node) => op.avgPool2d(x, { size: 2, stride: 1, padding: 1 })],
    ['least', (x: Node) => op.min(op.reshape(x, [3, 24, 3]), { axes: [2] })],
    ['product', (x: Node) => op.prod(op.reshape(x, [36, 6]), { axes: [1] })],
  ] as const)('%s', (_, f) => {
    const p = of([3, 8, 9], f)
    checked(p)
    checked(p, { x: special })
  })
  it('windows of a pool, both ways, hold no loop', () => {
    const p = program({ inputs: { x: f32(2, 3, 12, 12) }, outputs: ({ x }) => ({ y: op.maxPool2d(x, { size: 2 }) }) })
    expect(loops(checked(p))).toBe(0)
    const q = grad(
      program({
        inputs: { x: f32(3, 12, 12) },
        outputs: ({ x }) => ({ y: op.sum(op.sin(op.maxPool2d(x, { size: 2 }))) }),
      }),
      { of: 'y', wrt: 'x' },
    )
    const back = checked(q).at(-1)!
    expect(back.outer.at(-1)!.extent).toBe(6)
  })
  it('whole numbers', () => {
    const p = program({
      inputs: { x: i32(20, 3) },
      outputs: ({ x }) => ({ y: op.argmax(x, 1), z: op.max(x, { axes: [1] }), s: op.sum(x, { axes: [1] }) }),
    })
    expect(loops(checked(p))).toBe(0)
  })
  it('a depthwise convolution, but not a long sum or one whose elements lie along the sum', () => {
    const p = program({
      inputs: { x: f32(2, 4, 10, 10), w: f32(4, 1, 3, 3) },
      outputs: ({ x, w }) => ({ y: op.conv2d(x, w, { groups: 4, padding: 1 }) }),
    })
    expect(loops(checked(p))).toBe(0)
    expect(loops(checked(of([40, 17], (x) => op.sum(x, { axes: [1] }))))).toBe(1)
    expect(loops(checked(of([40, 10], (x) => op.sum(x, { axes: [1] }))))).toBe(1)
  })
})
