/** Unrolled kernels against the loops they were: the same bits in memory, whatever the kernel. */
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { DType } from '../../core/ir.ts'
import type { BufferId, Kernel } from '../../core/loops.ts'
import * as op from '../../core/ops.ts'
import { type AnyProgram, f32, program } from '../../core/program.ts'
import { randomProgram } from '../../core/random-graph.fixture.ts'
import { expandKernel } from '../../planner/kernels/expand.ts'
import { fits, straightWriter } from '../../planner/kernels/straight-writer.ts'
import { plan } from '../../planner/plan.ts'
import { asProgram } from '../random-programs.fixture.ts'
import { runKernel } from './kernel.ts'

/** Values by buffer and element; what was never stored is a number that depends on its place. */
function memory() {
  const held = new Map<string, number>()
  const key = (buffer: BufferId, element: number): string => `${buffer} ${element}`
  const start = (buffer: BufferId, element: number, dtype: DType): number => {
    const x = ((buffer * 31 + element * 17) % 23) - 11
    return dtype === 'bool' ? x & 1 : dtype === 'f32' || dtype === 'f64' ? x / 8 : Math.abs(x)
  }
  return {
    held,
    load: (_: string, buffer: BufferId, element: number, dtype: DType) =>
      held.get(key(buffer, element)) ?? start(buffer, element, dtype),
    store: (_: string, buffer: BufferId, element: number, _dtype: DType, value: number) =>
      void held.set(key(buffer, element), value),
  }
}
function left(kernels: readonly Kernel[]): [string, number][] {
  const own = memory()
  for (const kernel of kernels) runKernel(expandKernel(kernel), own, () => {})
  return [...own.held].sort(([a], [b]) => (a < b ? -1 : 1))
}
function unrolled(kernels: readonly Kernel[]): Kernel {
  const writer = straightWriter(0)
  for (const kernel of kernels) writer.add(kernel)
  return { name: 'straight', outer: [], sweeps: [writer.sweep(() => true)] }
}
function check(p: AnyProgram, fusion: boolean): number {
  const kernels = plan(p, { scalars: false, fusion }).kernels.filter((k) => fits(k, 0))
  for (const kernel of kernels) expect(left([unrolled([kernel])]), kernel.name).toEqual(left([kernel]))
  // One after another, each reads what those before it stored.
  expect(left([unrolled(kernels)])).toEqual(left(kernels))
  return kernels.length
}

it('random programs', () => {
  let kernels = 0
  fc.assert(
    fc.property(randomProgram(fc), fc.boolean(), ({ graph }, fusion) => {
      kernels += check(asProgram(graph), fusion)
    }),
    { numRuns: 60, seed: 3 },
  )
  expect(kernels).toBeGreaterThan(60)
})

it.each([1, 3, 7, 8, 9, 20, 64])('reductions of %i elements, in their order', (n) => {
  const p = program({
    inputs: { x: f32(n), y: f32(n, 2) },
    outputs: ({ x, y }) => ({ s: op.sum(x), p: op.prod(x), m: op.max(x), c: op.sum(y, { axes: [0] }) }),
  }) as unknown as AnyProgram
  expect(check(p, true)).toBeGreaterThan(0)
})

it('leaves large kernels, and kernels of transcendentals over many points, as they are', () => {
  const p = program({
    inputs: { x: f32(100), y: f32(16) },
    outputs: ({ x, y }) => ({ a: op.mul(x, 2), b: op.tanh(y) }),
  }) as unknown as AnyProgram
  expect(plan(p).kernels.map((k) => k.outer.length)).toEqual([1, 1])
})
