/** A linear operator compiled as one bundle: the point is computed once, and what it leaves in the state is read by the others. */
import { expect, it } from 'vitest'
import { evaluate } from '../core/evaluate.ts'
import { linearize } from '../core/linear-operator.ts'
import { fill } from '../core/nn/initializers.ts'
import * as op from '../core/ops.ts'
import { type AnyProgram, f64, program } from '../core/program.ts'
import { jacobian } from '../core/requests.ts'
import { tensor } from '../core/shape.ts'
import { compileAll } from './compile.ts'
import { wasm } from './wasm/index.ts'

it('applies, transposes and makes dense at the last point it was given', async () => {
  const p = program({
    name: 'model',
    inputs: { x: f64(4) },
    state: { w: f64(4, 3).init(fill(0.3)) },
    outputs: ({ x, w }) => ({ y: op.tanh(op.matmul(op.sin(op.mul(x, x)), w)) }),
  }) as AnyProgram
  const { point, apply, transpose, toDense } = linearize(p, { of: 'y', wrt: 'x' })
  const net = await compileAll({ point, apply, transpose, toDense }, { backend: wasm({ threads: 1 }) })
  try {
    for (const x of [
      [1, 2, 3, 4],
      [0.5, -1, 0.25, 2],
    ]) {
      await net.point.run({ x })
      const values = { x: tensor('f64', [4], x), w: tensor('f64', [4, 3], new Array(12).fill(0.3)) }
      const J = evaluate(jacobian(p, { of: 'y', wrt: 'x' }).graph, values)['dy_dx']!.data
      const near = (made: unknown, want: readonly number[]) =>
        want.forEach((v, i) => {
          expect((made as Float64Array)[i]).toBeCloseTo(v, 12)
        })
      near((await net.toDense.run({}))['dy_dx'], Array.from(J))
      const applied = await net.apply.run({ x_tangent: [0, 1, 0, 0] })
      near(
        applied['y_tangent'],
        [0, 1, 2].map((i) => J[4 * i + 1]!),
      )
      near((await net.transpose.run({ y_cotangent: [0, 0, 1] }))['x_cotangent'], Array.from(J.slice(8, 12)))
    }
  } finally {
    await net.close()
  }
})
