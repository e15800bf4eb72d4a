/** Each law of loops and slices has a plan that breaks it, and is found: plans with a scan and a while, changed in one place. */
import { describe, expect, it } from 'vitest'
import * as op from '../../core/ops.ts'
import { f32, program } from '../../core/program.ts'
import { plan } from '../plan.ts'
import { type Target, wasmTarget } from '../target.ts'
import type { Loop, PlanBuffer, PlanData } from '../types.ts'
import { type Law, validatePlan } from './validate.ts'

/** So slow that every kernel is shared. */
const loopFlops = { f32: 1, f64: 1 }
const slow: Target = { ...wasmTarget, loopFlops, contractionFlops: loopFlops, bandwidth: 1 }

const p = program({
  inputs: { x: f32(6, 16), w: f32(16) },
  outputs({ x, w }) {
    const { carry, out } = op.scan({
      carry: { a: w },
      over: { x },
      body: (c, s) => {
        const inner = op.scan({
          carry: { b: c.a },
          length: 3,
          body: (d) => ({ carry: { b: op.sin(op.mul(d.b, s.x)) } }),
        })
        return { carry: { a: op.add(op.sum(inner.carry.b), s.x) }, out: { y: op.mul(c.a, w) } }
      },
    })
    const { v } = op.whileLoop({
      carry: { v: carry.a },
      maxSteps: 9,
      condition: (c) => op.greater(op.sum(c.v), 0.5),
      body: (c) => ({ v: op.mul(c.v, op.sin(w)) }),
    })
    return { y: out.y, v }
  },
})
const base: PlanData = JSON.parse(JSON.stringify(plan(p, { threads: 3, target: slow })))
const laws = (made: PlanData): Law[] => [...new Set(validatePlan(made).map((v) => v.law))]

const outer = base.loops.findIndex(
  (l) => l.test === undefined && base.loops.some((i) => i !== l && i.first >= l.first && i.last <= l.last),
)
const inner = base.loops.findIndex((l, i) => i !== outer && l.test === undefined)
const tested = base.loops.findIndex((l) => l.test !== undefined)
const slice = base.buffers.findIndex((b) => b.role === 'slice' && b.dtype === 'f32')

const withLoop = (i: number, change: Partial<Loop>): PlanData => ({
  ...base,
  loops: base.loops.with(i, { ...base.loops[i]!, ...change }),
})
const withBuffer = (i: number, change: Partial<PlanBuffer> | { of: undefined } | { moves: undefined }): PlanData => ({
  ...base,
  buffers: base.buffers.with(i, { ...base.buffers[i]!, ...change } as PlanBuffer),
})
const moved = (stride: number): PlanData => {
  const { moves } = base.buffers[slice]!
  return withBuffer(slice, { moves: [{ ...moves![0]!, stride }] })
}
const one = base.loops[outer]!

describe('laws of loops and slices', () => {
  it('hold in the plan, which has loops in loops, a test and slices', () => {
    expect(laws(base)).toEqual([])
    for (const found of [outer, inner, tested, slice]) expect(found).toBeGreaterThanOrEqual(0)
    expect(base.steps.slice(one.first, one.last + 1).some((s) => s.ranks === 'all')).toBe(true)
  })

  it.each<readonly [what: string, law: Law, made: PlanData]>([
    ['a loop that starts before the first step', 'loop', withLoop(outer, { first: -1 })],
    ['a loop that starts at a fraction', 'loop', withLoop(inner, { first: base.loops[inner]!.first + 0.5 })],
    ['a loop that ends before it starts', 'loop', withLoop(inner, { last: base.loops[inner]!.first - 1 })],
    ['a loop past the last step', 'loop', withLoop(tested, { last: base.steps.length })],
    ['a loop of no iterations', 'loop', withLoop(inner, { count: 0 })],
    ['a loop that is half inside another', 'loop', withLoop(inner, { last: one.last + 1 })],
    [
      'ranks that do not meet at the end of an iteration',
      'loop',
      { ...base, steps: base.steps.with(one.last, { ...base.steps[one.last]!, barrier: false }) },
    ],
    ['rank 0 alone in a loop that ranks share', 'loop', withLoop(outer, { alone: true })],
    ['a barrier after a loop that ranks share', 'loop', withLoop(outer, { barrier: true })],
    ['a test of what does not exist', 'loop', withLoop(tested, { test: { buffer: 999, is: true } })],
    ['a test of what is no bool', 'loop', withLoop(tested, { test: { buffer: base.inputs[0]!.buffer, is: true } })],
    ['a test of what is dead', 'loop', withBuffer(base.loops[tested]!.test!.buffer, { live: [0, 0] })],
    ['a bound without its fault', 'fault', withLoop(tested, { fault: 999 })],
    ['a slice of nothing', 'slice', withBuffer(slice, { of: undefined })],
    ['a slice of what comes later', 'slice', withBuffer(slice, { of: base.buffers.at(-1)!.id })],
    ['a slice that does not move', 'slice', withBuffer(slice, { moves: undefined })],
    ['a slice that moves by a fraction of an element', 'slice', moved(base.buffers[slice]!.moves![0]!.stride - 2)],
    ['a slice that leaves its whole at the end', 'slice', moved(base.buffers[slice]!.moves![0]!.stride + 4)],
    ['a slice that leaves its whole at the start', 'slice', moved(-base.buffers[slice]!.moves![0]!.stride)],
    [
      'a slice that moves with a loop that does not exist',
      'slice',
      withBuffer(slice, { moves: [{ loop: 99, stride: 64 }] }),
    ],
    ['a slice used outside its loop', 'slice', withBuffer(slice, { moves: [{ loop: tested, stride: 0 }] })],
    [
      'a whole that moves',
      'slice',
      withBuffer(
        base.buffers.findIndex((b) => b.role === 'output'),
        { moves: [] },
      ),
    ],
  ])('%s breaks: %s', (_what, law, made) => expect(laws(made)).toContain(law))
})

/** Scalars from step to step: rank 0's alone; the result is read by all. */
const scalars = program({
  inputs: { x: f32(100), a: f32() },
  outputs({ x, a }) {
    const { carry } = op.scan({ carry: { a }, length: 5, body: (c) => ({ carry: { a: op.sin(c.a) } }) })
    return { y: op.mul(x, carry.a) }
  },
})

describe("laws of rank 0's own loops", () => {
  const made: PlanData = JSON.parse(JSON.stringify(plan(scalars, { threads: 3, target: slow })))
  const [loop] = made.loops as [Loop]
  it('hold where all ranks meet after it', () => {
    expect(laws(made)).toEqual([])
    expect(loop).toMatchObject({ alone: true, barrier: true })
  })
  it('break without that barrier', () => {
    const { barrier: _, ...without } = loop
    expect(laws({ ...made, loops: [without] })).toEqual(['race'])
  })
  it('break where the others would wait in it', () => {
    const steps = made.steps.with(loop.last, { ...made.steps[loop.last]!, barrier: true })
    expect(laws({ ...made, steps })).toEqual(['loop'])
  })
})
