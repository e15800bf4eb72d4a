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
import { type Bound, startLoop, whileBelow } from './loops-loop.ts'
import { emitSweep } from './loops-sweep.ts'

/** Part of an outer axis: from a local (or 0) to a bound (or its extent). */
export interface Range {
  readonly from?: number
  readonly to: Bound
}

/** Instructions in a short body. */
const SHORT = 16

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
  if (depth === outer) {
    emitSweeps(plan, 1)
    return
  }
  shallow(plan, depth)
  const range = plan.ranges[depth] ?? { to: kernel.outer[depth]!.extent }
  const loop = startLoop(nest, depth, plan.forms, range.from)
  if (!choice.outer || depth < outer - 1) {
    whileBelow(code, loop, range.to, 1, () => emitOuter(plan, depth + 1))
    return
  }
  for (const frame of plan.frames) emitSplats(nest, frame, depth, false)
  const times = repeats(plan)
  if (times > 1) {
    whileBelow(code, loop, range.to, 4 * times, () => {
      for (let i = 0; i < times; i++) emitSweeps(plan, 4, 4 * i)
    })
  }
  whileBelow(code, loop, range.to, 4, () => emitSweeps(plan, 4))
  if (range.from === undefined && typeof range.to === 'number' && range.to % 4 === 0) return
  whileBelow(code, loop, range.to, 1, () => emitSweeps(plan, 1))
}

/** All sweeps at one outer point, or four, that many points further along the last outer axis. */
function emitSweeps({ nest, frames, choice }: Plan, width: Width, shift = 0): void {
  const results: (readonly Value[])[] = []
  frames.forEach((frame, s) => {
    results.push(emitSweep({ nest, frame, width, shift, results, vector: choice.inner[s]! }))
  })
}

/** How many times a body of four points is repeated in one round of its loop: short ones, so that the loop costs less than they do. */
function repeats({ nest, frames }: Plan): number {
  if (frames.some((frame) => frame.sweep.inner.length > 0)) return 1
  const size = frames.reduce((n, { sweep }) => n + sweep.code.length + sweep.stores.length, 0)
  return size <= SHORT && nest.kernel.outer.at(-1)!.extent >= 64 ? 2 : 1
}

/** Points of the first outer axis that one rank takes at once: whole vectors and cache lines. */
export function grainOf(kernel: Kernel): number {
  return kernel.outer.length === 1 && chooseAxes(kernel).outer ? 16 : 1
}
