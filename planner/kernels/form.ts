/**
 * contraction: a kernel that sums a product of two loads gets its form, with its outer axes sorted into batch, m and n.
 * Invariant: outer axes are parallel, so their order is free; the order of the sum stays.
 * May not: decide whether a packed product pays (panels.ts).
 */
import type { Affine, Instr, Kernel } from '../../core/loops.ts'
import { count } from '../../core/shape.ts'
import { mapForms } from './coalesce.ts'

/** A side shorter than a tile is rows, where the other is not. */
const TILE = 8

/** `kernel` with its form; undefined where sweep 0 is no contraction. n is the side along which the result is contiguous, or the longer one where the other is short. */
export function contraction(kernel: Kernel): Kernel | undefined {
  const [sweep, ...rest] = kernel.sweeps
  const [reduction] = sweep!.reductions
  if (sweep!.inner.length === 0 || sweep!.reductions.length !== 1 || rest.some((s) => s.inner.length > 0))
    return undefined
  const product = sweep!.code[reduction!.value]!
  if (product.op !== 'mul') return undefined
  const [x, y] = product.args as [number, number]
  const [left, right] = [sweep!.code[x]!, sweep!.code[y]!]
  if (!isPlain(left) || !isPlain(right) || x === y) return undefined
  const only = (one: Instr, other: Instr) =>
    kernel.outer.flatMap((_, a) => (strideOf(one, a) !== 0 && strideOf(other, a) === 0 ? [a] : []))
  const [p, q] = [only(left, right), only(right, left)]
  if (p.length + q.length === 0) return undefined
  const extent = (axes: readonly number[]) => count(axes.map((a) => kernel.outer[a]!.extent))
  const store = rest.flatMap((s) => s.stores)[0]
  const step = (axes: readonly number[]) => Math.abs(store?.map.strides[axes.at(-1)!] ?? 0)
  const short = Math.min(extent(p), extent(q)) < TILE && Math.max(extent(p), extent(q)) >= TILE
  const swapped = q.length === 0 || (p.length > 0 && (short ? extent(p) > extent(q) : step(p) < step(q)))
  const [m, n] = swapped ? [q, p] : [p, q]
  // A vector times a matrix whose lines lie along the sum is a dot product for each line, with sums of many lanes.
  if (m.length === 0 && !isAcross(swapped ? left : right, n.at(-1)!, kernel.outer.length)) return undefined
  const order = [...kernel.outer.keys()].filter((a) => !m.includes(a) && !n.includes(a)).concat(m, n)
  const batch = order.length - m.length - n.length
  const form = {
    m: m.map((_, i) => batch + i),
    n: n.map((_, i) => batch + m.length + i),
    ...(swapped ? { a: y, b: x } : { a: x, b: y }),
  }
  return { ...reordered(kernel, order), form }
}

/** The same kernel with outer axis i in place of outer axis order[i]. */
export function reordered(kernel: Kernel, order: readonly number[]): Kernel {
  const change = <T extends Affine>(form: T): T => ({
    ...form,
    strides: [...order.map((a) => form.strides[a]!), ...form.strides.slice(order.length)],
  })
  return {
    ...kernel,
    outer: order.map((a) => kernel.outer[a]!),
    sweeps: kernel.sweeps.map((s) => mapForms(s, change)),
  }
}

/** Whether lines are neighbours in memory, and points of the sum are not. */
const isAcross = (i: Instr, line: number, outer: number): boolean =>
  i.op === 'load' && i.map.strides[line] === 1 && i.map.strides.slice(outer).every((s) => Math.abs(s) > 1)
const isPlain = (i: Instr): boolean => i.op === 'load' && !i.guards && !i.map.indirect
const strideOf = (i: Instr, axis: number): number => (i.op === 'load' ? (i.map.strides[axis] ?? 0) : 0)
