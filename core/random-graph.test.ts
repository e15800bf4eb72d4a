/** Laws of every program, on random ones: invariants, text, transposition, resolution. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allOps } from './all-ops.ts'
import { resolve } from './differentiate/resolve.ts'
import { evaluate } from './evaluate.ts'
import type { Graph, Op } from './ir.ts'
import { derivatives, directions, distance, inner } from './laws.fixture.ts'
import { parse } from './parse.ts'
import { hasTangent } from './primitives/leaf.ts'
import { print } from './print.ts'
import { type AnyProgram, f32, f64, i32 } from './program.ts'
import { randomProgram } from './random-graph.fixture.ts'
import { isGraph } from './rebuild.ts'
import { jacobian } from './requests.ts'
import { verify } from './verify.ts'

const runs = { numRuns: 250, seed: 7 }
const isSingle = (g: Graph) => g.nodes.some((n) => n.dtype === 'f32')
const parts = (g: Graph) => {
  const wrt = g.inputs.filter(hasTangent)
  const outputs = g.outputs.map((o) => o.node).filter(hasTangent)
  return { wrt, outputs, d: derivatives(g.inputs, outputs, wrt) }
}

describe('random graphs', () => {
  it('reach every op that has a derivative and no body, but scaleSafe', () => {
    const seen = new Set(fc.sample(randomProgram(fc), runs).flatMap((p) => p.graph.nodes.map((n) => n.op.name)))
    const hasBody = (op: Op) => op.samples('f32').some((x) => Object.values(x.params).some(isGraph))
    const samples = allOps
      .filter((op) => op.linear && op.samples('f32').length > 0 && !hasBody(op))
      .map((op) => op.name)
    expect(samples.filter((name) => !seen.has(name) && name !== 'scaleSafe')).toEqual([])
  })
  it('keep every law, survive print and parse, and have finite values', () => {
    fc.assert(
      fc.property(randomProgram(fc), ({ graph, inputs }) => {
        expect(verify(graph)).toEqual([])
        const read = parse(print(graph), allOps)
        expect(print(read)).toBe(print(graph))
        const values = evaluate(graph, inputs)
        expect(evaluate(read, inputs)).toEqual(values)
        for (const v of Object.values(values)) expect(v.data.every(Number.isFinite)).toBe(true)
      }),
      runs,
    )
  })
  it('⟨J t, u⟩ = ⟨t, Jᵀ u⟩', () => {
    fc.assert(
      fc.property(randomProgram(fc), ({ graph, inputs }) => {
        const { wrt, outputs, d } = parts(graph)
        const [ts, us] = [directions('t', wrt, 1), directions('u', outputs, 3)]
        const jt = Object.values(evaluate(d.jvp, { ...inputs, ...ts }))
        const ju = Object.values(evaluate(d.vjp, { ...inputs, ...us }))
        const left = inner(jt, Object.values(us))
        const right = inner(ju, Object.values(ts))
        const eps = isSingle(graph) ? 2e-5 : 1e-11
        expect(Math.abs(left.sum - right.sum)).toBeLessThanOrEqual(eps * Math.max(1, left.scale, right.scale))
      }),
      runs,
    )
  })
  it('derivative graphs of any order keep every law, and their pull is linear in the seed', () => {
    fc.assert(
      fc.property(randomProgram(fc, { dtype: 'f64' }), ({ graph, inputs }) => {
        const { outputs, d } = parts(graph)
        for (const g of Object.values(d)) expect(verify(g)).toEqual([])
        const values = { ...inputs, ...directions('u', outputs, 3) }
        const [once, again] = [evaluate(d.vjp, values), evaluate(d.linearInSeed, values)]
        for (const [k, v] of Object.entries(once))
          expect(distance(again[k]!.data, v.data)).toBeLessThan(isSingle(graph) ? 1e-5 : 1e-10)
      }),
      runs,
    )
  })
  it('forward Jacobian = reverse Jacobian, and resolve is idempotent', () => {
    fc.assert(
      fc.property(randomProgram(fc, { dtype: 'f64', steps: 8 }), ({ graph, inputs }) => {
        const [forward, reverse] = (['forward', 'reverse'] as const).map((mode) => {
          const request = jacobian(asProgram(graph), { of: 'y0', wrt: 'x0', mode }).graph
          const resolved = resolve(request)
          expect(verify(request)).toEqual([])
          expect(verify(resolved)).toEqual([])
          expect(resolve(resolved)).toBe(resolved)
          return evaluate(resolved, inputs)['dy0_dx0']!
        })
        expect(forward!.shape).toEqual(reverse!.shape)
        expect(distance(forward!.data, reverse!.data)).toBeLessThan(isSingle(graph) ? 1e-4 : 1e-9)
      }),
      { ...runs, numRuns: 120 },
    )
  })
})

function asProgram(graph: Graph): AnyProgram {
  const make = { f32, f64, i32 }
  const inputs = Object.fromEntries(
    graph.inputs.map((x) => [String(x.params['name']), make[x.dtype as 'f32' | 'f64' | 'i32'](...x.shape)]),
  )
  return { name: graph.name, inputs, state: {}, outputs: { y0: 'dense', y1: 'dense' }, graph }
}
