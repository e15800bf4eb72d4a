/**
 * Runs one kernel as `core/loops.ts` says, one element at a time: the reference for every other backend.
 * Invariant: each instruction is `basic` and one `round`; loops go in row-major order.
 * May not: be clever.
 */
import { broken } from '../../core/errors.ts'
import type { Affine, Axis, Guard, IndexMap, Instr, Kernel, Store, Sweep } from '../../core/loops.ts'
import { decodeNumber } from '../../core/scalar.ts'
import { basic, round } from '../../core/scalar-evaluate.ts'
import { accumulator } from '../reduce.ts'
import type { FaultRecord } from '../runner.ts'
import type { MemoryAccess } from './memory.ts'

/** Where a kernel is: the values of the axes in scope, of the code so far, and of earlier sweeps' reductions. */
interface Point {
  readonly kernel: Kernel
  readonly access: MemoryAccess
  readonly fault: (record: FaultRecord) => void
  readonly reduced: number[][]
  axes: readonly number[]
  values: number[]
}

/** `kernel` holds basic operations only (see `expandKernel`). */
export function runKernel(kernel: Kernel, access: MemoryAccess, fault: (record: FaultRecord) => void): void {
  for (const outer of points(kernel.outer, [])) {
    const point: Point = { kernel, access, fault, reduced: [], axes: outer, values: [] }
    for (const sweep of kernel.sweeps) point.reduced.push(runSweep(sweep, outer, point))
  }
}

function runSweep(sweep: Sweep, outer: readonly number[], point: Point): number[] {
  const accumulators = sweep.reductions.map(accumulator)
  for (const inner of points(sweep.inner, outer)) {
    point.axes = [...outer, ...inner]
    point.values = []
    for (const instr of sweep.code) point.values.push(evaluate(instr, point))
    for (const store of sweep.stores) runStore(store, point)
    for (const [i, r] of sweep.reductions.entries()) accumulators[i]!.add(point.values[r.value]!)
  }
  return accumulators.map((a) => a.result())
}

/** Every point of the axes in row-major order. A tile of a longer axis ends where that axis does. */
function* points(axes: readonly Axis[], outer: readonly number[]): Generator<readonly number[]> {
  const extents = axes.map(({ extent, tile }) =>
    tile ? Math.min(extent, tile.total - extent * outer[tile.of]!) : extent,
  )
  if (extents.some((e) => e <= 0)) return
  const at = extents.map(() => 0)
  for (;;) {
    yield [...at]
    let axis = at.length - 1
    while (axis >= 0 && ++at[axis]! === extents[axis]) at[axis--] = 0
    if (axis < 0) return
  }
}

function affine({ offset, strides }: Affine, axes: readonly number[]): number {
  let sum = offset
  for (let a = 0; a < strides.length; a++) sum += strides[a]! * axes[a]!
  return sum
}

function inside(guards: readonly Guard[] | undefined, axes: readonly number[]): boolean {
  if (guards === undefined) return true
  return guards.every((g) => {
    const at = affine(g, axes)
    return 0 <= at && at < g.extent
  })
}

function element(map: IndexMap, point: Point): number {
  let at = affine(map, point.axes)
  if (map.indirect) for (const { value, stride } of map.indirect) at += stride * point.values[value]!
  return at
}

function evaluate(instr: Instr, point: Point): number {
  const { kernel, access, axes, values } = point
  switch (instr.op) {
    case 'const':
      return round(decodeNumber(instr.value), instr.dtype)
    case 'load':
      return inside(instr.guards, axes)
        ? access.load(kernel.name, instr.buffer, element(instr.map, point), instr.dtype)
        : 0
    case 'index':
      return round(affine(instr.map, axes), 'i32')
    case 'inside':
      return Number(inside(instr.guards, axes))
    case 'reduced':
      return point.reduced[instr.sweep]![instr.which]!
    case 'bounded': {
      const value = values[instr.args[0]]!
      if (0 <= value && value < instr.extent) return value
      point.fault({ fault: instr.fault, value, position: affine(instr.position, axes) })
      return 0
    }
    default: {
      if (!Object.hasOwn(basic, instr.op))
        throw broken('interpreter', 'kernels hold basic operations', `${kernel.name}: ${instr.op}`)
      const [a = 0, b = 0, c = 0] = instr.args
      const apply = basic[instr.op as keyof typeof basic]
      return round(apply(values[a]!, values[b]!, values[c]!, instr.dtype), instr.dtype)
    }
  }
}

function runStore(store: Store, point: Point): void {
  const { kernel, access, axes, values } = point
  if (!inside(store.guards, axes)) return
  const { dtype } = kernel.sweeps[point.reduced.length]!.code[store.value]!
  const at = element(store.map, point)
  const value = values[store.value]!
  const before = store.accumulate ? access.load(kernel.name, store.buffer, at, dtype) : undefined
  const sum = before === undefined ? value : round(basic.add(before, value, 0, dtype), dtype)
  access.store(kernel.name, store.buffer, at, dtype, sum)
}
