/** The choice of an order: a bracketing where it pays, reported, obeyed when named or given; and refused where there is none. */
import { describe, expect, it } from 'vitest'
import type { Node } from '../../core/ir.ts'
import * as op from '../../core/ops.ts'
import type { ChainOrder, Mode } from '../../core/order.ts'
import { type AnyProgram, f32, program } from '../../core/program.ts'
import { jacobian } from '../../core/requests.ts'
import { plan, withExplain } from '../plan.ts'

const layers = (...widths: readonly number[]): AnyProgram =>
  program({
    name: 'layers',
    inputs: { x: f32(widths[0]!), ...Object.fromEntries(widths.slice(1).map((n, i) => [`w${i}`, f32(widths[i]!, n)])) },
    outputs: (v) => ({ y: widths.slice(1).reduce((h, _, i) => op.tanh(op.matmul(h, v[`w${i}`]!)), v['x']!) }),
  })
const planned = (p: AnyProgram, mode: Mode = 'auto') => plan(jacobian(p, { of: 'y', wrt: 'x', mode }))
const order = (p: AnyProgram, mode: Mode = 'auto') => planned(p, mode).orders['dy_dx']!

describe('auto', () => {
  it('takes a bracketing through narrow values, and says which and what the others cost', () => {
    const made = planned(layers(256, 8, 256, 8, 256))
    const { chosen, text, candidates } = made.orders['dy_dx']!
    expect(chosen).toBe('chain')
    const price = (name: string) => candidates.find((c) => c.name === name)!
    expect(price('chain').predictedMs * 1.2).toBeLessThan(
      Math.min(price('forward').predictedMs, price('reverse').predictedMs),
    )
    expect(price('chain').multiplications).toBeLessThan(price('forward').multiplications / 2)
    expect(made.explain()).toContain(`dy_dx: chain ${text}`)
    expect(text).toMatch(/^\(.*[TA]\[?\d.*\)$/)
  })
  it.each([[[64, 64, 64, 64]], [[512, 64, 8]], [[8, 64, 512]]])('stays with a global order for layers %j', (widths) =>
    expect(['forward', 'reverse']).toContain(order(layers(...widths)).chosen),
  )
  it('gives the same plan again', () => {
    const p = layers(128, 4, 128, 4, 128)
    expect(planned(p).hash).toBe(planned(p).hash)
  })
})

describe('several values and results', () => {
  const n = 24
  const fields = program({
    name: 'fields',
    inputs: { u: f32(n, n), v: f32(n, n) },
    outputs({ u, v }) {
      const around = (x: Node): Node => {
        const p = op.pad(x, [
          [1, 1],
          [1, 1],
        ])
        const at = (i: number, j: number): Node => op.slice(p, [i, i + n], [j, j + n])
        return op.expr`${at(0, 1)} + ${at(2, 1)} + ${at(1, 0)} + ${at(1, 2)} - 4 * ${x}`
      }
      const product = op.mul(op.square(u), v)
      return { f: op.add(around(u), product), g: op.sub(around(v), product) }
    },
  })
  it('are coloured together: of two fields of five points, a few seeds for all four blocks', () => {
    const request = jacobian(fields, { of: ['f', 'g'], wrt: ['u', 'v'] } as never) as unknown as AnyProgram
    const [own, ...others] = Object.values(plan(request).orders)
    expect(others.every((o) => o.text === own!.text)).toBe(true)
    expect(own!.chosen).toBe('colour')
    expect(Number(/^\d+/.exec(own!.text!)![0])).toBeLessThanOrEqual(12)
  })
})

describe('example by example', () => {
  it('is priced like any other, and far below the full Jacobian', () => {
    const p = program({
      inputs: { x: f32('B', 24) },
      state: { w: f32(24, 16) },
      outputs: ({ x, w }) => ({ y: op.tanh(op.matmul(x, w)) }),
    })
    const made = (each: boolean) =>
      plan(jacobian(p, { of: 'y', wrt: 'x', ...(each && { perExample: 'B' }) }), { sizes: { B: 32 } })
    const { chosen, candidates } = made(true).orders['dy_dx']!
    const mul = (o: typeof candidates) => Math.min(...o.map((c) => c.multiplications))
    expect(candidates.map((c) => c.name)).toContain(chosen)
    const whole = made(false).orders['dy_dx']!.candidates.filter((c) => ['forward', 'reverse'].includes(c.name))
    expect(whole).toHaveLength(2)
    expect(mul(candidates) * 16).toBeLessThan(mul(whole))
    expect(made(true).outputs.find((o) => o.name === 'dy_dx')!.shape).toEqual([32, 16, 24])
  })
})

describe('a mode', () => {
  const p = layers(64, 4, 32, 4, 64)
  it('that is a kind is obeyed, and one that was reported gives the same plan', () => {
    for (const kind of ['forward', 'reverse', 'chain'] as const) {
      const made = planned(p, kind)
      const { chosen, order: reported, reason } = made.orders['dy_dx']!
      expect(chosen).toBe(kind)
      expect(reason).toContain(kind)
      const again = planned(p, reported)
      expect(again.kernels).toEqual(made.kernels)
      expect(again.orders['dy_dx']!.order).toEqual(reported)
    }
  })
  it('survives JSON, in a plan and as itself', () => {
    const made = planned(p, JSON.parse(JSON.stringify(order(p, 'chain').order)) as ChainOrder)
    expect(withExplain(JSON.parse(JSON.stringify(made))).explain()).toBe(made.explain())
  })
  it('that cannot be had is refused, and says why', () => {
    const forked = program({ inputs: { x: f32(4) }, outputs: ({ x }) => ({ y: op.add(op.sin(x), op.cos(x)) }) })
    expect(() => planned(forked as AnyProgram, 'chain')).toThrow(expect.objectContaining({ code: 'E_ORDER' }))
    expect(() => planned(forked as AnyProgram, 'chain')).toThrow(/dy_dx: no value lies on all paths/)
    expect(() => planned(p, 'sideways' as Mode)).toThrow(expect.objectContaining({ code: 'E_MODE' }))
    for (const order of [{ cuts: [3] }, { cuts: [0], steps: [{ make: 'push', of: 0, first: 0, last: 0 }] }])
      expect(() => planned(p, { kind: 'chain', ...order } as Mode)).toThrow(
        expect.objectContaining({ code: 'E_ORDER' }),
      )
  })
})
