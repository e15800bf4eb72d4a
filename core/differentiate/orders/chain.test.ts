/** Chains of segments: where they can be cut, that every bracketing gives the same Jacobian, and that orders that do not fit are refused. */
import { describe, expect, it } from 'vitest'
import { allOps } from '../../all-ops.ts'
import { evaluate } from '../../evaluate.ts'
import type { Node, Problem } from '../../ir.ts'
import { distance } from '../../laws.fixture.ts'
import * as op from '../../ops.ts'
import type { ChainOrder, Mode } from '../../order.ts'
import { parse } from '../../parse.ts'
import { print } from '../../print.ts'
import { type AnyProgram, f32, f64, i32, program } from '../../program.ts'
import { jacobian } from '../../requests.ts'
import { ramp } from '../../samples.ts'
import { sizes, tensor } from '../../shape.ts'
import { uniform } from '../../threefry.ts'
import { byDimensions, resolve } from '../resolve.ts'
import { structureName } from '../structure.ts'
import { randomChain } from './chain.fixture.ts'

/** Values that every path passes through, after each stage: forks and joins, a loop, casts, views, several inputs and outputs. */
const stages = program({
  name: 'stages',
  inputs: { x: f64(2, 3), z: f64(3), k: i32(4) },
  outputs({ x, z, k }) {
    const a = op.tanh(op.mul(x, z))
    const forked = op.add(op.sin(a), op.mul(a, op.sum(a)))
    const narrow = op.sum(forked, { axes: 0 })
    const loop = op.scan({
      carry: { s: narrow },
      length: 3,
      body: ({ s }) => ({ carry: { s: op.sin(op.mul(s, 1.1)) } }),
    })
    const single = op.cast(op.add(loop.carry.s, 0.1), 'f32')
    const wide = op.gather(op.cast(single, 'f64'), op.remainder(k, 3))
    const h = op.reshape(op.mul(wide, wide), [2, 2])
    return { y: op.transpose(op.exp(h)), f: op.sum(h), unused: op.sum(op.cast(k, 'f64')) }
  },
})
const at = { x: ramp('f64', [2, 3]), z: ramp('f64', [3], 2), k: tensor('i32', [4], [0, 2, 1, 5]) }

function problemOf(p: AnyProgram, of: string, wrt: string | string[]): Problem {
  let found: Problem | undefined
  resolve(jacobian(p, { of, wrt }).graph, (request, problem, mode) => {
    found = problem
    return byDimensions(request, problem, mode)
  })
  return found!
}
const jacobianOf = (p: AnyProgram, of: string, wrt: string | string[], mode: Mode) =>
  evaluate(jacobian(p, { of, wrt, mode }).graph, at)

describe('cuts', () => {
  const chainOf = (f: (x: Node, z: Node) => Node, wrt: string | string[] = 'x') =>
    problemOf(
      program({ inputs: { x: f64(4), z: f64(4) }, outputs: ({ x, z }) => ({ y: f(x!, z!) }) }) as AnyProgram,
      'y',
      wrt,
    ).chain()
  it('are the values that every path passes through, ends excluded', () => {
    expect(chainOf((x) => op.sin(op.cos(op.exp(x)))).cuts).toEqual([4, 4])
    expect(chainOf((x) => op.sin(x)).cuts).toEqual([])
    expect(chainOf((x) => op.add(op.sin(x), op.cos(x))).cuts).toEqual([])
    expect(chainOf((x, z) => op.sin(op.mul(op.exp(x), z)), ['x', 'z']).cuts).toEqual([4])
    expect(chainOf((x, z) => op.sin(op.mul(op.exp(x), z))).cuts).toEqual([4, 4])
  })
  it('are found by brute force too: without a cut no path is left', () => {
    for (let seed = 0; seed < 300; seed++) {
      const { p, nodes } = randomDag(seed)
      const { cuts } = problemOf(p, 'y', 'x').chain()
      expect(cuts).toEqual(
        nodes.filter((n) => !reaches(p, n)).map((n) => sizes(n.shape, 'test').reduce((a, b) => a * b, 1)),
      )
    }
  })
})

describe('the linear graph', () => {
  it('lists values and local derivatives, with structure and work', () => {
    const p = program({
      inputs: { x: f64(3) },
      state: { w: f64(3, 2) },
      outputs: ({ x, w }) => ({ y: op.tanh(op.matmul(op.sin(x), w)), s: op.mul(op.stopGradient(x), 2) }),
    }) as AnyProgram
    const { vertices, edges } = problemOf(p, 'y', 'x').edges()
    expect(vertices.map((v) => [v.size, v.role])).toEqual([
      [3, 'input'],
      [3, 'inner'],
      [2, 'inner'],
      [2, 'output'],
    ])
    expect(edges.map((e) => [e.from, e.to, e.map, structureName(e.structure!)])).toEqual([
      [0, 1, 'diagonal', 'diagonal'],
      [1, 2, 'operator', 'dense'],
      [2, 3, 'diagonal', 'diagonal'],
    ])
    expect(edges.map((e) => e.work.multiplications)).toEqual([0, 6, 0])
  })
})

describe('a chain order', () => {
  const cases = [
    ['y', 'x'],
    ['y', ['x', 'z']],
    ['f', ['z', 'x']],
    ['unused', 'x'],
  ] as const
  it.each(cases)('of %s by %s gives the Jacobian of forward and reverse, whatever the bracketing', (of, wrt) => {
    const names = [wrt].flat() as string[]
    const cuts = problemOf(stages as AnyProgram, of, names).chain().cuts.length
    if (of !== 'unused') expect(cuts).toBeGreaterThan(4)
    const forward = jacobianOf(stages as AnyProgram, of, names, 'forward')
    for (let seed = 0; seed < 40; seed++) {
      let n = 0
      const order = randomChain(cuts, (below) => Math.floor(below * uniform(seed, 7, n++)))
      const made = jacobianOf(stages as AnyProgram, of, names, order)
      for (const x of names) {
        const [got, want] = [made[`d${of}_d${x}`]!, forward[`d${of}_d${x}`]!]
        expect(got.shape).toEqual(want.shape)
        expect(got.dtype).toBe(want.dtype)
        expect(distance(got.data, want.data), JSON.stringify(order)).toBeLessThan(1e-6)
      }
    }
  })
  it('survives print and parse', () => {
    const order = randomChain(3, (below) => Math.floor(below / 2))
    const { graph } = jacobian(stages, { of: 'y', wrt: 'x', mode: order })
    expect(print(parse(print(graph), allOps()))).toBe(print(graph))
  })

  const small = program({ inputs: { x: f32(3) }, outputs: ({ x }) => ({ y: op.sin(op.exp(op.cos(x))) }) })
  const whole = { make: 'tangents', first: 0, last: 1 } as const
  it.each<readonly [string, Omit<ChainOrder, 'kind'>, RegExp]>([
    ['a cut that is none', { cuts: [2], steps: [whole] }, /cuts \[2\].*2 values/],
    ['cuts out of order', { cuts: [1, 0], steps: [whole] }, /increasing/],
    ['no steps', { cuts: [0], steps: [] }, /no steps/],
    [
      'a part missing',
      { cuts: [0], steps: [{ make: 'tangents', first: 0, last: 0 }] },
      /segments 0 to 0, not all of 0 to 1/,
    ],
    ['a step ahead', { cuts: [0], steps: [{ make: 'product', left: 1, right: 2 }] }, /step 0/],
    [
      'a gap',
      {
        cuts: [0, 1],
        steps: [
          { ...whole, last: 0 },
          { make: 'push', of: 0, first: 2, last: 2 },
        ],
      },
      /step 1/,
    ],
  ])('with %s is refused', (_, order, message) => {
    const made = () => resolve(jacobian(small, { of: 'y', wrt: 'x', mode: { kind: 'chain', ...order } }).graph)
    expect(made).toThrow(expect.objectContaining({ code: 'E_ORDER' }))
    expect(made).toThrow(message)
  })
  it.each<readonly [string, object]>([
    ['no steps at all', { cuts: [0] }],
    ['no cuts at all', { steps: [whole] }],
    ['cuts that are no list', { cuts: 'all', steps: [whole] }],
    ['a step of nothing', { cuts: [0], steps: [null] }],
    ['a step that is its own operand', { cuts: [0], steps: [{ make: 'push', of: 0, first: 1, last: 1 }] }],
    [
      'a step of text',
      {
        cuts: [0],
        steps: [
          { ...whole, last: 0 },
          { make: 'push', of: '0', first: 1, last: 1 },
        ],
      },
    ],
  ])('with %s is refused with the same code', (_, order) => {
    const mode = { kind: 'chain', ...order } as Mode
    expect(() => resolve(jacobian(small, { of: 'y', wrt: 'x', mode }).graph)).toThrow(
      expect.objectContaining({ code: 'E_ORDER' }),
    )
  })
  it('is not found without a planner, and a kind that does not exist is refused', () => {
    const made = (mode: unknown) => () => resolve(jacobian(small, { of: 'y', wrt: 'x', mode: mode as Mode }).graph)
    expect(made('chain')).toThrow(expect.objectContaining({ code: 'E_ORDER' }))
    for (const kind of ['sideways', 'toString', '__proto__', null, undefined])
      expect(made({ kind })).toThrow(expect.objectContaining({ code: 'E_MODE' }))
  })
})

/** A program of sums of earlier values; `nodes`: those between x and y, in the order of the graph. */
function randomDag(seed: number): { p: AnyProgram; nodes: readonly Node[] } {
  let n = 0
  const pick = (below: number) => Math.floor(below * uniform(seed, 11, n++))
  const p = program({
    inputs: { x: f64(2) },
    outputs: ({ x }) => {
      const made: Node[] = [x]
      for (let i = 0; i < 7; i++) {
        const [a, b] = [made.at(-1 - pick(Math.min(2, made.length)))!, made.at(-1 - pick(Math.min(3, made.length)))!]
        made.push(pick(2) ? op.sin(a) : op.add(a, b))
      }
      return { y: made.at(-1)! }
    },
  }) as AnyProgram
  const y = p.graph.outputs[0]!.node
  return { p, nodes: p.graph.nodes.filter((node) => node !== y && node.op.facts.leaf === undefined) }
}
/** Whether y can be reached from x without `without`. */
function reaches(p: AnyProgram, without: Node): boolean {
  const found = new Set<Node>([p.graph.inputs[0]!])
  for (const node of p.graph.nodes) if (node !== without && node.operands.some((o) => found.has(o))) found.add(node)
  return found.has(p.graph.outputs[0]!.node)
}
