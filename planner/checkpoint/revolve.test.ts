import { describe, expect, it } from 'vitest'
import { leastAdvances } from '../../bench/checkpoint/least-advances.ts'
import { revolve, revolveCost } from './revolve.ts'

/** Runs the actions on states that know their number; gives the steps advanced. */
function advances(steps: number, slots: number): number {
  const stored = new Map([[0, 0]])
  let [state, left, advanced] = [0, steps, 0]
  const must = (is: boolean, action: unknown): void => {
    if (!is)
      throw new Error(`${steps} steps, ${slots} slots: ${JSON.stringify(action)} with state ${state}, ${left} left`)
  }
  for (const action of revolve(steps, slots)) {
    if (action.kind === 'advance') {
      must(action.from === state && action.to > state, action)
      advanced += action.to - action.from
      state = action.to
    } else if (action.kind === 'store') {
      must(action.state === state && action.slot < slots, action)
      stored.set(action.slot, state)
    } else if (action.kind === 'restore') {
      must(stored.get(action.slot) === action.state, action)
      state = action.state
    } else {
      must(action.step === left - 1 && state === left - 1, action)
      left--
      // The step itself runs once more; what it leaves is not used.
      state = Number.NaN
    }
  }
  expect(left).toBe(0)
  return advanced
}

describe('revolve', () => {
  const least = leastAdvances(200, 12)

  it('has the least cost of all for up to 200 steps and 12 slots, in closed form', () => {
    for (let s = 1; s <= 12; s++)
      expect(
        Array.from({ length: 201 }, (_, l) => revolveCost(l, s)),
        `${s} slots`,
      ).toEqual(least[s])
  })

  it('needs those advances when its actions are carried out', () => {
    for (let s = 1; s <= 12; s++)
      expect(
        Array.from({ length: 201 }, (_, l) => advances(l, s)),
        `${s} slots`,
      ).toEqual(least[s])
  })

  it('knows the published figures', () => {
    const costs = (l: number) => [1, 2, 3, 4, 5, 6, 7, 8].map((s) => revolveCost(l, s))
    expect(costs(10)).toEqual([45, 20, 15, 14, 13, 12, 11, 10])
    expect(costs(100)).toEqual([4950, 845, 490, 374, 316, 280, 255, 245])
  })

  it('takes 100,000 steps', () => {
    expect(advances(100_000, 30)).toBe(revolveCost(100_000, 30))
  })
})
