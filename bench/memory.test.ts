/** The models of the memory benchmark: published figures of their ops, and plans that use what they say. */
import { place, plan, validatePlan } from 'cotangent'
import { describe, expect, it } from 'vitest'
import { interpret, interpreter } from '../backends/interpreter/index.ts'
import { mobilenets, models, opResults } from './memory/models.ts'

const mebibytes = (bytes: number): number => Number((bytes / 2 ** 20).toFixed(3))

describe('placement of networks', () => {
  it.each([
    [1, 19.248, 4.594],
    [2, 26.313, 5.742],
  ] as const)('the ops of MobileNet v%i: published sum and lower bound, reached', (which, sum, least) => {
    const results = opResults(which)
    const blocks = results.map(([elements, until], i) => {
      return { id: i, size: 4 * elements, first: i, last: Math.min(results.length - 1, i + until) }
    })
    const { peak, bound, proven } = place(blocks, { strategy: 'exact' })
    expect(mebibytes(blocks.reduce((n, b) => n + b.size, 0))).toBe(sum)
    expect({ bound: mebibytes(bound), peak: mebibytes(peak), proven }).toEqual({
      bound: least,
      peak: least,
      proven: true,
    })
  })

  it.each(mobilenets)('the plan of $name lies at its lower bound', ({ program }) => {
    const { memory } = plan(program())
    expect(memory).toMatchObject({ peak: memory.bound, proven: true })
  })

  it.each(models(true))(
    'a training step of $name: at most 1 % above the bound, and a run uses the arena',
    ({ program }) => {
      const p = plan(program(), { target: interpreter().target })
      expect(p.memory.peak).toBeLessThanOrEqual(1.01 * p.memory.bound)
      expect(validatePlan(p)).toEqual([])
      const { shadow, runSync } = interpret(p)
      runSync()
      expect(Math.ceil(shadow.highWater / 64) * 64).toBe(p.arena)
    },
  )
})
