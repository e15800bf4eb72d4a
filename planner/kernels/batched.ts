/**
 * batches: which kernels over one long axis become one kernel, in which each point of the axis is a scalar program: a batch of robot arms, of
 * small systems, of formulas.
 * Invariant: between points nothing is handed on: each keeps to elements of its own in every buffer that is stored to.
 * May not: make accesses along memory strided ones, but for results that have to be put in their places anyway.
 */
import type { Affine, Axis, BufferId, Kernel } from '../../core/loops.ts'
import { mapForms } from './coalesce.ts'
import { type Along, type Element, elementsOf, fits } from './straight-writer.ts'

/** What a group stores, by buffer and element, and the buffers that it loads from memory. */
export interface Elements {
  readonly kernels: readonly Kernel[]
  readonly stores: Map<BufferId, Map<string, Element>>
  readonly loads: Set<BufferId>
}

/** Which kernels may be together. */
export interface Grouping {
  readonly along: Along
  /** Instructions of one kernel. */
  readonly most: number
  /** Whether a kernel may join a group, and whether it may be the first of one. */
  fits(kernel: Kernel): boolean
  starts(kernel: Kernel): boolean
  /** The kernel as the group takes it; undefined where it does not. */
  joins(group: Elements, kernel: Kernel): Kernel | undefined
  add(group: Elements, kernel: Kernel): void
}

/** Shorter axes are unrolled, or left alone. */
const LONG = 32

export const batches: Grouping = {
  along: 1,
  most: 2500,
  fits: (kernel) => kernel.outer.some((a) => a.extent >= LONG),
  starts: (kernel) => isSingle(kernel) && kernel.outer[0]!.extent >= LONG && fits(kernel, 1),
  joins: (group, kernel) =>
    kernel.outer.map((_, a) => along(kernel, a, group.kernels[0]!.outer[0]!.extent)).find((k) => k && joins(group, k)),
  add(group, kernel) {
    const { loads, stores } = elementsOf(kernel, 1)
    for (const { buffer } of loads.values()) if (!group.stores.has(buffer)) group.loads.add(buffer)
    for (const [key, element] of stores) {
      if (!group.stores.has(element.buffer)) group.stores.set(element.buffer, new Map())
      group.stores.get(element.buffer)!.set(key, element)
    }
  },
}

const isSingle = (kernel: Kernel): boolean =>
  kernel.outer.length === 1 && kernel.sweeps.every((s) => s.inner.length === 0)

/** Whether the group passes on what the kernel wants of it, and may store what the kernel stores. */
function joins(group: Elements, kernel: Kernel): boolean {
  if (!fits(kernel, 1)) return false
  const { loads, stores } = elementsOf(kernel, 1)
  const passed = [...loads].filter(([, { buffer }]) => group.stores.has(buffer))
  if (!passed.every(([key, { buffer }]) => group.stores.get(buffer)!.has(key))) return false
  const fixed = ({ map }: Element): boolean => map.strides[0] === 0
  if (!isSingle(kernel) && ![...loads.values()].every((e) => group.stores.has(e.buffer) || fixed(e))) return false
  const shared = [...loads.values()].some((e) => group.loads.has(e.buffer) && !fixed(e))
  // Parts of one result belong together even where they have nothing else in common.
  const beside = [...stores.values()].some((e) => group.stores.has(e.buffer))
  return (passed.length > 0 || shared || beside) && [...stores.values()].every((e) => apart(group, e))
}

/** The kernel with `extent` points of its axis `a` first, and what is left of that axis after them; undefined where that is no whole number. */
function along(kernel: Kernel, a: number, extent: number): Kernel | undefined {
  const { form: _, ...plain } = kernel
  const axis = kernel.outer[a]!
  const times = axis.extent / extent
  if (!Number.isInteger(times) || kernel.sweeps.some((s) => s.inner.some((i) => i.tile))) return undefined
  if (a === 0 && times === 1) return kernel
  const rest = times === 1 ? [] : [{ ...axis, extent: times }]
  const moved = <T extends Affine>(map: T): T => {
    const stride = map.strides[a]!
    const first = times === 1 ? [stride] : [stride * times, stride]
    return { ...map, strides: [...first, ...map.strides.toSpliced(a, 1)] }
  }
  const outer: readonly Axis[] = [{ ...axis, extent }, ...rest, ...kernel.outer.toSpliced(a, 1)]
  return { ...plain, outer, sweeps: kernel.sweeps.map((s) => mapForms(s, moved)) }
}

/** An element that a point may store beside those of its group in one buffer: no other point stores it. */
function apart(group: Elements, { buffer, map }: Element): boolean {
  if (group.loads.has(buffer)) return false
  const step = Math.abs(map.strides[0]!)
  const reach = step * group.kernels[0]!.outer[0]!.extent
  const others = [...(group.stores.get(buffer)?.values() ?? [])]
  return others.every((o) => {
    const far = Math.abs(o.map.offset - map.offset)
    return o.map.strides[0] === map.strides[0] && (far % step !== 0 || far >= reach)
  })
}
