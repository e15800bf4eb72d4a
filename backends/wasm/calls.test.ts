/** Transcendentals as calls have the bits that they have in place: those of the interpreter. */
import { describe, expect, it } from 'vitest'
import type { Node } from '../../core/ir.ts'
import * as op from '../../core/ops.ts'
import { type AnyProgram, f32, f64, program } from '../../core/program.ts'
import { plan } from '../../planner/plan.ts'
import { callers } from './calls.ts'
import { firstDifference, runInterpreter, runModule } from './run.fixture.ts'

const declare = { f32, f64 }
const arrays = { f32: Float32Array, f64: Float64Array }
/** Ordinary, huge, tiny and special arguments. */
const arguments_ = [0.5, -3, 1e6, 1e30, -1e-30, 0, -0, Number.NaN, Number.POSITIVE_INFINITY, -40, 7]

/** `times` · 7 functions of one computed value, which is why they share its kernel. */
const many = (dtype: 'f32' | 'f64', size: number, times: number): AnyProgram =>
  program({
    inputs: { x: size === 1 ? declare[dtype]() : declare[dtype](size) },
    outputs: ({ x }) => {
      const shared = op.neg(x)
      const of = (k: number): Node[] => {
        const shifted = op.sub(shared, k)
        const unary = [op.exp, op.log, op.sin, op.cos, op.tanh, op.sigmoid].map((f) => f(shifted))
        return [...unary, op.pow(op.abs(shifted), x)]
      }
      const all = Array.from({ length: times }, (_, k) => of(k)).flat()
      return Object.fromEntries(all.map((node, i) => [`y${i}`, node]))
    },
  })

describe('transcendentals as calls', () => {
  it.each([
    ['f32', 11],
    ['f64', 11],
    ['f32', 1],
    ['f64', 1],
  ] as const)('%s, %i elements', (dtype, size) => {
    const made = plan(many(dtype, size, 3))
    expect(callers(made.kernels)).toContain(true)
    const x = arrays[dtype].from(arguments_.slice(0, size))
    expect(firstDifference(runModule(made, { x }, 1), runInterpreter(made, { x }))).toBeUndefined()
  })
  it('in every small kernel of a crowded module, and in no kernel of a small one', () => {
    const crowded = plan(many('f32', 11, 40), { fusion: false })
    expect(callers(crowded.kernels).filter(Boolean).length).toBe(280)
    expect(callers(plan(many('f32', 11, 1), { fusion: false }).kernels)).not.toContain(true)
    const x = Float32Array.from(arguments_)
    expect(firstDifference(runModule(crowded, { x }, 1), runInterpreter(crowded, { x }))).toBeUndefined()
  })
})
