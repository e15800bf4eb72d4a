/** Elimination of whole values: every order gives the Jacobian of forward and reverse, on graphs that are no chains; others are refused. */
import { describe, expect, it } from 'vitest'
import { allOps } from '../../all-ops.ts'
import { evaluate } from '../../evaluate.ts'
import type { LinearGraph, Node, Problem } from '../../ir.ts'
import { distance } from '../../laws.fixture.ts'
import * as op from '../../ops.ts'
import type { Mode } from '../../order.ts'
import { parse } from '../../parse.ts'
import { print } from '../../print.ts'
import { type AnyProgram, f64, program } from '../../program.ts'
import { jacobian } from '../../requests.ts'
import { ramp } from '../../samples.ts'
import { uniform } from '../../threefry.ts'
import { byDimensions, resolve } from '../resolve.ts'
import { randomTensors } from './tensors.fixture.ts'

type Pick = (below: number) => number
const picks = (seed: number, stream: number): Pick => {
  let n = 0
  return (below) => Math.floor(below * uniform(seed, stream, n++))
}

/** Layers, sums, products and views of values of four lengths, each reading any that were made lately. */
function randomNet(seed: number): AnyProgram {
  const pick = picks(seed, 31)
  const lengths = [3, 5, 2, 4]
  const weight = (n: number, m: number, at: number): Node =>
    op.constant(
      Float64Array.from({ length: n * m }, (_, i) => Math.sin(i + at)),
      'f64',
      [n, m],
    )
  return program({
    inputs: { x: f64(3), z: f64(4) },
    outputs: ({ x, z }) => {
      const made: Node[] = [x, z]
      const any = (): Node => made[Math.max(0, made.length - 1 - pick(5))]!
      const layer = (to: number): Node => {
        const from = any()
        return op.matmul(from, weight(from.shape[0] as number, to, made.length))
      }
      const like = (a: Node): Node =>
        made.findLast((b) => b !== a && b.shape[0] === a.shape[0]) ?? op.sin(layer(a.shape[0] as number))
      const kinds: readonly (() => Node)[] = [
        () => layer(lengths[pick(4)]!),
        () => layer(lengths[pick(4)]!),
        () => op.tanh(any()),
        () => op.add(made.at(-1)!, like(made.at(-1)!)),
        () => op.mul(made.at(-1)!, like(made.at(-1)!)),
        () => op.slice(op.flip(any(), 0), [0, 2]),
        () => op.cast(op.sin(op.cast(any(), 'f32')), 'f64'),
        () => op.softmax(any()),
      ]
      for (let i = 0; i < 10; i++) made.push(kinds[pick(kinds.length)]!())
      return { y: op.add(op.matmul(made.at(-1)!, weight(made.at(-1)!.shape[0] as number, 3, 1)), x), s: made.at(-2)! }
    },
  }) as AnyProgram
}
/** A block with a way round it, twice, around a loop. */
const blocks = program({
  inputs: { x: f64(5), z: f64(4) },
  state: { a: f64(5, 2), b: f64(2, 5) },
  outputs: ({ x, z, a, b }) => {
    const block = (h: Node): Node => op.add(h, op.matmul(op.tanh(op.matmul(h, a)), b))
    const { s } = op.scan({
      carry: { s: op.mul(block(x), op.sum(z)) },
      length: 3,
      body: ({ s }) => ({ carry: { s: op.sin(op.mul(s, 1.1)) } }),
    }).carry
    return { y: block(s), s: op.reshape(op.mul(s, x), [1, 5]) }
  },
}) as AnyProgram

const at = { x: ramp('f64', [3]), z: ramp('f64', [4], 1) }
const wide = { x: ramp('f64', [5]), z: ramp('f64', [4], 1), a: ramp('f64', [5, 2], 2), b: ramp('f64', [2, 5], 3) }

function edgesOf(p: AnyProgram, of: string[], wrt: string[]): LinearGraph {
  let found: Problem | undefined
  resolve(jacobian(p, { of: of[0]!, wrt }).graph, (request, problem, mode) => {
    found = problem
    return byDimensions(request, problem, mode)
  })
  return found!.edges()
}
const valueOf = (p: AnyProgram, of: string, wrt: string[], mode: Mode, values: object) =>
  evaluate(jacobian(p, { of, wrt, mode }).graph, values as never)

function expectAgreement(p: AnyProgram, of: string, wrt: string[], seed: number, values: object, within: number): void {
  const order = randomTensors(edgesOf(p, [of], wrt), picks(seed, 5))
  const made = valueOf(p, of, wrt, order, values)
  for (const mode of ['forward', 'reverse'] as const) {
    const whole = valueOf(p, of, wrt, mode, values)
    for (const x of wrt) {
      const [got, want] = [made[`d${of}_d${x}`]!, whole[`d${of}_d${x}`]!]
      expect([got.shape, got.dtype]).toEqual([want.shape, want.dtype])
      expect(distance(got.data, want.data), `${seed} ${mode} ${JSON.stringify(order)}`).toBeLessThan(within)
    }
  }
}

describe('an order of whole values', () => {
  it('gives the Jacobian of forward and reverse on random networks', () => {
    for (let seed = 0; seed < 80; seed++) {
      const p = randomNet(seed)
      expectAgreement(p, 'y', ['x', 'z'], seed, at, 1e-5)
      expectAgreement(p, 's', ['z'], seed, at, 1e-5)
    }
  })
  it('gives it to the last digits where nothing is rounded on the way, round blocks and a loop', () => {
    for (let seed = 0; seed < 40; seed++)
      for (const of of ['y', 's']) expectAgreement(blocks, of, ['x', 'z', 'b'], seed, wide, 1e-10)
  })
  it('survives print and parse', () => {
    const mode = randomTensors(edgesOf(blocks, ['y'], ['x']), picks(1, 1))
    expect(mode.order.length).toBeGreaterThan(2)
    const { graph } = jacobian(blocks, { of: 'y', wrt: 'x', mode })
    expect(print(parse(print(graph), allOps()))).toBe(print(graph))
  })
  it.each<readonly [string, object, RegExp]>([
    ['no list', { order: 'all', rest: 'tangents' }, /\[\.\.\.\]/],
    ['no rest', { order: [] }, /rest/],
    ['an input', { order: [{ vertex: 0, into: 'tangents' }], rest: 'tangents' }, /order\[0\]/],
    ['a vertex that is none', { order: [{ vertex: 99, into: 'tangents' }], rest: 'tangents' }, /order\[0\]/],
    ['a step of nothing', { order: [null], rest: 'tangents' }, /order\[0\]/],
    ['no side made', { order: [{ vertex: 1 }], rest: 'tangents' }, /into, out or both/],
    ['a side made somehow', { order: [{ vertex: 1, into: 'somehow' }], rest: 'tangents' }, /into, out or both/],
    [
      'one twice',
      {
        order: [
          { vertex: 1, out: 'tangents' },
          { vertex: 1, out: 'tangents' },
        ],
        rest: 'tangents',
      },
      /order\[1\]/,
    ],
  ])('with %s is refused', (_, order, message) => {
    const mode = { kind: 'tensors', ...order } as Mode
    const made = () => valueOf(blocks, 'y', ['x'], mode, wide)
    expect(made).toThrow(expect.objectContaining({ code: 'E_ORDER' }))
    expect(made).toThrow(message)
  })
})
