import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as op from '../../core/ops.ts'
import { f32, program } from '../../core/program.ts'
import { validatePlan } from '../memory/validate.ts'
import { plan } from '../plan.ts'
import { lowOrder } from './order.ts'
import { bestOrder } from './order-exact.ts'
import { givenOrder, inOrder } from './order-list.ts'
import { peakOf } from './order-peak.ts'
import type { OrderProblem } from './order-problem.ts'

/** Items that each make one buffer and use some of those made before; the last buffers are outputs. */
const problems = (most: number): fc.Arbitrary<OrderProblem> =>
  fc
    .array(
      fc.record({
        bytes: fc.nat(9),
        uses: fc.array(fc.nat(30), { maxLength: 3 }),
        scratch: fc.nat(2),
        wish: fc.nat(40),
      }),
      {
        minLength: 1,
        maxLength: most,
      },
    )
    .map((list) => {
      const made = list.map(({ uses }, i) => [...new Set(uses.filter((u) => u < i))])
      const after = list.map((_, i) => list.flatMap((_, j) => (made[j]!.includes(i) ? [j] : [])))
      const users = list.map((_, b) => made.filter((u) => u.includes(b)).length + 1)
      return {
        after,
        afterReading: list.map(({ wish }, i) => (wish < list.length && wish !== i ? [wish] : [])),
        makes: list.map((_, i) => [i]),
        uses: made.map((uses, i) => [...uses, i]),
        reuses: made.map((uses, i) =>
          uses
            .filter((u) => list[u]!.bytes === list[i]!.bytes)
            .slice(0, 1)
            .map((u) => [i, u] as const),
        ),
        bytes: list.map((l) => l.bytes),
        users: users.map((n, b) => n + Number(after[b]!.length === 0)),
        scratch: list.map((l) => l.scratch),
      }
    })

const keeps = (p: OrderProblem, order: readonly number[]): boolean =>
  new Set(order).size === p.after.length &&
  p.after.every((list, i) => list.every((j) => order.indexOf(i) < order.indexOf(j)))

function allOrders(p: OrderProblem): number[][] {
  const walk = (order: number[]): number[][] => {
    if (order.length === p.after.length) return [order]
    const ready = [...p.after.keys()].filter(
      (i) => !order.includes(i) && p.after.every((l, k) => !l.includes(i) || order.includes(k)),
    )
    return ready.flatMap((i) => walk([...order, i]))
  }
  return walk([])
}

describe('orders of few bytes', () => {
  it('keep what must come first, and are never worse than the given one', () => {
    fc.assert(
      fc.property(problems(40), (p) => {
        const given = givenOrder(p)
        const low = lowOrder(p)
        expect(keeps(p, given)).toBe(true)
        expect(keeps(inOrder(p, given), low)).toBe(true)
        expect(peakOf(p, low)).toBeLessThanOrEqual(peakOf(p, given))
      }),
      { numRuns: 300 },
    )
  })

  it('are the best of all for few items', () => {
    fc.assert(
      fc.property(problems(6), (declared) => {
        const p = inOrder(declared, givenOrder(declared))
        const best = Math.min(...allOrders(p).map((order) => peakOf(p, order)))
        expect(peakOf(p, lowOrder(declared))).toBe(best)
        const exact = bestOrder(p, best + 1)!
        expect(keeps(p, exact)).toBe(true)
        expect(peakOf(p, exact)).toBe(best)
        expect(bestOrder(p, best)).toBeUndefined()
      }),
      { numRuns: 200 },
    )
  })

  it('move next values behind the readers of old ones, and let one go first where they wait in a circle', () => {
    const none = {
      makes: [[], [], []],
      uses: [[], [], []],
      reuses: [[], [], []],
      bytes: [],
      users: [],
      scratch: [0, 0, 0],
    }
    const free = [[], [], []]
    expect(givenOrder({ ...none, after: free, afterReading: [[], [], [0]] })).toEqual([1, 2, 0])
    expect(givenOrder({ ...none, after: free, afterReading: [[1], [0], []] })).toEqual([2, 0, 1])
  })

  it('take chains of 100,000 items', () => {
    const n = 100_000
    const all = Array.from({ length: n }, (_, i) => i)
    const p: OrderProblem = {
      after: all.map((i) => (i + 1 < n ? [i + 1] : [])),
      afterReading: all.map(() => []),
      makes: all.map((i) => [i]),
      uses: all.map((i) => (i > 0 ? [i - 1, i] : [i])),
      reuses: all.map(() => []),
      bytes: all.map(() => 64),
      users: all.map(() => 2),
      scratch: all.map(() => 0),
    }
    expect(lowOrder(p)).toEqual(all)
  })
})

describe('in plans', () => {
  // Declared first, `a` would wait for all of `b`, which is small but takes more memory to compute.
  const late = program({
    name: 'late',
    inputs: { x: f32(64, 64), z: f32(256, 64) },
    outputs({ x, z }) {
      const a = op.matmul(x, x)
      const wide = op.matmul(z, op.transpose(z))
      const b = op.sum(op.tanh(op.matmul(wide, wide)))
      return { y: op.mul(op.matmul(a, a), b) }
    },
  })

  it('lower the bound where that can be, and can be left out', () => {
    const [low, given] = [plan(late), plan(late, { reorder: false })]
    expect(given.memory.bound - low.memory.bound).toBeGreaterThanOrEqual(4 * 64 * 64)
    expect(low.kernels.length).toBe(given.kernels.length)
    expect(validatePlan(low)).toEqual([])
  })

  it('store next values where the old ones were, whatever reads those', () => {
    const step = program({
      name: 'step',
      inputs: { x: f32(64) },
      state: { w: f32(64), v: f32(64) },
      body: ({ x, w, v }) => {
        const next = op.add(w, op.mul(x, op.sum(v)))
        return { outputs: { y: op.sum(op.mul(next, w)), z: op.cumsum(w) }, next: { w: next, v: op.sub(v, op.sum(w)) } }
      },
    })
    for (const reorder of [true, false]) {
      const p = plan(step, { reorder })
      expect(validatePlan(p)).toEqual([])
      expect(p.memory.temporaries).toBeLessThan(plan(step, { reorder, inPlace: false }).memory.temporaries)
    }
  })
})
