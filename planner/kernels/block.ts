/**
 * block: a kernel that reads across the lines of memory goes through it in strips: the last axis is cut into pieces of a cache line, and the
 * pieces go around the axis along which the read is contiguous, which becomes the last. So each line that is loaded is used up before it leaves
 * the cache, and a backend finds both directions next to each other.
 * Invariant: the same points, each once; every one stores what it stored.
 * May not: touch reductions, or kernels whose memory is in cache anyway.
 */
import type { Affine, Axis, Kernel } from '../../core/loops.ts'
import { count } from '../../core/shape.ts'
import { mapForms } from './coalesce.ts'

/** Elements of a strip: a cache line of f32. */
const STRIP = 16
/** Elements between two points from which on they lie on different lines. */
const APART = 8
/** Points from which on lines leave the cache before they are used up. */
const LARGE = 4096

export function block(kernel: Kernel): Kernel {
  const { outer, sweeps } = kernel
  const [sweep, ...rest] = sweeps
  const last = outer.length - 1
  if (rest.length > 0 || sweep!.inner.length > 0 || sweep!.stores.some((s) => s.accumulate)) return kernel
  if (outer.some((a) => a.kind !== 'parallel') || count(outer.map((a) => a.extent)) < LARGE) return kernel
  if ((outer[last]?.extent ?? 0) < 2 * STRIP) return kernel
  const across = sweep!.code.flatMap((i) =>
    i.op === 'load' && Math.abs(i.map.strides[last]!) >= APART ? [contiguous(i.map, outer)] : [],
  )
  const along = across.find((a) => a !== undefined)
  return along === undefined ? kernel : inStrips(kernel, along)
}

/** The axis along which a read is contiguous and long. */
function contiguous(map: Affine, outer: readonly Axis[]): number | undefined {
  const at = map.strides.findIndex((s, i) => Math.abs(s) === 1 && outer[i]!.extent >= STRIP)
  return at < 0 ? undefined : at
}

function inStrips(kernel: Kernel, along: number): Kernel {
  const last = kernel.outer.length - 1
  const axis = kernel.outer[last]!
  const strips: Axis = { name: `${axis.name} strip`, extent: Math.ceil(axis.extent / STRIP), kind: 'parallel' }
  const insert = <T>(list: readonly T[], x: T): T[] => [
    ...list.filter((_, i) => i < last && i !== along),
    x,
    list[along]!,
  ]
  const cut = <T extends Affine>(form: T): T => ({
    ...form,
    strides: [...insert(form.strides, STRIP * form.strides[last]!), form.strides[last]!],
  })
  const tile: Axis = { ...axis, extent: STRIP, tile: { of: last - 1, total: axis.extent } }
  const sweeps = kernel.sweeps.map((sweep) => ({ ...mapForms(sweep, cut), inner: [tile] }))
  return { ...kernel, outer: insert(kernel.outer, strips), sweeps }
}
