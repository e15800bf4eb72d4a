/** State is one region without gaps: its vector exists for every program whose float state has one dtype, whatever lies between. */
import { describe, expect, it } from 'vitest'
import * as op from '../core/ops.ts'
import { f32, f64, i32, program, type Value } from '../core/program.ts'
import { bytesOf, count } from '../core/shape.ts'
import { validatePlan } from './memory/validate.ts'
import { plan } from './plan.ts'
import { stateRegion } from './state-region.ts'

/** Shapes whose sizes are no multiples of anything. */
const shapes = [[3], [], [5, 7], [0], [1], [2, 3, 3], [16], [17]] as const
const dtypes = ['f64', 'f32', 'i32', 'bool', 'u8'] as const
/** Every dtype at every place, in a fixed mixed order. */
const mixed = shapes.flatMap((shape, i) => dtypes.map((_, j) => ({ shape, dtype: dtypes[(i * 3 + j * 2) % 5]! })))

describe('the region of state', () => {
  it('has no gaps, aligns each value to its elements, and keeps the order of declaration within a dtype', () => {
    const { offsets, bytes } = stateRegion(mixed)
    const parts = mixed.map(({ dtype, shape }, i) => ({ dtype, at: offsets[i]!, size: count(shape) * bytesOf[dtype] }))
    for (const { dtype, at } of parts) expect(at % bytesOf[dtype]).toBe(0)
    const covered = parts.reduce((n, p) => n + p.size, 0)
    expect(Math.max(...parts.map((p) => p.at + p.size))).toBe(covered)
    const sorted = parts.filter((p) => p.size > 0).sort((a, b) => a.at - b.at)
    for (const [i, p] of sorted.entries()) expect(p.at).toBe(i === 0 ? 0 : sorted[i - 1]!.at + sorted[i - 1]!.size)
    for (const dtype of ['f64', 'f32', 'i32'] as const) {
      const own = parts.filter((p) => p.dtype === dtype)
      for (const [i, p] of own.entries()) if (i > 0) expect(p.at).toBe(own[i - 1]!.at + own[i - 1]!.size)
    }
    expect(bytes).toBe(Math.ceil(covered / 64) * 64)
  })

  it('is counted to the byte in the report of a valid plan', () => {
    const declare = { f64, f32, i32 } as const
    const state: { [name: string]: Value } = Object.fromEntries(
      shapes.flatMap((shape, i) =>
        (['f32', 'f64', 'i32'] as const).map((d) => [`s${i}_${d}`, declare[d](...shape) as Value] as const),
      ),
    )
    const p = program({
      inputs: { x: f32(3) },
      state,
      body: (v) => ({
        outputs: { y: op.add(v['x']!, v['s0_f32']!) },
        next: Object.fromEntries(Object.keys(state).map((name) => [name, op.add(v[name]!, 1)])),
      }),
    })
    for (const placement of ['greedy', 'naive'] as const) {
      const made = plan(p, { placement, threads: 2 })
      expect(validatePlan(made)).toEqual([])
      const packed = made.buffers.filter((b) => b.role === 'state').reduce((n, b) => n + b.bytes, 0)
      expect(made.memory.state).toBe(Math.ceil(packed / 64) * 64)
      expect(made.memory.bound).toBeLessThanOrEqual(made.memory.peak)
      if (placement === 'naive') expect(made.memory.naive).toBe(made.memory.peak)
    }
  })
})
