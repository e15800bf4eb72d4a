/** The default time limit of a run, for plans of three kinds. */
import { expect, it } from 'vitest'
import * as op from '../core/ops.ts'
import { f64, program } from '../core/program.ts'
import { plan } from '../planner/plan.ts'
import { patience } from './patience.ts'

const halving = (maxSteps?: number) =>
  plan(
    program({
      inputs: { x: f64() },
      outputs: ({ x }) =>
        op.whileLoop({
          carry: { y: x },
          ...(maxSteps !== undefined && { maxSteps }),
          condition: ({ y }) => op.greater(y, 1),
          body: ({ y }) => ({ y: op.mul(y, 0.5) }),
        }),
    }),
  )

it('is half a minute for short plans', () => expect(patience(halving(10))).toBe(30_000))
it('is a thousand times the prediction for long ones', () => {
  const short = halving(10)
  expect(patience({ ...short, cost: { ...short.cost, predictedMs: 500 } })).toBe(500_000)
})
it('is endless where the number of iterations is unknown', () =>
  expect(patience(halving())).toBe(Number.POSITIVE_INFINITY))
