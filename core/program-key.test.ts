import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allOps } from './all-ops.ts'
import type { Graph } from './ir.ts'
import { normal } from './nn/initializers.ts'
import * as op from './ops.ts'
import { parse } from './parse.ts'
import { print } from './print.ts'
import { type AnyProgram, f32, program } from './program.ts'
import { programKey } from './program-key.ts'
import { randomProgram } from './random-graph.fixture.ts'

const key = (p: AnyProgram) => programKey(p, (o) => o.name)
const ofGraph = (graph: Graph) => key({ name: graph.name, inputs: {}, state: {}, outputs: {}, graph })

describe('programKey', () => {
  it('is equal where the text is, and only there', () => {
    const graphs = fc.sample(randomProgram(fc), { numRuns: 400, seed: 3 }).map((p) => p.graph)
    const texts = new Map<string, string>()
    for (const graph of graphs) {
      const own = ofGraph(graph)
      expect(ofGraph(parse(print(graph), allOps()))).toBe(own)
      expect(texts.get(own) ?? print(graph)).toBe(print(graph))
      texts.set(own, print(graph))
    }
    expect(texts.size).toBe(new Set(graphs.map((g) => print(g))).size)
  })

  it('tells apart what a plan can depend on', () => {
    const data = (x: number) => op.constant(Float32Array.of(1, x, 3, 4, 5), 'f32', [5])
    const of = (o: { name?: string; by?: number; shape?: number; start?: boolean; input?: string } = {}) =>
      program({
        name: o.name ?? 'p',
        inputs: { [o.input ?? 'x']: f32(o.shape ?? 5) },
        state: { w: o.start ? f32(5).init(normal()) : f32(5) },
        outputs: (v) => ({ y: op.add(op.mul(v[o.input ?? 'x']!, data(o.by ?? 2)), v['w']!) }),
      }) as unknown as AnyProgram
    const keys = [of(), of({ name: 'q' }), of({ by: -2 }), of({ by: 0 }), of({ by: -0 }), of({ shape: 1 })]
    const all = [...keys, of({ start: true }), of({ input: 'z' })].map(key)
    expect(new Set(all).size).toBe(all.length)
    expect(key(of())).toBe(all[0])
  })

  it('sees into bodies', () => {
    const loop = (times: number, by: number) =>
      program({
        inputs: { x: f32() },
        outputs: ({ x }) => ({
          y: op.scan({ carry: { x }, length: times, body: (c) => ({ carry: { x: op.mul(c.x, by) } }) }).carry.x,
        }),
      }) as unknown as AnyProgram
    const keys = [loop(3, 2), loop(4, 2), loop(3, 5)].map(key)
    expect(new Set(keys).size).toBe(3)
    expect(key(loop(3, 2))).toBe(keys[0])
  })
})
