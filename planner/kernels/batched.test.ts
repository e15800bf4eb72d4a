/** Batches of scalar programs are one kernel, whatever is stacked or taken apart; what goes along memory stays as it is. */
import { describe, expect, it } from 'vitest'
import type { Node } from '../../core/ir.ts'
import * as op from '../../core/ops.ts'
import { type AnyProgram, f64, program } from '../../core/program.ts'
import { jacobian, vmap } from '../../core/requests.ts'
import { validatePlan } from '../memory/validate.ts'
import { plan } from '../plan.ts'
import type { PlanData } from '../types.ts'

const planned = (p: AnyProgram, options = {}): PlanData => {
  const made = plan(p, options)
  expect(validatePlan(made)).toEqual([])
  return made
}
/** Two angles, two lengths → position and direction. */
const arm = program({
  name: 'arm',
  inputs: { q: f64(2) },
  outputs({ q }) {
    const [a, b] = op.unstack(q) as [Node, Node]
    const x = op.add(op.cos(a), op.mul(op.cos(op.add(a, b)), 0.5))
    const y = op.add(op.sin(a), op.mul(op.sin(op.add(a, b)), 0.5))
    return { tip: op.stack([x, y, op.atan2(y, x)]) }
  },
})

describe('a batch of scalar programs', () => {
  const batch = vmap(jacobian(arm, { of: 'tip', wrt: 'q' }), { over: 'q', size: 100 }) as AnyProgram
  it('with its Jacobian is one kernel, and keeps nothing in memory', () => {
    const made = planned(batch)
    expect(made.kernels.map((k) => k.outer.map((a) => a.extent))).toEqual([[100]])
    expect(made.buffers.filter((b) => b.role === 'temporary')).toEqual([])
    expect(planned(batch, { scalars: false }).kernels.length).toBeGreaterThan(1)
  })
  it('stores parts of one buffer side by side, and the law of stores notices when they are not', () => {
    const made: PlanData = JSON.parse(JSON.stringify(planned(batch)))
    const text = JSON.stringify(made.kernels)
    const clash = text.replaceAll('"strides":[6]', '"strides":[5]')
    expect(clash).not.toBe(text)
    const laws = validatePlan({ ...made, kernels: JSON.parse(clash) }).map((v) => v.law)
    expect(new Set(laws)).toEqual(new Set(['in-place']))
  })
})

it('rows of one buffer may be stored side by side too, and a batch of systems goes on in place', () => {
  const p = program({
    inputs: { s: f64(3, 50) },
    outputs({ s }) {
      const { carry } = op.scan({
        carry: { s },
        length: 4,
        body: (c) => {
          const [x, y, z] = op.unstack(c.s) as [Node, Node, Node]
          return { carry: { s: op.stack([op.mul(y, 2), op.sub(z, x), op.add(x, y)]) } }
        },
      })
      return { end: carry.s }
    },
  }) as unknown as AnyProgram
  const made = planned(p)
  const body = made.steps.slice(made.loops[0]!.first, made.loops[0]!.last + 1).map((s) => made.kernels[s.kernel]!)
  expect(body.map((k) => k.outer.map((a) => a.extent))).toEqual([[50]])
  const overlapping = JSON.stringify(made.kernels).replaceAll('"offset":100', '"offset":99')
  const laws = validatePlan({ ...made, kernels: JSON.parse(overlapping) }).map((v) => v.law)
  expect(new Set(laws)).toEqual(new Set(['in-place']))
})

it('a matrix read along its rows is not read point by point instead', () => {
  const p = program({
    inputs: { m: f64(64, 10), v: f64(64) },
    outputs: ({ m, v }) => ({ a: op.mul(v, 2), b: op.mul(m, 2), c: op.sum(m, { axes: [1] }) }),
  }) as unknown as AnyProgram
  expect(planned(p).kernels).toEqual(planned(p, { scalars: false }).kernels)
})
