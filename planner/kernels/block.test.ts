/** Reads across lines go in strips: every line of memory is touched in few stretches, and nothing else changes. */
import { describe, expect, it } from 'vitest'
import type { Kernel } from '../../core/loops.ts'
import * as op from '../../core/ops.ts'
import { f32, program } from '../../core/program.ts'
import { validatePlan } from '../memory/validate.ts'
import { plan } from '../plan.ts'

const transposed = (...shape: readonly number[]) => {
  const order = [...shape.keys()].slice(0, -2).concat([shape.length - 1, shape.length - 2])
  return plan(program({ inputs: { x: f32(...shape) }, outputs: ({ x }) => ({ y: op.mul(op.transpose(x, order), 2) }) }))
}

/** Elements of the load and of the store, in the order of the loops. */
function walk({ outer, sweeps }: Kernel): { readonly loads: number[]; readonly stores: number[] } {
  const { inner, code, stores } = sweeps[0]!
  const load = code.find((i) => i.op === 'load') as { map: { strides: readonly number[]; offset: number } }
  const [loads, stored]: [number[], number[]] = [[], []]
  const at = (map: { offset: number; strides: readonly number[] }, point: readonly number[]) =>
    map.strides.reduce((sum, s, i) => sum + s * point[i]!, map.offset)
  const visit = (point: readonly number[]): void => {
    const axis = [...outer, ...inner][point.length]
    if (!axis) {
      loads.push(at(load.map, point))
      stored.push(at(stores[0]!.map, point))
      return
    }
    const end = axis.tile ? Math.min(axis.extent, axis.tile.total - axis.extent * point[axis.tile.of]!) : axis.extent
    for (let i = 0; i < end; i++) visit([...point, i])
  }
  visit([])
  return { loads, stores: stored }
}

/** Lines brought into a cache of 64 lines that forgets what was used longest ago. */
function misses(elements: readonly number[]): number {
  const cache = new Map<number, true>()
  let missed = 0
  for (const element of elements) {
    const line = element >> 4
    if (!cache.delete(line)) missed++
    cache.set(line, true)
    if (cache.size > 64) cache.delete(cache.keys().next().value!)
  }
  return missed
}

describe('a large transposition', () => {
  it.each([[[128, 96]], [[130, 101]], [[3, 100, 70]]])('of %j brings in each line about once', (shape) => {
    const made = transposed(...shape)
    expect(validatePlan(made)).toEqual([])
    const [kernel] = made.kernels
    const { loads, stores } = walk(kernel!)
    const all = shape.reduce((a, b) => a * b, 1)
    expect([...loads].sort((a, b) => a - b)).toEqual(Array.from({ length: all }, (_, i) => i))
    expect(new Set(stores).size).toBe(all)
    expect(misses(loads)).toBeLessThan((2 * all) / 16)
    expect(misses(stores)).toBeLessThan((2 * all) / 16)
  })
  it('but a small one stays as it is', () => {
    expect(transposed(20, 30).kernels[0]!.sweeps[0]!.inner).toEqual([])
  })
})
