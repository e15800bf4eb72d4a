/**
 * Loop IR to WebAssembly: the loops of one kernel, four points at a time where `loops-choose` says so.
 * Invariant: the bits are those of `core/loops.ts` for any choice of axis and any split of the first outer axis.
 * May not: know steps, ranks or barriers.
 */
import type { Axis, Kernel } from '../../core/loops.ts'
import { I32 } from './assembler.ts'
import type { Value, Width } from './emit-value.ts'
import { newValue } from './emit-value.ts'
import type { Nest } from './loops-access.ts'
import { empty, setConstant } from './loops-accumulate.ts'
import { type Choice, chooseAxes } from './loops-choose.ts'
import { emitLevel, emitSplats, emitStores, pointOf, type Spot } from './loops-code.ts'
import type { Form } from './loops-forms.ts'
import { type Frame, frameOf } from './loops-frame.ts'
import { type Bound, pushBound, startLoop, whileBelow } from './loops-loop.ts'
import { type Body, commonOrder, reduceAxis, reducePoints } from './loops-reduce.ts'
import { OP } from './opcodes.ts'

/** Part of an outer axis: from a local (or 0) to a bound (or its extent). */
export interface Range {
  readonly from?: number
  readonly to: Bound
}

interface Plan {
  readonly nest: Nest
  readonly frames: readonly Frame[]
  readonly forms: readonly Form[]
  readonly choice: Choice
  readonly ranges: readonly (Range | undefined)[]
}

/** Emits the loops over the outer axes from `first` on; earlier ones are running. `ranges` are by axis. */
export function emitLoops(nest: Nest, ranges: readonly (Range | undefined)[] = [], first = 0): void {
  const { kernel } = nest
  if (kernel.outer.some((a) => a.extent <= 0)) return
  const frames = kernel.sweeps.map((sweep) => frameOf(nest, kernel, sweep))
  const choice = chooseAxes(kernel)
  frames.forEach((frame, s) => {
    if (choice.outer) emitSplats(nest, frame, kernel.outer.length - 1, true)
    else if (choice.inner[s]) emitSplats(nest, frame, frame.depth - 1, true)
  })
  const plan: Plan = { nest, frames, choice, ranges, forms: frames.flatMap((f) => f.forms) }
  // Axes that run already: what depends on them alone is computed here, once.
  for (let depth = 0; depth < first; depth++) shallow(plan, depth)
  emitOuter(plan, first)
}

function shallow({ nest, frames }: Plan, depth: number): void {
  for (const frame of frames) emitLevel(nest, frame, { width: 1, depth, axis: -1 }, [])
}

function emitOuter(plan: Plan, depth: number): void {
  const { nest, choice } = plan
  const { code, kernel } = nest
  const outer = kernel.outer.length
  if (depth === outer) return emitSweeps(plan, 1)
  shallow(plan, depth)
  const range = plan.ranges[depth] ?? { to: kernel.outer[depth]!.extent }
  const loop = startLoop(nest, depth, plan.forms, range.from)
  if (!choice.outer || depth < outer - 1) return whileBelow(code, loop, range.to, 1, () => emitOuter(plan, depth + 1))
  for (const frame of plan.frames) emitSplats(nest, frame, depth, false)
  whileBelow(code, loop, range.to, 4, () => emitSweeps(plan, 4))
  if (range.from === undefined && typeof range.to === 'number' && range.to % 4 === 0) return
  whileBelow(code, loop, range.to, 1, () => emitSweeps(plan, 1))
}

/** All sweeps at one outer point (or four). */
function emitSweeps(plan: Plan, width: Width): void {
  const results: (readonly Value[])[] = []
  plan.frames.forEach((frame, s) => {
    results.push(emitSweep(plan, frame, width, results, plan.choice.inner[s]!))
  })
}

function emitSweep(
  { nest }: Plan,
  frame: Frame,
  width: Width,
  results: readonly (readonly Value[])[],
  vector: boolean,
): readonly Value[] {
  const { code, kernel } = nest
  const { sweep } = frame
  const outer = kernel.outer.length
  if (sweep.inner.some((a) => a.extent <= 0)) {
    return sweep.reductions.map((r) => {
      const value = newValue(code, r.dtype, width, false)
      setConstant(code, value, empty(r))
      return value
    })
  }
  const counts = sweep.inner.map((axis) => countOf(nest, axis))
  const level = (depth: number): void => emitLevel(nest, frame, { width, depth, axis: outer - 1 }, results)
  level(outer)
  const last = frame.depth - 1
  const body: Body = {
    reductions: sweep.reductions,
    dtypes: sweep.reductions.map((r) => sweep.code[r.value]!.dtype),
    size: frame.levels[frame.depth]!.length + sweep.stores.length,
    emit(shift, along) {
      const spot: Spot = {
        width: along === 4 ? 4 : width,
        depth: frame.depth,
        axis: along === 4 ? last : outer - 1,
        shift,
      }
      if (frame.depth > outer) emitLevel(nest, frame, spot, results)
      emitStores(nest, frame, spot)
      const point = pointOf(frame, spot)
      return sweep.reductions.map((r) => point.value(r.value))
    },
  }
  /** Loops over the inner axes from `depth` on, one point at a time. */
  const walk = (depth: number, each: () => void): void => {
    if (depth === frame.depth) return each()
    const loop = startLoop(nest, depth, frame.forms)
    if (depth > outer) level(depth)
    whileBelow(code, loop, counts[depth - outer]!, 1, () => walk(depth + 1, each))
  }
  if (sweep.reductions.length > 0) {
    const single = sweep.inner.length === 1 && commonOrder(sweep.reductions, 1) !== undefined
    if (single) {
      const loop = startLoop(nest, outer, frame.forms)
      if (vector) emitSplats(nest, frame, last, false)
      return reduceAxis(code, loop, counts[0]!, body, width, vector ? 4 : 1)
    }
    const points = counts.every((c) => typeof c === 'number') ? counts.reduce((n, c) => n * c, 1) : undefined
    return reducePoints(code, body, width, points, (each) => walk(outer, each))
  }
  if (!vector) {
    walk(outer, () => body.emit(0, 1))
    return []
  }
  const row = (depth: number): void => {
    const loop = startLoop(nest, depth, frame.forms)
    if (depth > outer) level(depth)
    const count = counts[depth - outer]!
    if (depth < last) return whileBelow(code, loop, count, 1, () => row(depth + 1))
    emitSplats(nest, frame, last, false)
    whileBelow(code, loop, count, 4, () => body.emit(0, 4))
    if (typeof count !== 'number' || count % 4 !== 0) whileBelow(code, loop, count, 1, () => body.emit(0, 1))
  }
  row(outer)
  return []
}

/** Points of an inner axis: a tile ends where the axis that it tiles does. */
function countOf({ code, axes }: Nest, { extent, tile }: Axis): Bound {
  if (tile === undefined) return extent
  const rest = code.local(I32)
  code.i32(tile.total)
  code.i32(extent)
  code.get(axes[tile.of]!)
  code.op(OP['i32.mul'])
  code.op(OP['i32.sub'])
  code.set(rest)
  const count = code.local(I32)
  for (const bound of [extent, { local: rest }]) pushBound(code, bound)
  pushBound(code, extent)
  code.get(rest)
  code.op(OP['i32.lt_s'])
  code.op(OP.select)
  code.set(count)
  return { local: count }
}

/** Points of the first outer axis that one rank takes at once: whole vectors and cache lines. */
export function grainOf(kernel: Kernel): number {
  return kernel.outer.length === 1 && chooseAxes(kernel).outer ? 16 : 1
}
