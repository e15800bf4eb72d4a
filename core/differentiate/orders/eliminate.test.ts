/** Elimination: every order gives the Jacobian of forward and reverse, on scalars, small arrays and values of one shape; others are refused. */
import { describe, expect, it } from 'vitest'
import { evaluate } from '../../evaluate.ts'
import type { ElementGraph, Node, Problem } from '../../ir.ts'
import { distance } from '../../laws.fixture.ts'
import * as op from '../../ops.ts'
import type { Mode } from '../../order.ts'
import { type AnyProgram, f32, f64, program } from '../../program.ts'
import { jacobian } from '../../requests.ts'
import { ramp } from '../../samples.ts'
import { tensor } from '../../shape.ts'
import { uniform } from '../../threefry.ts'
import { byDimensions, resolve } from '../resolve.ts'

type Pick = (below: number) => number
const picks = (seed: number, stream: number): Pick => {
  let n = 0
  return (below) => Math.floor(below * uniform(seed, stream, n++))
}

/** Scalars in, scalars out, by way of a vector at both ends; every op that a slope can come from. */
function randomScalars(seed: number): AnyProgram {
  const pick = picks(seed, 21)
  return program({
    inputs: { x: f64(3), z: f64() },
    outputs: ({ x, z }) => {
      const made: Node[] = [...op.unstack(x), z]
      const any = () => made[Math.max(0, made.length - 1 - pick(7))]!
      const kinds: readonly (() => Node)[] = [
        () => op.mul(any(), any()),
        () => op.mul(any(), any()),
        () => op.add(any(), any()),
        () => op.sub(any(), any()),
        () => op.sin(any()),
        () => op.tanh(op.mul(any(), 0.5)),
        () => op.neg(any()),
        () => op.div(any(), op.add(op.mul(any(), any()), 3)),
        () => op.where(op.greater(any(), 0), any(), op.sin(any())),
        () => op.maximum(any(), any()),
      ]
      for (let i = 0; i < 14; i++) made.push(kinds[pick(kinds.length)]!())
      return { y: op.stack([made.at(-1)!, made.at(-2)!, any(), x.shape.length ? any() : z, op.mul(made.at(-1)!, 2)]) }
    },
  }) as AnyProgram
}
const small = program({
  inputs: { x: f64(2, 3), z: f64(3) },
  outputs: ({ x, z }) => {
    const a = op.tanh(op.mul(x, z))
    const b = op.matmul(a, op.transpose(op.sin(x)))
    return { y: op.mul(op.sum(b, { axes: 0 }), op.slice(z, [1, 3])) }
  },
}) as AnyProgram
const lanes = program({
  inputs: { x: f64(2, 3), z: f64(2, 3) },
  outputs: ({ x, z }) => {
    const a = op.mul(op.sin(x), z)
    return { y: op.add(op.mul(a, a), op.div(op.exp(a), op.add(op.mul(z, z), 1))) }
  },
}) as AnyProgram

function elementsOf(p: AnyProgram, wrt: string[]): ReturnType<Problem['elements']> {
  let found: Problem | undefined
  resolve(jacobian(p, { of: 'y', wrt }).graph, (request, problem, mode) => {
    found = problem
    return byDimensions(request, problem, mode)
  })
  return found!.elements()
}
function vertices({ inputs, edges }: ElementGraph): number[] {
  const read = new Set(edges.map((e) => e.from))
  return [...read].filter((v) => v >= inputs).sort((a, b) => a - b)
}
function shuffled(items: readonly number[], pick: Pick): number[] {
  const left = [...items]
  return items.map(() => left.splice(pick(left.length), 1)[0]!)
}
const valueOf = (p: AnyProgram, wrt: string[], mode: Mode, at: object) =>
  evaluate(jacobian(p, { of: 'y', wrt, mode }).graph, at as never)

function expectAgreement(p: AnyProgram, wrt: string[], order: readonly number[], at: object): void {
  const made = valueOf(p, wrt, { order }, at)
  for (const mode of ['forward', 'reverse'] as const) {
    const whole = valueOf(p, wrt, mode, at)
    for (const x of wrt) {
      const [got, want] = [made[`dy_d${x}`]!, whole[`dy_d${x}`]!]
      expect([got.shape, got.dtype]).toEqual([want.shape, want.dtype])
      expect(distance(got.data, want.data), `${mode} ${order}`).toBeLessThan(1e-10)
    }
  }
}

describe('an elimination order', () => {
  it('gives the Jacobian of forward and reverse on random programs of scalars', () => {
    const at = { x: tensor('f64', [3], [0.7, -0.4, 1.2]), z: tensor('f64', [], [0.3]) }
    for (let seed = 0; seed < 60; seed++) {
      const p = randomScalars(seed)
      const graph = elementsOf(p, ['x', 'z']) as ElementGraph
      for (let k = 0; k < 2; k++) expectAgreement(p, ['x', 'z'], shuffled(vertices(graph), picks(seed, k)), at)
    }
  })
  it('gives it for small arrays, element by element, and for values of one shape as a whole', () => {
    const at = { x: ramp('f64', [2, 3]), z: ramp('f64', [3], 1) }
    const graph = elementsOf(small, ['x', 'z']) as ElementGraph
    expect(graph.inputs).toBe(9)
    expect(graph.edges.length).toBeGreaterThan(20)
    const wide = elementsOf(lanes, ['z', 'x']) as ElementGraph
    expect([wide.inputs, wide.vertices]).toEqual([2, 9])
    for (let seed = 0; seed < 20; seed++) {
      expectAgreement(small, ['x', 'z'], shuffled(vertices(graph), picks(seed, 1)), at)
      const two = { x: ramp('f64', [2, 3]), z: ramp('f64', [2, 3], 1) }
      expectAgreement(lanes, ['z', 'x'], shuffled(vertices(wide), picks(seed, 2)), two)
    }
  })
  it('keeps the slope of a branch not taken out, though it is infinite', () => {
    const p = program({
      inputs: { x: f64() },
      outputs: ({ x }) => ({ y: op.where(op.greater(x, 0), op.mul(op.sqrt(x), op.log(x)), op.mul(x, 2)) }),
    }) as AnyProgram
    const graph = elementsOf(p, ['x']) as ElementGraph
    for (let seed = 0; seed < 12; seed++) {
      const order = shuffled(vertices(graph), picks(seed, 3))
      expect(valueOf(p, ['x'], { order }, { x: tensor('f64', [], [0]) })['dy_dx']!.data[0], `${order}`).toBe(2)
    }
  })
  it('goes through casts, repeated outputs, and outputs that are inputs or constants', () => {
    const p = program({
      inputs: { x: f64(2) },
      outputs: ({ x }) => {
        const [a, b] = op.unstack(x) as [Node, Node]
        const c = op.cast(op.sin(op.cast(op.mul(a, b), 'f32')), 'f64')
        return { y: op.stack([a, c, c, op.stopGradient(b), op.mul(c, b)]) }
      },
    }) as AnyProgram
    const order = vertices(elementsOf(p, ['x']) as ElementGraph)
    const at = { x: tensor('f64', [2], [0.3, 0.8]) }
    const [got, want] = [{ order }, 'forward' as const].map((mode) => valueOf(p, ['x'], mode, at)['dy_dx']!)
    expect(distance(got!.data, want!.data)).toBeLessThan(1e-6)
    expect([...got!.data].slice(0, 2)).toEqual([1, 0])
  })
})

describe('the graph of elements', () => {
  it('has no vertex for what only moves, and numbers for what is known', () => {
    const p = program({
      inputs: { x: f64(2) },
      outputs: ({ x }) => {
        const [a, b] = op.unstack(op.flip(op.reshape(x, [2, 1]), 0)) as [Node, Node]
        const [u, v] = [op.reshape(a, []), op.reshape(b, [])]
        return { y: op.stack([op.add(op.mul(u, v), u), op.neg(op.mul(u, 3)), op.mul(u, u)]) }
      },
    }) as AnyProgram
    const { inputs, vertices: n, edges, outputs } = elementsOf(p, ['x']) as ElementGraph
    expect([inputs, n, outputs.length]).toEqual([2, 7, 3])
    const numbers = edges.map((e) => e.slope).filter((s) => typeof s === 'number')
    expect(numbers.sort()).toEqual([-1, 1, 1, 3])
  })
  it('does not exist for large values and for loops, and the reason is given', () => {
    const large = program({ inputs: { x: f64(100) }, outputs: ({ x }) => ({ y: op.sum(op.sin(x)) }) }) as AnyProgram
    expect(elementsOf(large, ['x'])).toEqual({ impossible: expect.stringMatching(/at most/) })
    expect(() => valueOf(large, ['x'], { order: [] }, { x: ramp('f64', [100]) })).toThrow(
      expect.objectContaining({ code: 'E_ORDER' }),
    )
    const loop = program({
      inputs: { x: f64() },
      outputs: ({ x }) => ({
        y: op.scan({ carry: { s: x }, length: 3, body: ({ s }) => ({ carry: { s: op.sin(s) } }) }).carry.s,
      }),
    }) as AnyProgram
    expect(elementsOf(loop, ['x'])).toEqual({ impossible: expect.stringMatching(/scan has no derivative element/) })
  })
  it.each<readonly [string, unknown]>([
    ['no list', 'all'],
    ['too few', []],
    ['one twice', [2, 2]],
    ['an input', [0, 2]],
    ['no number', [null, 2]],
    ['one too many', [2, 3, 4, 5]],
  ])('refuses an order with %s', (_, order) => {
    const p = program({
      inputs: { x: f32(2) },
      outputs: ({ x }) => ({ y: op.exp(op.sin(op.mul(op.slice(x, [0, 1]), op.slice(x, [1, 2])))) }),
    }) as AnyProgram
    expect(vertices(elementsOf(p, ['x']) as ElementGraph)).toEqual([2, 3])
    const mode = { order } as Mode
    expect(() => valueOf(p, ['x'], mode, { x: ramp('f32', [2]) })).toThrow(expect.objectContaining({ code: 'E_ORDER' }))
  })
})
