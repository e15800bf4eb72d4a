/** Random numbers in graphs: against the published vectors and the plain generator, on both backends and any number of ranks. */
import { describe, expect, it } from 'vitest'
import { evaluate } from '../core/evaluate.ts'
import type { Node } from '../core/ir.ts'
import * as op from '../core/ops.ts'
import { constant } from '../core/primitives/leaf.ts'
import { type AnyProgram, f32, f64, i32, program } from '../core/program.ts'
import { threefry as bits } from '../core/random/threefry.ts'
import { grad, vmap } from '../core/requests.ts'
import { tensor } from '../core/shape.ts'
import { threefry } from '../core/threefry.ts'
import { plan } from '../planner/plan.ts'
import { compile } from './compile.ts'
import { interpreter } from './interpreter/index.ts'
import { runInterpreter, runModule } from './wasm/run.fixture.ts'

type Draw = (key: Node) => { readonly [name: string]: Node }
const drawing = (outputs: Draw): AnyProgram =>
  program({ name: 'draws', inputs: { key: i32() }, outputs: ({ key }) => outputs(key) }) as unknown as AnyProgram

/** Outputs for a key, by the interpreter; the module at 1, 2 and 3 ranks must give the same bits (at 1 where there is a loop). */
function draw(outputs: Draw, key = 7, most = 3): { readonly [name: string]: ArrayLike<number> } {
  const made = plan(drawing(outputs))
  const inputs = { key: Int32Array.of(key) }
  const got = runInterpreter(made, inputs).outputs
  for (const ranks of [1, 2, 3].slice(0, most))
    expect(runModule(plan(drawing(outputs), { threads: ranks }), inputs, ranks).outputs).toEqual(got)
  return got
}
const hex = (x: number): string => (x >>> 0).toString(16).padStart(8, '0')

describe('threefry', () => {
  /** Random123's kat_vectors for threefry2x32, 20 rounds: counter, key, result. */
  const published = [
    ['00000000 00000000', '00000000 00000000', '6b200159 99ba4efe'],
    ['ffffffff ffffffff', 'ffffffff ffffffff', '1cb996fc bb002be7'],
    ['243f6a88 85a308d3', '13198a2e 03707344', 'c4923a9c 483df7a0'],
  ] as const
  const read = (text: string) => text.split(' ').map((x) => Number.parseInt(x, 16) | 0) as [number, number]

  it.each(published)('counter %s under key %s gives %s', (counter, key, expected) => {
    const [c, k] = [read(counter), read(key)]
    expect(threefry(k[0], k[1], c[0], c[1]).map(hex).join(' ')).toBe(expected)
    const got = draw(
      (k0) => ({
        a: bits([k0, constant(k[1], 'i32')], [c[0], c[1]], { word: 0, drop: 0 }),
        b: bits([k0, constant(k[1], 'i32')], [c[0], c[1]], { word: 1, drop: 0 }),
      }),
      k[0],
    )
    expect(`${hex(got['a']![0]!)} ${hex(got['b']![0]!)}`).toBe(expected)
  })
})

describe('draws', () => {
  const moments = (xs: ArrayLike<number>) => {
    const mean = Array.from(xs).reduce((s, x) => s + x, 0) / xs.length
    return { mean, variance: Array.from(xs).reduce((s, x) => s + (x - mean) ** 2, 0) / xs.length }
  }
  it.each(['f32', 'f64'] as const)('uniform %s: the bits of the generator, in [0, 1)', (dtype) => {
    const { u } = draw((key) => ({ u: op.uniform(key, [30, 100], { dtype }) }))
    for (const at of [0, 1, 2999]) {
      const [a, b] = threefry(7, 0, at, 1)
      expect(u![at]).toBe(dtype === 'f32' ? (a >>> 8) / 2 ** 24 : ((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53)
    }
    const { mean, variance } = moments(u!)
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.03)
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.01)
    expect(Array.from(u!).every((x) => x >= 0 && x < 1)).toBe(true)
  })
  it.each(['f32', 'f64'] as const)('normal %s: mean, deviation, and a tenth of a tail', (dtype) => {
    const { x } = draw((key) => ({ x: op.normal(key, [4000], { mean: 2, deviation: 3, dtype }) }))
    const { mean, variance } = moments(x!)
    expect(Math.abs(mean - 2)).toBeLessThan(0.2)
    expect(Math.abs(variance - 9)).toBeLessThan(0.7)
    const beyond = Array.from(x!).filter((v) => v > 2 + 3 * 1.2815515655446004).length
    expect(Math.abs(beyond / 4000 - 0.1)).toBeLessThan(0.02)
  })
  it('bernoulli: by one probability, and by one an element', () => {
    const p = constant([0, 0.25, 0.5, 1], 'f32')
    const { one, each } = draw((key) => ({
      one: op.bernoulli(key, 0.25, [4000]),
      each: op.bernoulli(key, op.broadcast(p, [1000, 4], [1])),
    }))
    expect(Math.abs(moments(one!).mean - 0.25)).toBeLessThan(0.03)
    const share = [0, 1, 2, 3].map((k) => Array.from(each!).reduce((s, x, i) => s + (i % 4 === k ? x : 0), 0) / 1000)
    expect([share[0], share[3]]).toEqual([0, 1])
    expect(Math.abs(share[1]! - 0.25)).toBeLessThan(0.05)
    expect(Math.abs(share[2]! - 0.5)).toBeLessThan(0.06)
  })
  it('two draws of one key, of two keys, and of two iterations differ; a key gives the same again', () => {
    const outputs: Draw = (key) => {
      const { out } = op.scan({
        carry: { n: constant(0, 'i32') },
        length: 2,
        body: ({ n }) => ({ carry: { n: op.add(n, 1) }, out: { u: op.uniform(op.foldIn(key, n), [8]) } }),
      })
      const [one, two] = [op.uniform(key, [8]), op.uniform(key, [8])]
      const iterations = op.unstack(out.u)
      return { one, two, first: iterations[0]!, second: iterations[1]!, folded: op.uniform(op.foldIn(key, 5), [8]) }
    }
    const rows = [draw(outputs, 7, 1), draw(outputs, 8, 1)].flatMap((r) =>
      Object.values(r).map((x) => Array.from(x).join()),
    )
    expect(new Set(rows).size).toBe(10)
    expect(draw(outputs, 7, 1)).toEqual(draw(outputs, 7, 1))
  })
  it('named sizes give the numbers of the same sizes without names', () => {
    const shaped = (rows: 'B' | 3) =>
      program({
        name: 'named',
        inputs: { key: i32(), x: f32(rows, 5) },
        outputs: ({ key, x }) => ({ y: op.dropout(x, 0.4, key) }),
      })
    const inputs = { key: Int32Array.of(3), x: new Float32Array(15).fill(1) }
    const named = runInterpreter(plan(shaped('B'), { sizes: { B: 3 } }), inputs).outputs
    expect(named).toEqual(runInterpreter(plan(shaped(3)), inputs).outputs)
  })
  it('keys and rates that are none are refused', () => {
    const bad = (outputs: (key: Node, x: Node) => Node) => () =>
      program({ name: 'bad', inputs: { key: i32(2), x: f32(2) }, outputs: ({ key, x }) => ({ y: outputs(key, x) }) })
    expect(bad((key) => op.uniform(key, [2]))).toThrow(/uniform: a key is i32\[\], got i32\[2\]/)
    expect(bad((_, x) => op.dropout(x, 1.5, constant(0, 'i32')))).toThrow(/rate 1.5/)
  })
})

describe('dropout', () => {
  const model = program({
    name: 'model',
    inputs: { x: f64(50, 20) },
    state: { step: i32() },
    body({ x, step }) {
      const y = op.dropout(op.exp(x), 0.25, step)
      return { outputs: { y, loss: op.sum(y) }, next: { step: op.add(step, 1) } }
    },
  })
  const x = Float64Array.from({ length: 1000 }, (_, i) => ((i * 37) % 100) / 100)

  it('drops its share, scales the rest, and its derivative is the mask; each step drops others', async () => {
    const exe = await compile(grad(model, { of: 'loss', wrt: 'x' }), { backend: interpreter() })
    const first = exe.runSync({ x })
    const kept = Array.from(first.y as Float64Array, (y) => Number(y !== 0))
    expect(Math.abs(kept.reduce((s, k) => s + k, 0) / 1000 - 0.75)).toBeLessThan(0.05)
    kept.forEach((k, i) => {
      const want = k === 1 ? Math.exp(x[i]!) / 0.75 : 0
      expect(Math.abs(first.y[i] - want)).toBeLessThan(1e-12)
      expect(Math.abs(first.dloss_dx[i] - want)).toBeLessThan(1e-12)
    })
    const second = Array.from(exe.runSync({ x }).y as Float64Array, (y) => Number(y !== 0))
    expect(second).not.toEqual(kept)
    await exe.close()
  })
  it('of rate 0 is nothing, of rate 1 is 0', () => {
    const { one, none } = draw((key) => {
      const ones = op.broadcast(constant(1, 'f32'), [6], [])
      return { one: op.dropout(ones, 0, key), none: op.dropout(ones, 1, key) }
    })
    expect(Array.from(one!)).toEqual([1, 1, 1, 1, 1, 1])
    expect(Array.from(none!)).toEqual([0, 0, 0, 0, 0, 0])
  })
  it('under vmap, each key draws for itself, what it would draw alone', () => {
    const one = drawing((key) => ({ u: op.uniform(key, [3]) }))
    const many = evaluate(vmap(one, { over: 'key', size: 2 }).graph, { key: tensor('i32', [2], [1, 2]) })['u']!
    const alone = (k: number) => Array.from(evaluate(one.graph, { key: tensor('i32', [], [k]) })['u']!.data)
    expect(Array.from(many.data)).toEqual([...alone(1), ...alone(2)])
  })
})
