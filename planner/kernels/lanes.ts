/**
 * lanes: outer axes are put in an order that lets a backend take several points of the last one at once.
 * Invariant: outer axes are parallel, so their order is free; an axis moves only where the last one is too short.
 * May not: touch contractions, which have an order of their own.
 */
import type { Kernel } from '../../core/loops.ts'
import { reordered } from './form.ts'

/** Points of a vector. */
const LANES = 4
/** Elements between points that are still brought together cheaply. */
const NEAR = 3

/** The longest axis along which all memory is near goes last, where the last one is shorter than a vector. */
export function longAxisLast(kernel: Kernel): Kernel {
  const { outer, sweeps } = kernel
  const last = outer.at(-1)
  if (!last || last.extent >= LANES || outer.some((a) => a.kind !== 'parallel')) return kernel
  if (sweeps.some((s) => s.inner.some((a) => a.tile))) return kernel
  const maps = sweeps.flatMap((s) => [
    ...s.code.flatMap((i) => (i.op === 'load' ? [i.map] : [])),
    ...s.stores.map((t) => t.map),
  ])
  const near = [...outer.keys()].filter(
    (a) => outer[a]!.extent >= LANES && maps.every((m) => Math.abs(m.strides[a]!) <= NEAR),
  )
  const [best] = near.sort((a, b) => outer[b]!.extent - outer[a]!.extent)
  return best === undefined ? kernel : reordered(kernel, [...[...outer.keys()].filter((a) => a !== best), best])
}
