/** Bracketing within a limit of memory: against every bracketing, in plans by a mode and by a budget, and the values stay. */
import { describe, expect, it } from 'vitest'
import { evaluate } from '../../core/evaluate.ts'
import { distance } from '../../core/laws.fixture.ts'
import * as op from '../../core/ops.ts'
import type { ChainOrder, ChainStep, Mode } from '../../core/order.ts'
import { type AnyProgram, f64, program } from '../../core/program.ts'
import { jacobian } from '../../core/requests.ts'
import { ramp } from '../../core/samples.ts'
import { uniform } from '../../core/threefry.ts'
import { assertValid } from '../memory/validate.ts'
import { plan } from '../plan.ts'
import { bracket, type ChainCosts, prefixSums } from './bracket.ts'

type Costs = ChainCosts & { readonly memory: { readonly most: number; readonly inner: Float64Array } }
function randomCosts(seed: number, q: number): Costs {
  const draw = (stream: number, i: number, below: number): number => 1 + Math.floor(below * uniform(seed, stream, i))
  const each = Array.from({ length: q }, (_, i) => draw(0, i, 50))
  const sizes = Float64Array.from({ length: q + 1 }, (_, i) => draw(1, i, 12))
  return {
    sizes,
    tangents: Float64Array.from(each, (e, i) => sizes[i]! * e),
    cotangents: Float64Array.from(each, (e, i) => sizes[i + 1]! * e),
    seed: prefixSums(each),
    fixed: new Float64Array(q + 1),
    multiplication: 1,
    product: 0,
    memory: { most: draw(2, 0, 200), inner: Float64Array.from(each, (_, i) => draw(3, i, 20)) },
  }
}

/** All ways to make factors first … last, by recursion: the least cost, under what is held said anew, as a list of widths. */
function exhaustive(c: Costs, first: number, last: number): number {
  const q = c.tangents.length
  const { most, inner } = c.memory
  const whole = first === 0 && last === q - 1
  const [columns, rows] = [c.sizes[first]!, c.sizes[last + 1]!]
  /** Values passed on the way through factors from … to, without the ends of the whole run. */
  const widths = (from: number, to: number): number[] => [
    ...[...inner.subarray(from, to + 1)],
    ...[...c.sizes.subarray(from, to + 2)].filter((_, i) => {
      const at = from + i
      return at !== first && at !== last + 1
    }),
  ]
  const held = (seeds: number, from: number, to: number): boolean =>
    Math.max(...widths(from, to)) * seeds <= most && (whole || rows * columns <= most)
  const work = (from: number, to: number): number => c.seed[to + 1]! - c.seed[from]!
  const costs = [Number.POSITIVE_INFINITY]
  if (held(columns, first, last)) costs.push(columns * work(first, last))
  if (held(rows, first, last)) costs.push(rows * work(first, last))
  for (let k = first; k < last; k++) {
    const [left, right, middle] = [exhaustive(c, k + 1, last), exhaustive(c, first, k), c.sizes[k + 1]!]
    if (rows * middle + middle * columns + (whole ? 0 : rows * columns) <= most)
      costs.push(left + right + rows * middle * columns)
    if (held(columns, k + 1, last)) costs.push(right + columns * work(k + 1, last))
    if (held(rows, first, k)) costs.push(left + rows * work(first, k))
  }
  return Math.min(...costs)
}

describe('a bracketing within a limit', () => {
  it('is the best of all that keep to it', () => {
    let impossible = 0
    for (let seed = 1; seed <= 150; seed++) {
      const costs = randomCosts(seed, 1 + (seed % 5))
      const { cost } = bracket(costs)
      expect(cost).toBe(exhaustive(costs, 0, costs.tangents.length - 1))
      if (cost === Number.POSITIVE_INFINITY) impossible++
    }
    expect(impossible).toBeGreaterThan(10)
    expect(impossible).toBeLessThan(140)
  })
})

const layers = (...widths: readonly number[]): AnyProgram =>
  program({
    name: 'layers',
    inputs: { x: f64(widths[0]!) },
    state: Object.fromEntries(widths.slice(1).map((n, i) => [`w${i}`, f64(widths[i]!, n)])),
    outputs: (v) => ({ y: widths.slice(1).reduce((h, _, i) => op.tanh(op.matmul(h, v[`w${i}`]!)), v['x']!) }),
  }) as AnyProgram
const request = (p: AnyProgram, mode: Mode) => jacobian(p, { of: 'y', wrt: 'x', mode })
/** Its cheapest product of matrices holds more than a bracketing that is little dearer. */
const widths = [134, 34, 22, 31, 54]
const net = layers(...widths)
const WHOLE = 134 * 54 * 8
const orderWithin = (memory: number | string): ChainOrder =>
  plan(request(net, { kind: 'chain', memory })).orders['dy_dx']!.order as ChainOrder

/** Entries of each matrix made, but the last, from the steps and the widths alone: cuts lie in the narrow layers. */
function entries({ steps }: ChainOrder, sizes: readonly number[]): number[] {
  const runs: { first: number; last: number }[] = []
  const runOf = (s: ChainStep): { first: number; last: number } => {
    if (s.make === 'product') return { first: runs[s.right]!.first, last: runs[s.left]!.last }
    if (s.make === 'push') return { first: runs[s.of]!.first, last: s.last }
    return s.make === 'pull' ? { first: s.first, last: runs[s.of]!.last } : s
  }
  for (const s of steps) runs.push(runOf(s))
  return runs.slice(0, -1).map(({ first, last }) => sizes[first]! * sizes[last + 1]!)
}

describe('a chain in a plan', () => {
  const at = Object.fromEntries([
    ['x', ramp('f64', [134])],
    ...widths.slice(1).map((n, i) => [`w${i}`, ramp('f64', [widths[i]!, n], i + 1)] as const),
  ])
  const value = (mode: Mode) => evaluate(request(net, mode).graph, at)['dy_dx']!.data

  it('has another bracketing where a limit is set, and the same values', () => {
    const free = orderWithin('1GiB')
    expect(free).toEqual(plan(request(net, 'chain')).orders['dy_dx']!.order)
    const found = new Map<string, ChainOrder>()
    for (let memory = WHOLE * 6; memory > WHOLE; memory = Math.floor(memory * 0.93)) {
      try {
        const order = orderWithin(memory)
        const sizes = [134, ...order.cuts.map((c) => widths.slice(1).flatMap((n) => [n, n])[c]!), widths.at(-1)!]
        for (const n of entries(order, sizes)) expect(8 * n + WHOLE).toBeLessThanOrEqual(memory)
        found.set(JSON.stringify(order), order)
      } catch (error) {
        expect(error).toMatchObject({ code: 'E_ORDER', message: expect.stringMatching(/holds more than \d+ bytes/) })
      }
    }
    expect(found.size).toBeGreaterThan(1)
    const want = value('forward')
    for (const order of found.values()) expect(distance(value(order), want)).toBeLessThan(1e-10)
  })
  it('says that it was limited, and refuses what is no amount', () => {
    const made = plan(request(net, { kind: 'chain', memory: '1MiB' }))
    expect(made.orders['dy_dx']!.reason).toContain('chain within 1MiB')
    expect(() => orderWithin('little')).toThrow(expect.objectContaining({ code: 'E_BUDGET' }))
    expect(() => value({ kind: 'chain', memory: 1e9 })).toThrow(/only a planner/)
  })
  it.each([
    [[256, 16, 256, 16, 256], 'chain'],
    [[110, 42, 34, 37, 174], 'forward'],
  ] as const)(
    'of layers %j, else %s, keeps within the budget of the plan by another order where it must',
    (sizes, kind) => {
      const asked = request(layers(...sizes), 'auto')
      const free = plan(asked)
      expect(free.orders['dy_dx']!.chosen).toBe(kind)
      const orders = new Set([free.orders['dy_dx']!.chosen])
      for (let budget = free.arena; budget > 0; budget = Math.floor(budget * 0.985)) {
        try {
          const made = plan(asked, { budget })
          assertValid(made)
          expect(made.arena).toBeLessThanOrEqual(budget)
          orders.add(made.orders['dy_dx']!.chosen)
        } catch (error) {
          expect(error).toMatchObject({ name: 'InputError' })
          break
        }
      }
      expect(orders.size).toBeGreaterThan(1)
    },
  )
})
