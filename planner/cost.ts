/**
 * Predicted time from operations, bytes and overhead: the one place where cost is computed (the roofline model, Williams et al. 2009).
 * Invariant: depends on the kernel and the target's committed constants only.
 * May not: measure.
 */
import type { Affine, BufferId, Instr, Kernel, Sweep } from '../core/loops.ts'
import { reference } from '../core/scalar-evaluate.ts'
import { bytesOf, count } from '../core/shape.ts'
import { operandsOf } from './kernels/instructions.ts'
import { type Item, isLoop } from './kernels/items.ts'
import { ALIGN, type Target } from './target.ts'

export interface Cost {
  /** Simple scalar operations; a transcendental counts as `target.transcendental`. */
  readonly flops: number
  readonly multiplications: number
  /** Bytes moved between memory and registers, each touched element once a kernel; scattered ones by lines. */
  readonly bytes: number
  readonly seconds: number
}

const transcendental: ReadonlySet<string> = new Set(Object.keys(reference))
/** Elements from one point to the next that a vector still gathers from neighbouring lines. */
const NEAR = 3
const free = new Set(['const', 'load', 'index', 'reduced'])

export function costOf(kernel: Kernel, target: Target): Cost {
  const outer = count(kernel.outer.map((a) => a.extent))
  const seen = new Set<string>()
  let [flops, multiplications, bytes, delay, wide] = [0, 0, 0, 0, false]
  for (const sweep of kernel.sweeps) {
    const points = outer * count(sweep.inner.map((a) => (a.tile ? Math.min(a.extent, a.tile.total) : a.extent)))
    const often = evaluations(kernel, sweep, points)
    const access = (buffer: BufferId, { offset, strides }: Affine, size: number): void => {
      // A later sweep finds the same elements in cache.
      const key = `${buffer} ${offset} ${strides}`
      if (seen.has(key)) return
      seen.add(key)
      const elements = touched(kernel, sweep, strides, points)
      const apart = scattered(kernel, sweep, strides)
      if (apart) delay += elements * target.scattered
      bytes += elements * (apart && elements * size > target.cache ? ALIGN : size)
    }
    for (const [id, instr] of sweep.code.entries()) {
      flops += often[id]! * weight(instr, target)
      if (instr.op === 'mul' || instr.op === 'div') multiplications += often[id]!
      if (instr.op === 'load') access(instr.buffer, instr.map, bytesOf[instr.dtype])
      wide ||= instr.dtype === 'f64'
    }
    if (sweep.inner.length > 0) flops += points * sweep.reductions.length
    for (const s of sweep.stores) access(s.buffer, s.map, bytesOf[sweep.code[s.value]!.dtype])
  }
  const rate = target[kernel.form ? 'contractionFlops' : 'loopFlops'][wide ? 'f64' : 'f32']
  return {
    flops,
    multiplications,
    bytes,
    seconds: target.overhead + Math.max((flops + delay) / rate, bytes / target.bandwidth),
  }
}

const weight = (i: Instr, target: Target): number =>
  free.has(i.op) ? 0 : transcendental.has(i.op) ? target.transcendental : 1

/** How often each instruction is evaluated: not along axes after the last that it depends on. */
function evaluations(kernel: Kernel, sweep: Sweep, points: number): number[] {
  const upTo = [1]
  for (const a of [...kernel.outer, ...sweep.inner]) upTo.push(upTo.at(-1)! * a.extent)
  const depths: number[] = []
  for (const instr of sweep.code) depths.push(depthOf(instr, depths, kernel.outer.length))
  return depths.map((d) => Math.min(points, upTo[d]!))
}

function depthOf(instr: Instr, depths: readonly number[], outer: number): number {
  const own = (f: Affine): number => f.strides.findLastIndex((s) => s !== 0) + 1
  let deepest = instr.op === 'reduced' ? outer : 0
  if ('map' in instr) deepest = Math.max(deepest, own(instr.map))
  if (instr.op === 'bounded') deepest = Math.max(deepest, own(instr.position))
  if ('guards' in instr) for (const g of instr.guards ?? []) deepest = Math.max(deepest, own(g))
  for (const id of operandsOf(instr)) deepest = Math.max(deepest, depths[id]!)
  return deepest
}

/** Different elements that an access can reach: the product of extents of the axes it moves along. */
function touched(kernel: Kernel, sweep: Sweep, strides: readonly number[], points: number): number {
  const axes = [...kernel.outer, ...sweep.inner]
  return Math.min(points, count(axes.map((a, i) => (strides[i] === 0 ? 1 : a.extent))))
}

/** Whether neither loop that runs fastest (the last outer axis, the last inner one) stays near in memory. A packed contraction always does. */
function scattered(kernel: Kernel, sweep: Sweep, strides: readonly number[]): boolean {
  if (kernel.form) return false
  const fastest = [
    kernel.outer.length - 1,
    ...(sweep.inner.length > 0 ? [kernel.outer.length + sweep.inner.length - 1] : []),
  ]
  return fastest.every((i) => Math.abs(strides[i] ?? 0) > NEAR)
}

export function total(costs: readonly Cost[]): Cost {
  const add = (key: keyof Cost) => costs.reduce((sum, c) => sum + c[key], 0)
  return { flops: add('flops'), multiplications: add('multiplications'), bytes: add('bytes'), seconds: add('seconds') }
}

/** Of kernels and loops: a loop costs its body as often as it runs. */
export function costOfItems(items: readonly Item<Kernel>[], target: Target): Cost {
  return total(
    items.map((item) => (isLoop(item) ? times(costOfItems(item.items, target), item.count) : costOf(item, target))),
  )
}
const times = (c: Cost, n: number): Cost => ({
  flops: c.flops * n,
  multiplications: c.multiplications * n,
  bytes: c.bytes * n,
  seconds: c.seconds * n,
})
