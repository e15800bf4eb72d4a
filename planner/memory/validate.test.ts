import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Kernel } from '../../core/loops.ts'
import type { PlanBuffer, PlanData } from '../types.ts'
import { corruptions, type Edits } from './corruptions.fixture.ts'
import { place } from './place.ts'
import { validPlan } from './valid-plan.fixture.ts'
import { assertValid, type Law, validatePlan } from './validate.ts'

/** The valid plan with other values at some paths. */
function edited(edits: Edits): PlanData {
  // Through JSON: nothing in it is shared, so an edit is in one place.
  const plan: PlanData = JSON.parse(JSON.stringify(validPlan))
  for (const [path, value] of Object.entries(edits)) {
    const keys = path.split('.')
    const last = keys.pop()!
    const at = keys.reduce<unknown>((parent, key) => (parent as Record<string, unknown>)[key], plan)
    if (value === undefined) delete (at as Record<string, unknown>)[last]
    else (at as Record<string, unknown>)[last] = value
  }
  return plan
}
const lawsBrokenBy = (edits: Edits): Law[] => [...new Set(validatePlan(edited(edits)).map((v) => v.law))]

describe('validatePlan', () => {
  it('finds nothing in a valid plan', () => {
    expect(validatePlan(validPlan)).toEqual([])
    expect(() => assertValid(validPlan)).not.toThrow()
  })
  it.each(corruptions)('%s breaks: %s', (_what, law, edits) => expect(lawsBrokenBy(edits)).toEqual([law]))

  it('names the plan, the laws and the culprits', () => {
    const plan = { ...validPlan, arena: 128 }
    expect(() => assertValid(plan)).toThrow(/^plan everything breaks 10 laws\n {2}arena: buffer 2 \(w\)/)
    expect(() => assertValid(plan)).toThrow(expect.objectContaining({ code: 'E_INVALID_PLAN' }))
  })

  it('lets rank 0 hand over to itself without a barrier, but not to others', () => {
    const one = validPlan.steps.map((s) => ({ ...s, ranks: 'one', barrier: false }))
    const last = { ...one[5]!, ranks: 'all' }
    expect(lawsBrokenBy({ steps: one })).toEqual([])
    expect(lawsBrokenBy({ steps: one.with(4, { ...one[4]!, barrier: true }).with(5, last) })).toEqual([])
    expect(lawsBrokenBy({ steps: one.with(5, last) })).toEqual(['race'])
  })

  it('accepts a reduction in tiles, whose last one is short', () => {
    const tiled = (total: number): Kernel => ({
      ...validPlan.kernels[2]!,
      sweeps: [
        {
          inner: [{ name: 't', extent: 5, kind: 'sequential', tile: { of: 0, total } }],
          code: [{ op: 'load', dtype: 'f32', buffer: 4, map: { offset: 0, strides: [5, 1] } }],
          reductions: [{ monoid: 'sum', dtype: 'f32', value: 0, lanes: 1, block: 5 }],
          stores: [],
        },
        validPlan.kernels[2]!.sweeps[1]!,
      ],
    })
    expect(lawsBrokenBy({ 'kernels.2': tiled(12) })).toEqual([])
    expect(lawsBrokenBy({ 'kernels.2': tiled(13) })).toEqual(['bounds'])
  })
})

describe('validatePlan of placements', () => {
  const planOf = (buffers: PlanBuffer[], arena: number, steps: number): PlanData => ({
    ...validPlan,
    arena,
    inputs: [],
    outputs: [],
    state: [],
    buffers,
    kernels: [{ name: 'nothing', outer: [], sweeps: [] }],
    steps: Array.from({ length: steps }, () => ({ kernel: 0, ranks: 'one' as const, barrier: false })),
    memory: { ...validPlan.memory, peak: arena },
  })
  const blockOf = fc.record({ size: fc.nat(9).map((n) => n * 64), first: fc.nat(20), length: fc.nat(12) })
  const bufferOf = (id: number, size: number, first: number, last: number, offset: number): PlanBuffer => ({
    id,
    name: `b${id}`,
    role: 'temporary',
    dtype: 'u8',
    shape: [size],
    bytes: size,
    offset,
    live: [first, last],
  })

  it('agrees with a plain check of all pairs, on arbitrary offsets', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(blockOf, fc.nat(30)), { maxLength: 12 }), (list) => {
        const buffers = list.map(([b, at], id) => bufferOf(id, b.size, b.first, b.first + b.length, at * 64))
        const clash = buffers.some((a) =>
          buffers.some(
            (b) =>
              a.id < b.id &&
              Math.min(a.bytes, b.bytes) > 0 &&
              a.live[0] <= b.live[1] &&
              b.live[0] <= a.live[1] &&
              a.offset < b.offset + b.bytes &&
              b.offset < a.offset + a.bytes,
          ),
        )
        const laws = validatePlan(planOf(buffers, 64 * 100, 40)).map((v) => v.law)
        expect(new Set(laws)).toEqual(new Set(clash ? ['overlap'] : []))
      }),
      { numRuns: 500 },
    )
  })

  it('accepts 100,000 placed blocks of a chain, and notices one that moved', () => {
    const n = 100_000
    const blocks = Array.from({ length: n }, (_, id) => ({
      id,
      size: 64 * (1 + (id % 3)),
      first: id,
      last: id < n / 2 ? n - 1 - id : Math.min(n - 1, id + 1),
    }))
    const { offsets, peak } = place(blocks, { strategy: 'greedy' })
    const buffers = blocks.map((b) => bufferOf(b.id, b.size, b.first, b.last, offsets.get(b.id)!))
    expect(validatePlan(planOf(buffers, peak, n))).toEqual([])
    const moved = buffers.with(n / 4, { ...buffers[n / 4]!, offset: buffers[n / 4]!.offset + 64 })
    expect(new Set(validatePlan(planOf(moved, peak, n)).map((v) => v.law))).toEqual(new Set(['overlap']))
  })
})
