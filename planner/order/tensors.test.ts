/** Elimination of whole values in plans: found where ways fork round narrow values, reported, obeyed when named or given, and bounded. */
import { describe, expect, it } from 'vitest'
import { byDimensions, resolve } from '../../core/differentiate/resolve.ts'
import { evaluate } from '../../core/evaluate.ts'
import type { LinearGraph, Node, Problem } from '../../core/ir.ts'
import { distance } from '../../core/laws.fixture.ts'
import * as op from '../../core/ops.ts'
import type { Mode, TensorOrder } from '../../core/order.ts'
import { type AnyProgram, f64, program } from '../../core/program.ts'
import { jacobian } from '../../core/requests.ts'
import { ramp } from '../../core/samples.ts'
import { plan, withExplain } from '../plan.ts'
import { wasmTarget } from '../target.ts'
import { searched } from './tensor-search.ts'
import { networkOf, ways } from './tensor-ways.ts'

/** Layers of these widths with tanh, and the input added to the result. */
const round = (...widths: readonly number[]): AnyProgram =>
  program({
    name: 'round',
    inputs: { x: f64(widths[0]!) },
    state: Object.fromEntries(widths.slice(1).map((n, i) => [`w${i}`, f64(widths[i]!, n)])),
    outputs: (v) => ({
      y: op.add(
        widths.slice(1).reduce<Node>((h, _, i) => op.tanh(op.matmul(h, v[`w${i}`]!)), v['x']!),
        v['x']!,
      ),
    }),
  })
/** Narrow blocks, each with a way round it. */
const blocks = (n: number, width: number, waist: number): AnyProgram =>
  program({
    name: 'blocks',
    inputs: { x: f64(width) },
    state: Object.fromEntries(
      Array.from({ length: n }).flatMap((_, i) => [
        [`a${i}`, f64(width, waist)],
        [`b${i}`, f64(waist, width)],
      ]),
    ),
    outputs: (v) => ({
      y: Array.from({ length: n }).reduce<Node>(
        (h, _, i) => op.add(h, op.matmul(op.tanh(op.matmul(h, v[`a${i}`]!)), v[`b${i}`]!)),
        v['x']!,
      ),
    }),
  })
const planned = (p: AnyProgram, mode: Mode = 'auto') => plan(jacobian(p, { of: 'y', wrt: 'x', mode }))
const report = (p: AnyProgram, mode: Mode = 'auto') => planned(p, mode).orders['dy_dx']!

function graphOf(p: AnyProgram): LinearGraph {
  let found: Problem | undefined
  resolve(jacobian(p, { of: 'y', wrt: 'x' }).graph, (request, problem, mode) => {
    found = problem
    return byDimensions(request, problem, mode)
  })
  return found!.edges()
}

describe('auto', () => {
  it.each([
    ['a way round two waists', round(256, 8, 256, 8, 256), 2],
    ['blocks in a row', blocks(4, 256, 8), 1.4],
  ] as const)('eliminates values of %s, and says which and what the others cost', (_, p, fewer) => {
    const made = planned(p)
    const { chosen, text, candidates } = made.orders['dy_dx']!
    expect(chosen).toBe('tensors')
    expect(made.explain()).toContain(`dy_dx: tensors ${text}`)
    const price = (name: string) => candidates.find((c) => c.name === name)!
    expect(price('tensors').multiplications * fewer).toBeLessThan(price('forward').multiplications)
    expect(price('tensors').multiplications * fewer).toBeLessThan(price('reverse').multiplications)
    expect(price('tensors').predictedMs * 1.2).toBeLessThan(price('reverse').predictedMs)
  })
  it.each([
    ['of equal widths', round(32, 32, 32)],
    ['without a way round', program({ inputs: { x: f64(64) }, outputs: ({ x }) => ({ y: op.tanh(x) }) }) as AnyProgram],
  ])('proposes nothing for a net %s', (_, p) =>
    expect(report(p).candidates.map((c) => c.name)).not.toContain('tensors'),
  )
  it('finds orders whose Jacobian is that of forward', () => {
    const p = blocks(3, 128, 2)
    const { order } = report(p, 'tensors')
    expect((order as TensorOrder).order.length).toBeGreaterThan(1)
    const at = Object.fromEntries(
      [...Object.entries(p.inputs), ...Object.entries(p.state)].map(([name, v], i) => [
        name,
        ramp('f64', v.shape as number[], i),
      ]),
    )
    const value = (mode: Mode) => evaluate(jacobian(p, { of: 'y', wrt: 'x', mode }).graph, at)['dy_dx']!.data
    expect(distance(value(order), value('forward'))).toBeLessThan(1e-10)
  })
})

describe('a mode', () => {
  const p = blocks(2, 48, 3)
  it('that names it is obeyed, and one that was reported gives the same plan, from JSON too', () => {
    const made = planned(p, 'tensors')
    expect(made.orders['dy_dx']!.reason).toContain('tensors')
    const given = JSON.parse(JSON.stringify(made.orders['dy_dx']!.order)) as TensorOrder
    const again = planned(p, given)
    expect(again.kernels).toEqual(made.kernels)
    expect(again.orders['dy_dx']!.order).toEqual(given)
    expect(withExplain(JSON.parse(JSON.stringify(made))).explain()).toBe(made.explain())
  })
  it('that cannot be had is refused, and says why', () => {
    const wide = program({ inputs: { x: f64(4) }, outputs: ({ x }) => ({ y: op.add(op.sin(x), x) }) }) as AnyProgram
    expect(() => planned(wide, 'tensors')).toThrow(expect.objectContaining({ code: 'E_ORDER' }))
    expect(() => planned(wide, 'tensors')).toThrow(/no value between is narrower/)
  })
})

describe('the search', () => {
  const graph = graphOf(blocks(3, 64, 4))
  const inner = [...graph.vertices.keys()].filter((v) => graph.vertices[v]!.role === 'inner')
  it('is never worse than a global order, and no better than all orders of all subsets', () => {
    const small = graphOf(round(256, 3, 256, 2, 256))
    const narrow = [...small.vertices.keys()].filter((v) => small.vertices[v]!.size < 256)
    const net = networkOf(small, wasmTarget)
    const cost = (listed: readonly number[]): number => searched(net, listed, 1e9).cost
    const subsets = Array.from({ length: 2 ** narrow.length }, (_, bits) => narrow.filter((_, i) => (bits >> i) & 1))
    const least = Math.min(...subsets.map(cost))
    expect(cost(narrow)).toBeLessThan(cost([]) / 1.5)
    expect(cost(narrow)).toBeLessThanOrEqual(least * 1.000001)
  })
  it('looks no further than it may, and finds the same again', () => {
    for (const looks of [0, 1_000, 20_000]) {
      const [net, other] = [networkOf(graph, wasmTarget), networkOf(graph, wasmTarget)]
      const found = searched(net, inner, looks)
      expect(searched(other, inner, looks)).toEqual(found)
      // What is begun when the budget ends is finished: one order of at most twelve values.
      expect(net.looked).toBeLessThan(looks + 12 ** 3 * graph.edges.length)
    }
  })
  it('prices a way by the loops on it, less what unit seeds select', () => {
    const net = networkOf(graphOf(round(20, 5, 20)), wasmTarget)
    const [x] = net.inputs as [number]
    const [y] = net.outputs as [number]
    const { seed, tangents, cotangents } = ways(net, new Set(), [x], [y])!
    expect(tangents).toBeCloseTo(100 * net.multiplication, 15)
    expect(cotangents).toBeCloseTo(100 * net.multiplication, 15)
    expect(seed).toBeGreaterThan(200 * net.multiplication)
    expect(ways(net, new Set(), [y], [x])).toBeUndefined()
  })
})
