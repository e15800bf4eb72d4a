/**
 * Loop IR to WebAssembly: the loops of one kernel, four points at a time where `loops-choose` says so.
 * Invariant: the bits are those of `core/loops.ts` for any choice of axis and any split of the first outer axis.
 * May not: know steps, ranks or barriers.
 */
import type { Kernel } from '../../core/loops.ts'
import type { Value, Width } from './emit-value.ts'
import type { Nest } from './loops-access.ts'
import { type Choice, chooseAxes } from './loops-choose.ts'
import { emitLevel, emitSplats } from './loops-code.ts'
import type { Form } from './loops-forms.ts'
import { type Frame, frameOf } from './loops-frame.ts'
import { type Bound, type Loop, least, startLoop, whileBelow } from './loops-loop.ts'
import { segmentsOf } from './loops-segments.ts'
import { emitSweep } from './loops-sweep.ts'

/** Part of an outer axis: from a local (or 0) to a bound (or its extent). */
export interface Range {
  readonly from?: number
  readonly to: Bound
}

/** Instructions in a short body. */
const SHORT = 16
/** Elements between rows whose lines push each other out of the nearest cache. */
const FAR = 256

/** A segment of the last outer axis, up to `to`. */
interface Part {
  readonly to: number
  readonly frames: readonly Frame[]
}

interface Plan {
  readonly nest: Nest
  readonly parts: readonly Part[]
  /** Of all parts. */
  readonly frames: readonly Frame[]
  readonly forms: readonly Form[]
  readonly choice: Choice
  readonly ranges: readonly (Range | undefined)[]
}

/** Emits the loops over the outer axes from `first` on; earlier ones are running. `ranges` are by axis. */
export function emitLoops(nest: Nest, ranges: readonly (Range | undefined)[] = [], first = 0): void {
  const { kernel } = nest
  if (kernel.outer.some((a) => a.extent <= 0)) return
  const choice = chooseAxes(kernel)
  const segments = choice.outer ? segmentsOf(kernel) : [{ to: kernel.outer.at(-1)?.extent ?? 1, sweeps: kernel.sweeps }]
  const parts = segments.map(({ to, sweeps }) => ({ to, frames: sweeps.map((sweep) => frameOf(nest, kernel, sweep)) }))
  const frames = parts.flatMap((part) => part.frames)
  frames.forEach((frame, s) => {
    if (choice.outer) emitSplats(nest, frame, kernel.outer.length - 1, true)
    else if (choice.inner[s]) emitSplats(nest, frame, frame.depth - 1, true)
  })
  const plan: Plan = { nest, parts, frames, choice, ranges, forms: frames.flatMap((f) => f.forms) }
  // Axes that run already: what depends on them alone is computed here, once.
  for (let depth = 0; depth < first; depth++) shallow(plan, depth)
  emitOuter(plan, first)
}

function shallow({ nest, frames }: Plan, depth: number): void {
  for (const frame of frames) emitLevel(nest, frame, { width: 1, depth, axis: -1 }, [])
}

function emitOuter(plan: Plan, depth: number): void {
  const { nest, choice, parts, frames } = plan
  const { code, kernel } = nest
  const outer = kernel.outer.length
  if (depth === outer) {
    emitSweeps(plan, frames, 1)
    return
  }
  shallow(plan, depth)
  const range = plan.ranges[depth] ?? { to: kernel.outer[depth]!.extent }
  const loop = startLoop(nest, depth, plan.forms, range.from)
  if (!choice.outer || depth < outer - 1) {
    whileBelow(code, loop, range.to, 1, () => emitOuter(plan, depth + 1))
    return
  }
  for (const frame of frames) emitSplats(nest, frame, depth, false)
  parts.forEach((part, i) => {
    const end = parts.length === 1 ? range.to : least(code, range.to, part.to)
    const points = range.from === undefined && typeof end === 'number' ? end - (parts[i - 1]?.to ?? 0) : undefined
    emitPart(plan, part, loop, end, points)
  })
}

/** Four points at a time up to `end`, and the rest one by one. `points`: how many, where that is known. */
function emitPart(plan: Plan, { frames }: Part, loop: Loop, end: Bound, points: number | undefined): void {
  const { code, kernel } = plan.nest
  const times = repeats(kernel, frames)
  for (const by of times > 1 ? [4 * times, 4] : [4])
    if (points === undefined || points >= by) whileBelow(code, loop, end, by, () => emitSweeps(plan, frames, 4, by / 4))
  if (points === undefined || points % 4 !== 0) whileBelow(code, loop, end, 1, () => emitSweeps(plan, frames, 1))
}

/** All sweeps at one outer point, or four, or `times` four. */
function emitSweeps({ nest, choice }: Plan, frames: readonly Frame[], width: Width, times = 1): void {
  const results = Array.from({ length: times }, (): (readonly Value[])[] => [])
  frames.forEach((frame, s) => {
    const sites = results.map((own, i) => ({
      ...{ nest, width, shift: 4 * i, results: own, vector: choice.inner[s]! },
      frame: times === 1 ? frame : { ...frame, vector: [...frame.vector] },
    }))
    emitSweep(sites).forEach((values, i) => results[i]!.push(values))
  })
}

/**
 * How many times four points are taken in one round of their loop: twice for short code, so that the loop costs less than it does, and for
 * reductions of columns, which leave fewer lines of memory half used. Where those fill all registers, only if rows lie far apart.
 */
function repeats({ outer }: Kernel, frames: readonly Frame[]): number {
  const last = outer.length - 1
  const { extent } = outer[last]!
  const size = frames.reduce((n, { sweep }) => n + sweep.code.length + sweep.stores.length, 0)
  const inner = frames.flatMap(({ sweep }) => (sweep.inner.length > 0 ? [sweep] : []))
  if (size > SHORT || extent < (inner.length > 0 ? 8 : 64)) return 1
  const along = inner.every((sweep) => sweep.inner.length === 1 && sweep.reductions.length > 0)
  const roomy = inner.every(
    ({ code, reductions }) => reductions.length === 1 && code[reductions[0]!.value]!.dtype !== 'f64',
  )
  const far = inner.every(({ code }) =>
    code.some((i) => i.op === 'load' && Math.abs(i.map.strides[last + 1] ?? 0) >= FAR),
  )
  return along && (roomy || far) ? 2 : 1
}

/** Points of the first outer axis that one rank takes at once: whole vectors and cache lines. */
export function grainOf(kernel: Kernel): number {
  return kernel.outer.length === 1 && chooseAxes(kernel).outer ? 16 : 1
}
