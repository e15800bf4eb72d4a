/** Control flow on the backends: each program is what `evaluate` says, and the same bits on the interpreter and in WebAssembly at 1, 2 and 3 workers. */
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolve } from '../core/differentiate/resolve.ts'
import { evaluate } from '../core/evaluate.ts'
import type { Node, Tensor, TypedArray } from '../core/ir.ts'
import { distance } from '../core/laws.fixture.ts'
import * as op from '../core/ops.ts'
import { print } from '../core/print.ts'
import { type AnyProgram, call, f32, f64, program } from '../core/program.ts'
import { randomProgram } from '../core/random-graph.fixture.ts'
import { grad, hvp, jacobian, jvp, vmap } from '../core/requests.ts'
import { ramp } from '../core/samples.ts'
import { validatePlan } from '../planner/memory/validate.ts'
import { plan } from '../planner/plan.ts'
import type { Plan } from '../planner/types.ts'
import { asProgram, derivatives, slow, valuesFor } from './random-programs.fixture.ts'
import { numbersOf } from './sparse.ts'
import { wasm } from './wasm/index.ts'
import { firstDifference, runInterpreter } from './wasm/run.fixture.ts'

const backends = [1, 2, 3].map((threads) => wasm({ threads }))
/** An executable that stays open keeps the workers of its backend. */
const open: { close(): Promise<void> }[] = []
beforeAll(async () => {
  const tiny = program({ inputs: { x: f64() }, outputs: ({ x }) => ({ y: x }) })
  for (const b of backends) open.push(await b.load(plan(tiny, { threads: b.threads })))
})
afterAll(() => Promise.all(open.map((exe) => exe.close())))

type Values = { readonly [name: string]: Tensor }
const valuesOf = (p: AnyProgram): Values =>
  Object.fromEntries(
    p.graph.inputs.map((x, i) => [String(x.params['name']), ramp(x.dtype, x.shape as number[], i + 1, [0.25, 1.75])]),
  )

async function check(p: AnyProgram, given: Values = valuesOf(p), most = 1e-11): Promise<void> {
  for (const scalars of [true, false]) await checkPlan(p, plan(p, { threads: 3, target: slow, scalars }), given, most)
}
async function checkPlan(p: AnyProgram, made: Plan, given: Values, most: number): Promise<void> {
  expect(validatePlan(made)).toEqual([])
  const arrays = Object.fromEntries(Object.entries(given).map(([k, t]) => [k, t.data]))
  const reference = runInterpreter(made, arrays)
  const eps = p.graph.nodes.some((n) => n.type.kind === 'tensor' && n.dtype === 'f32') ? 2e-5 : most
  for (const [k, t] of Object.entries(evaluate(resolve(p.graph), given)))
    expect(distance(reference.outputs[k]!, t.data), k).toBeLessThan(eps)
  for (const backend of backends) {
    const exe = await backend.load(made)
    const outputs = Object.fromEntries(Object.entries(exe.runSync(arrays)).map(([k, v]) => [k, numbersOf(v)]))
    const got = { outputs: outputs as { [k: string]: TypedArray }, fault: undefined }
    const want = {
      outputs: Object.fromEntries(Object.keys(outputs).map((k) => [k, reference.outputs[k]!])),
      fault: undefined,
    }
    expect(firstDifference(got, want), `${backend.threads} workers`).toBeUndefined()
    await exe.close()
  }
}

const one = (k: Node): Node => op.add(k, op.constant(1, 'i32'))
const cell = (h: Node, x: Node, w: Node): Node => op.tanh(op.add(op.matmul(h, w), x))
const isEven = (k: Node): Node =>
  op.equal(
    op.sub(k, op.mul(op.cast(op.mul(op.cast(k, 'f64'), 0.5), 'i32'), op.constant(2, 'i32'))),
    op.constant(0, 'i32'),
  )

const recurrent = (reverse: boolean) =>
  program({
    name: 'recurrent',
    inputs: { x: f32(7, 5, 9), h: f32(5, 9), w: f32(9, 9) },
    outputs({ x, h, w }) {
      const { carry, out } = op.scan({
        carry: { h, k: op.constant(0, 'i32') },
        over: { x },
        reverse,
        body: (c, s) => {
          const next = cell(c.h, s.x, w)
          return { carry: { h: next, k: one(c.k) }, out: { next, norm: op.sum(op.mul(next, next)) } }
        },
      })
      return { y: op.add(op.sum(carry.h), op.sum(out.norm)), next: out.next, k: carry.k }
    },
  })
const alternating = program({
  name: 'alternating',
  inputs: { x: f64(6, 40), w: f64(40) },
  outputs({ x, w }) {
    const { carry, out } = op.scan({
      carry: { a: w, k: op.constant(0, 'i32') },
      over: { x },
      body: (c, s) => {
        const { y } = op.cond({
          if: isEven(c.k),
          with: { a: c.a, x: s.x },
          whenTrue: (v) => ({ y: op.mul(op.sin(v.a), v.x) }),
          whenFalse: (v) => ({ y: op.add(op.mul(v.a, w), v.x) }),
        })
        return { carry: { a: y, k: one(c.k) }, out: { y } }
      },
    })
    return { y: op.sum(carry.a), ys: out.y }
  },
})
const halving = program({
  name: 'halving',
  inputs: { x: f64(37), w: f64(37) },
  outputs({ x, w }) {
    const { v, k } = op.whileLoop({
      carry: { v: x, k: op.constant(0, 'i32') },
      maxSteps: 12,
      condition: (c) => op.greater(op.sum(op.mul(c.v, c.v)), 0.5),
      body: (c) => ({ v: op.mul(op.mul(c.v, op.sin(w)), 0.75), k: one(c.k) }),
    })
    return { y: op.sum(op.mul(v, w)), k }
  },
})
const nested = program({
  name: 'nested',
  inputs: { a: f64(11), w: f64(11) },
  outputs({ a, w }) {
    const { carry } = op.scan({
      carry: { a },
      length: 3,
      body: (c) => {
        const { v } = op.whileLoop({
          carry: { v: c.a },
          maxSteps: 6,
          condition: (b) => op.less(op.sum(b.v), 40),
          body: (b) => ({
            v: op.add(
              b.v,
              op.scan({ carry: { u: b.v }, length: 2, body: (d) => ({ carry: { u: op.mul(d.u, op.cos(w)) } }) }).carry
                .u,
            ),
          }),
        })
        return { carry: { a: op.mul(v, 0.25) } }
      },
    })
    return { y: op.sum(carry.a) }
  },
})
const kept = program({
  name: 'kept',
  inputs: { a: f64(8), w: f64(8, 8) },
  outputs: ({ a, w }) => ({
    y: op.sum(
      op.scan({
        carry: { a },
        length: 4,
        body: (c) => ({
          carry: { a: op.checkpoint({ a: c.a }, (v) => ({ a: op.tanh(op.matmul(op.sin(v.a), w)) })).a },
        }),
      }).carry.a,
    ),
  }),
})
const energy = program({ inputs: { q: f64(5) }, outputs: ({ q }) => ({ e: op.sum(op.sub(op.mul(q, q), op.cos(q))) }) })
const descent = program({
  name: 'descent',
  inputs: { q: f64(5), rate: f64() },
  outputs({ q, rate }) {
    const slope = grad(energy, { of: 'e', wrt: 'q' })
    const made = op.scan({
      carry: { q },
      length: 6,
      body: (c) => ({ carry: { q: op.sub(c.q, op.mul(call(slope, { q: c.q }).de_dq, rate)) } }),
    })
    return { y: op.sum(op.mul(made.carry.q, made.carry.q)) }
  },
})

const programs: { readonly [name: string]: AnyProgram } = {
  'a scan': recurrent(false),
  'a scan backwards': recurrent(true),
  'a cond in a scan': alternating,
  'a while': halving,
  'a scan in a while in a scan': nested,
  'a checkpoint in a scan': kept,
  'a gradient in a scan': descent,
}
const first = (p: AnyProgram): string => Object.keys(p.inputs)[0]!

describe.each(Object.entries(programs))('%s', (_, p) => {
  it('runs', () => check(p))
  it('forward', () => check(jvp(p, { of: 'y', wrt: Object.keys(p.inputs) })))
  it('in reverse', () => check(grad(p, { of: 'y', wrt: Object.keys(p.inputs) })))
  it('to second order', () => check(hvp(p, { of: 'y', wrt: first(p) })))
  it('for many examples at once', () =>
    check(vmap(grad(p, { of: 'y', wrt: first(p) }) as AnyProgram, { over: first(p), size: 3 })))
})

describe('edges', () => {
  it('loops of no and of one iteration', async () => {
    const looped = (length: number) =>
      program({
        inputs: { a: f64(5), x: f64(length, 5) },
        outputs: ({ a, x }) => {
          const { carry, out } = op.scan({
            carry: { a },
            over: { x },
            body: (c, s) => ({ carry: { a: op.mul(c.a, s.x) }, out: { z: op.sin(c.a) } }),
          })
          return { y: op.add(op.sum(carry.a), op.sum(out.z)), z: out.z }
        },
      })
    for (const length of [0, 1]) {
      await check(looped(length))
      await check(grad(looped(length), { of: 'y', wrt: ['a', 'x'] }))
    }
  })
  it('a Jacobian of a loop, in either mode', async () => {
    for (const mode of ['forward', 'reverse'] as const)
      await check(jacobian(alternating, { of: 'ys', wrt: 'w', mode }) as AnyProgram)
  })
  it('a while that goes on after maxSteps rejects the run on every backend, also in its gradient', async () => {
    const endless = program({
      inputs: { a: f64() },
      outputs: ({ a }) => ({
        y: op.whileLoop({
          carry: { v: a },
          maxSteps: 5,
          condition: (c) => op.less(c.v, 100),
          body: (c) => ({ v: op.add(c.v, a) }),
        }).v,
      }),
    })
    for (const p of [endless, grad(endless, { of: 'y', wrt: 'a' })])
      for (const backend of backends) {
        const exe = await backend.load(plan(p, { threads: backend.threads }))
        expect(() => exe.runSync({ a: 1 })).toThrow(expect.objectContaining({ code: 'E_MAX_STEPS' }))
        expect(numbersOf(exe.runSync({ a: 25 })['y']!)[0]).toBe(100)
        await exe.close()
      }
  })
})

describe('random graphs with control flow', () => {
  const draws = { numRuns: Number(process.env['FC_RUNS'] ?? 12), seed: Number(process.env['FC_SEED'] ?? 5) }
  const random = (dtype: 'f32' | 'f64') =>
    randomProgram(fc, { dtype, steps: 7, control: 'loops' }).map((p) =>
      Object.assign(p, { [fc.toStringMethod]: () => print(p.graph) }),
    )
  it.each(['f64', 'f32'] as const)('values, %s', (dtype) =>
    fc.assert(
      fc.asyncProperty(random(dtype), ({ graph, inputs }) => check(asProgram(graph), inputs)),
      draws,
    ),
  )
  it.each(['grad', 'jvp', 'reverse', 'forward'] as const)('%s', (kind) =>
    fc.assert(
      fc.asyncProperty(random('f64'), ({ graph, inputs }) => {
        const p = derivatives[kind](graph)
        return check(p, valuesFor(p, inputs), 1e-9)
      }),
      draws,
    ),
  )
  it('values of any op, its body included', () =>
    fc.assert(
      fc.asyncProperty(randomProgram(fc, { dtype: 'f64', steps: 3, sampled: true }), ({ graph, inputs }) =>
        check(asProgram(graph), inputs, 1e-9),
      ),
      draws,
    ))
})
