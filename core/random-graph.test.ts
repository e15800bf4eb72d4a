/** Laws of every program, on random ones: invariants, text, transposition, resolution. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allOps } from './all-ops.ts'
import { randomChain } from './differentiate/orders/chain.fixture.ts'
import { resolve } from './differentiate/resolve.ts'
import { evaluate } from './evaluate.ts'
import type { Graph } from './ir.ts'
import { derivatives, directions, distance, inner } from './laws.fixture.ts'
import { parse } from './parse.ts'
import { hasTangent } from './primitives/leaf.ts'
import { print } from './print.ts'
import { type AnyProgram, f32, f64, i32 } from './program.ts'
import { type RandomOptions, randomProgram } from './random-graph.fixture.ts'
import { sampledOps } from './random-sampled.fixture.ts'
import { jacobian } from './requests.ts'
import { uniform } from './threefry.ts'
import { verify } from './verify.ts'

const runs = { numRuns: 250, seed: 7 }
const isSingle = (g: Graph) => g.nodes.some((n) => n.type.kind === 'tensor' && n.type.dtype === 'f32')
const parts = (g: Graph) => {
  const wrt = g.inputs.filter(hasTangent)
  const outputs = g.outputs.map((o) => o.node).filter(hasTangent)
  return { wrt, outputs, d: derivatives(g.inputs, outputs, wrt) }
}

describe('random graphs', () => {
  it('reach every op that has a derivative and no body', () => {
    const many = fc.sample(randomProgram(fc, { sampled: true, steps: 2 }), { ...runs, numRuns: 2000 })
    const seen = new Set(many.flatMap((p) => p.graph.nodes.map((n) => n.op.name)))
    expect(sampledOps.map((op) => op.name).filter((name) => !seen.has(name))).toEqual([])
  })
  it('keep every law, survive print and parse, and have finite values', () => {
    fc.assert(
      fc.property(randomProgram(fc), ({ graph, inputs }) => {
        expect(verify(graph)).toEqual([])
        const read = parse(print(graph), allOps())
        expect(print(read)).toBe(print(graph))
        const values = evaluate(graph, inputs)
        expect(evaluate(read, inputs)).toEqual(values)
        for (const v of Object.values(values)) expect(v.data.every(Number.isFinite)).toBe(true)
      }),
      runs,
    )
  })
  it.each([false, true])('⟨J t, u⟩ = ⟨t, Jᵀ u⟩ (with any op: %s)', (sampled) => {
    fc.assert(
      fc.property(randomProgram(fc, { sampled }), ({ graph, inputs }) => {
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
  it('every bracketing between cuts gives the Jacobian of reverse', () => {
    let chains = 0
    fc.assert(
      fc.property(randomProgram(fc, { dtype: 'f64', steps: 8 }), fc.nat(), ({ graph, inputs }, seed) => {
        const request = jacobian(asProgram(graph), { of: 'y0', wrt: 'x0' }).graph
        let n = 0
        const bracketed = resolve(request, (_, problem) => {
          const cuts = problem.chain().cuts.length
          chains += cuts > 0 ? 1 : 0
          return randomChain(cuts, (below) => Math.floor(below * uniform(seed, 0, n++)))
        })
        expect(verify(bracketed)).toEqual([])
        const [got, want] = [bracketed, resolve(request)].map((g) => evaluate(g, inputs)['dy0_dx0']!)
        expect(got!.shape).toEqual(want!.shape)
        expect(distance(got!.data, want!.data)).toBeLessThan(isSingle(graph) ? 1e-4 : 1e-9)
      }),
      { ...runs, numRuns: 120 },
    )
    expect(chains).toBeGreaterThan(20)
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

describe('random graphs with control flow', () => {
  const options = (control: 'loops' | 'written'): RandomOptions => ({ dtype: 'f64', steps: 8, control })
  const draws = { numRuns: 60, seed: 3 }
  it('hold scans, branches and whiles', () => {
    const graphs = fc.sample(randomProgram(fc, options('loops')), draws).map((p) => p.graph)
    const names = new Set(graphs.flatMap((g) => g.nodes.map((n) => n.op.name)))
    for (const name of ['scan', 'cond', 'while']) expect(names).toContain(name)
  })
  it('are the same written out, in value and every derivative', () => {
    const both = fc.sample(randomProgram(fc, options('loops')), draws)
    const written = fc.sample(randomProgram(fc, options('written')), draws)
    both.forEach(({ graph, inputs }, i) => {
      expect(verify(graph)).toEqual([])
      const [a, b] = [parts(graph), parts(written[i]!.graph)]
      const values = { ...inputs, ...directions('t', a.wrt, 1), ...directions('u', a.outputs, 3) }
      for (const kind of ['value', 'jvp', 'vjp', 'second'] as const) {
        const [got, want] = [evaluate(a.d[kind], values), evaluate(b.d[kind], values)]
        for (const [k, v] of Object.entries(want))
          expect(distance(got[k]!.data, v.data), `graph ${i}, ${kind} ${k}\n${print(graph)}`).toBeLessThan(1e-9)
      }
    })
  })
  it('⟨J t, u⟩ = ⟨t, Jᵀ u⟩, and survive print and parse', () => {
    fc.assert(
      fc.property(randomProgram(fc, options('loops')), ({ graph, inputs }) => {
        expect(print(parse(print(graph), allOps()))).toBe(print(graph))
        const { wrt, outputs, d } = parts(graph)
        const [ts, us] = [directions('t', wrt, 1), directions('u', outputs, 3)]
        const left = inner(Object.values(evaluate(d.jvp, { ...inputs, ...ts })), Object.values(us))
        const right = inner(Object.values(evaluate(d.vjp, { ...inputs, ...us })), Object.values(ts))
        const eps = isSingle(graph) ? 2e-5 : 1e-11
        expect(Math.abs(left.sum - right.sum)).toBeLessThanOrEqual(eps * Math.max(1, left.scale, right.scale))
      }),
      draws,
    )
  })
})
