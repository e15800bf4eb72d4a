/** Loops whose reverse runs segments again: the same bits, in less memory, whatever the body, the length and the cut. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Node } from '../core/ir.ts'
import * as op from '../core/ops.ts'
import { type AnyProgram, f64, program } from '../core/program.ts'
import { grad, jvp, vmap } from '../core/requests.ts'
import { ramp } from '../core/samples.ts'
import { validatePlan } from '../planner/memory/validate.ts'
import { type PlanOptions, plan } from '../planner/plan.ts'
import { firstDifference, runInterpreter, runModule } from './wasm/run.fixture.ts'

const valuesOf = (p: AnyProgram) =>
  Object.fromEntries(
    p.graph.inputs.map((x, i) => [
      String(x.params['name']),
      ramp(x.dtype, x.shape as number[], i + 1, [-0.75, 0.75]).data,
    ]),
  )

/** Bytes of both plans, whose results are the same bits on both backends. */
function same(make: (checkpoint: number | 'auto') => AnyProgram, every: number, options: PlanOptions = {}) {
  const [plain, cut] = [plan(make('auto'), options), plan(make(every), options)]
  const values = valuesOf(make('auto'))
  expect(validatePlan(cut)).toEqual([])
  const want = runModule(plain, values, 1)
  if (plain.arena < 2 ** 16) expect(firstDifference(runInterpreter(cut, values), want)).toBeUndefined()
  expect(firstDifference(runModule(cut, values, 1), want)).toBeUndefined()
  return { plain: plain.arena, cut: cut.arena, loops: cut.loops.length - plain.loops.length }
}

type Step = (a: Node, b: Node, x: Node, w: Node) => Node
const steps: readonly Step[] = [
  (a, _, x, w) => op.tanh(op.add(op.matmul(w, a), x)),
  (a, b, x) => op.add(op.mul(op.sin(a), x), op.mul(b, 0.5)),
  (a, b, _, w) => op.sub(op.mul(a, op.sum(op.mul(w, w))), op.exp(op.mul(b, a))),
  (_, b, x) => op.mul(b, x),
  (a) => a,
]

interface Case {
  readonly length: number
  readonly reverse: boolean
  readonly f: Step
  readonly g: Step
  readonly inner: number
}
const cases: fc.Arbitrary<Case> = fc.record({
  length: fc.integer({ min: 1, max: 7 }),
  reverse: fc.boolean(),
  f: fc.constantFrom(...steps),
  g: fc.constantFrom(...steps),
  inner: fc.integer({ min: 0, max: 2 }),
})

/** Two carries, a slice, a captured matrix, a stacked result, and perhaps a loop inside. */
function looped({ length, reverse, f, g, inner }: Case, checkpoint: number | 'auto', innerEvery = checkpoint) {
  return program({
    name: 'looped',
    inputs: { a: f64(3), b: f64(3), x: f64(length, 3), w: f64(3, 3) },
    outputs: ({ a, b, x, w }) => {
      const made = op.scan({
        ...{ carry: { a, b }, over: { x }, reverse, checkpoint },
        body: (c, s) => {
          const next =
            inner === 0
              ? f(c.a, c.b, s.x, w)
              : op.scan({
                  ...{ carry: { a: c.a }, length: inner, checkpoint: innerEvery },
                  body: (d) => ({ carry: { a: f(d.a, c.b, s.x, w) } }),
                }).carry.a
          return { carry: { a: next, b: g(c.b, next, s.x, w) }, out: { y: op.mul(next, c.a) } }
        },
      })
      return { y: op.add(op.sum(op.mul(made.carry.a, made.carry.b)), op.sum(op.sin(made.out.y))) }
    },
  })
}
const wrt = ['a', 'b', 'x', 'w'] as const

describe('segments of loops in reverse', () => {
  it('are the same bits for any body, length and cut, in loops too', () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 9 }), fc.boolean(), (c, every, scalars) => {
        same((k) => grad(looped(c, k), { of: 'y', wrt }), every, { scalars })
      }),
      { numRuns: 30, seed: 3 },
    )
  }, 120_000)
  it('also of second order, of many examples, and for several workers', () => {
    const c: Case = { length: 7, reverse: false, f: steps[0]!, g: steps[1]!, inner: 2 }
    same((k) => jvp(grad(looped(c, k), { of: 'y', wrt: 'w' }), { of: 'dy_dw', wrt: 'a' }), 3)
    same((k) => vmap(grad(looped(c, k), { of: 'y', wrt }), { over: ['a', 'x'], size: 2 }), 3)
    same((k) => grad(looped(c, k), { of: 'y', wrt }), 3, { threads: 3 })
  })
})

describe('memory of loops in reverse', () => {
  const c: Case = { length: 64, reverse: false, f: steps[0]!, g: steps[1]!, inner: 0 }
  // Nothing of the length of the loop is read or stored, but the tape.
  const long = (inner: number) => (checkpoint: number | 'auto') =>
    grad(
      program({
        inputs: { a: f64(64), w: f64(64) },
        outputs: ({ a, w }) => {
          const step = (x: Node) => op.add(op.mul(op.sin(x), w), op.mul(op.tanh(x), 0.5))
          const body = (d: { readonly a: Node }) => ({ carry: { a: step(d.a) } })
          const nested = (x: Node) => op.scan({ carry: { a: x }, length: inner, body }).carry.a
          const made = op.scan({
            ...{ carry: { a }, length: 400, checkpoint },
            body: inner === 0 ? body : (d) => ({ carry: { a: nested(d.a) } }),
          })
          return { y: op.sum(made.carry.a) }
        },
      }),
      { of: 'y', wrt: 'w' },
    )
  it('of n steps falls to that of the square root of n, for a loop of loops too', () => {
    const flat = same(long(0), 20)
    expect(flat.plain).toBeGreaterThan(400 * 64 * 8)
    expect(flat.cut).toBeLessThan(flat.plain / 8)
    // One outer iteration again: its inner loop leaves its tape within the reverse of that iteration.
    const nested = same(long(8), 1)
    expect(nested.plain).toBeGreaterThan(8 * 400 * 64 * 8)
    expect(nested.cut).toBeLessThan(nested.plain / 6)
  })
  it('is refused where it is no number of iterations', () => {
    for (const checkpoint of [0, 1.5, -2])
      expect(() => looped(c, checkpoint)).toThrow(expect.objectContaining({ code: 'E_SCAN_CHECKPOINT' }))
  })
})
