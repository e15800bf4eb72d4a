/** Chains of local Jacobians: their product is the Jacobian, of a net, a simulation and a loop. */
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import type { Node, Tensor } from './ir.ts'
import { distance } from './laws.fixture.ts'
import { localJacobians } from './local-jacobians.ts'
import * as op from './ops.ts'
import { type AnyProgram, f64, program } from './program.ts'
import { jacobian } from './requests.ts'
import { ramp } from './samples.ts'

const net = program({
  name: 'net',
  inputs: { x: f64(6) },
  state: { w0: f64(6, 5), w1: f64(5, 3), w2: f64(3, 8) },
  outputs: (v) => ({
    y: ['w0', 'w1', 'w2'].reduce((h: Node, w) => op.tanh(op.matmul(h, v[w as 'w0'])), v.x),
  }),
}) as AnyProgram

/** A pendulum, twenty steps of symplectic Euler, written out: state and parameter in one vector. */
const simulation = program({
  name: 'simulation',
  inputs: { s: f64(3) },
  outputs({ s }) {
    let at = s
    for (let i = 0; i < 20; i++) {
      const [angle, speed, length] = [0, 1, 2].map((k) => op.slice(at, [k, k + 1])) as [Node, Node, Node]
      const faster = op.sub(speed, op.mul(0.05, op.div(op.sin(angle), length)))
      at = op.concat([op.add(angle, op.mul(0.05, faster)), faster, length])
    }
    return { end: at }
  },
}) as AnyProgram

const loop = program({
  name: 'loop',
  inputs: { x: f64(4), g: f64(4) },
  outputs: ({ x, g }) => {
    const h = op.sin(op.mul(x, g))
    const { s } = op.scan({
      carry: { s: h },
      length: 5,
      body: ({ s }) => ({ carry: { s: op.sin(op.add(s, op.sum(s))) } }),
    }).carry
    return { y: op.slice(op.exp(s), [0, 2]) }
  },
}) as AnyProgram

function product(chain: readonly Tensor[]): number[] {
  return chain.slice(1).reduce((right, J) => {
    const [m, k] = J.shape as [number, number]
    const n = right.length / k
    return Array.from({ length: m * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n]
      return Array.from({ length: k }, (_, l) => J.data[i * k + l]! * right[l * n + j]!).reduce((a, b) => a + b, 0)
    })
  }, Array.from(chain[0]!.data))
}

describe('localJacobians', () => {
  const cases = [
    ['net', net, 'y', ['x'], 6],
    ['simulation', simulation, 'end', ['s'], 20],
    ['loop', loop, 'y', ['x', 'g'], 3],
    ['loop by one', loop, 'y', ['x'], 4],
  ] as const
  it.each(cases)('of a %s multiply to the Jacobian', (_, p, of, wrt, least) => {
    const { chain, program: values } = localJacobians(p, { of, wrt })
    const at = Object.fromEntries(
      p.graph.inputs.map((n, i) => [String(n.params['name']), ramp('f64', n.shape as number[], i + 1)]),
    )
    expect(chain.length).toBeGreaterThanOrEqual(least)
    const made = evaluate(values.graph, at)
    const matrices = chain.map(({ name, shape }) => {
      expect(made[name]!.shape).toEqual(shape)
      return made[name]!
    })
    const whole = evaluate(jacobian(p, { of, wrt }).graph, at)
    const [rows] = matrices.at(-1)!.shape as [number]
    const parts = wrt.map((x) => whole[`d${of}_d${x}`]!.data)
    const joined = Array.from({ length: rows }, (_, r) =>
      parts.flatMap((d) => Array.from(d.slice((r * d.length) / rows, ((r + 1) * d.length) / rows))),
    ).flat()
    expect(distance(product(matrices), joined)).toBeLessThan(1e-12)
  })
  it('say what they are', () => {
    const { chain } = localJacobians(net, { of: 'y', wrt: 'x' })
    expect(chain.map((j) => j.structure).slice(0, 4)).toEqual(['dense', 'diagonal', 'dense', 'diagonal'])
    expect(chain[0]).toMatchObject({ name: 'J1', shape: [5, 6], from: 'x', to: 'x·w0' })
  })
  it('are one where there is no value that all paths pass through', () => {
    const forked = program({ inputs: { x: f64(3) }, outputs: ({ x }) => ({ y: op.add(op.sin(x), op.cos(x)) }) })
    expect(localJacobians(forked as AnyProgram, { of: 'y', wrt: 'x' }).chain).toMatchObject([{ structure: 'diagonal' }])
  })
})
