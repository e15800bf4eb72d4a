/**
 * One sweep at one outer point (or four, or several times four): its inner loops, stores and reductions.
 * Invariant: instructions run at their own depth, each once for every point of the axes that they depend on.
 * May not: emit outer loops.
 */
import type { Axis } from '../../core/loops.ts'
import { I32 } from './assembler.ts'
import { newValue, type Value, type Width } from './emit-value.ts'
import type { Nest } from './loops-access.ts'
import { empty, setConstant } from './loops-accumulate.ts'
import { canTurn } from './loops-choose.ts'
import { emitLevel, emitSplats, emitStores, pointOf, type Results, type Spot } from './loops-code.ts'
import type { Frame } from './loops-frame.ts'
import { type Bound, type Loop, least, startLoop, whileBelow } from './loops-loop.ts'
import { reducePoints } from './loops-points.ts'
import { type Body, commonOrder, reduceAxis } from './loops-reduce.ts'
import { reduceRows } from './loops-rows.ts'
import { emitTurned } from './loops-turned.ts'
import { OP } from './opcodes.ts'

export interface Site {
  readonly nest: Nest
  readonly frame: Frame
  /** Outer points at once, and how far along the last outer axis they start. */
  readonly width: Width
  readonly shift: number
  readonly results: Results
  /** Whether the last inner axis goes four points at a time. */
  readonly vector: boolean
}

/** `sites`: of one sweep, side by side along the last outer axis. Where they reduce along one axis, they share its loop. */
export function emitSweep(sites: readonly Site[]): (readonly Value[])[] {
  const { inner, reductions } = sites[0]!.frame.sweep
  if (inner.some((a) => a.extent <= 0)) return sites.map(noPoints)
  const along = inner.length === 1 && reductions.length > 0 && commonOrder(reductions, 1) !== undefined
  return along ? emitTogether(sites) : sites.map(emitAlone)
}

function emitTogether(sites: readonly Site[]): (readonly Value[])[] {
  const [{ nest, frame, width, vector }] = sites as [Site]
  const { inner, reductions } = frame.sweep
  const outer = nest.kernel.outer.length
  const count = countOf(nest, inner[0]!)
  const bodies = sites.map(bodyOf)
  const body: Body = {
    reductions: bodies.flatMap((b) => b.reductions),
    dtypes: bodies.flatMap((b) => b.dtypes),
    size: bodies.reduce((n, b) => n + b.size, 0),
    emit: (shift, along) => bodies.flatMap((b) => b.emit(shift, along)),
  }
  for (const site of sites) level(site, outer)
  const loop = startLoop(nest, outer, frame.forms)
  if (vector) emitSplats(nest, frame, outer, false)
  const values = reduceAxis(nest.code, loop, count, body, width, vector ? 4 : 1)
  return sites.map((_, i) => values.slice(i * reductions.length, (i + 1) * reductions.length))
}

function emitAlone(site: Site): readonly Value[] {
  const { nest, frame, width, vector } = site
  const { sweep } = frame
  const outer = nest.kernel.outer.length
  const counts = sweep.inner.map((axis) => countOf(nest, axis))
  const body = bodyOf(site)
  level(site, outer)
  if (sweep.reductions.length === 0) {
    walk(site, counts, outer, fourOf(site, body), () => body.emit(0, 1))
    return []
  }
  if (vector) {
    const { block } = commonOrder(sweep.reductions, 4)!
    const length = sweep.inner.at(-1)!.extent
    const whole =
      counts.every((c) => typeof c === 'number') && counts.reduce<number>((n, c) => n * (c as number), 1) <= block
    const blocks = whole || !Number.isFinite(block) ? undefined : block / length
    return reduceRows(nest.code, length, blocks, body, (row) => rows(site, counts, outer, row))
  }
  const points = counts.every((c) => typeof c === 'number') ? counts.reduce((n, c) => n * c, 1) : undefined
  return reducePoints(nest.code, body, width, points, (each) => walk(site, counts, outer, undefined, each))
}

function noPoints({ nest, frame, width }: Site): readonly Value[] {
  return frame.sweep.reductions.map((r) => {
    const value = newValue(nest.code, r.dtype, width, false)
    setConstant(nest.code, value, empty(r))
    return value
  })
}

/** The instructions whose values are known once `depth` axes have been entered. */
function level({ nest, frame, width, shift, results }: Site, depth: number): void {
  const outer = nest.kernel.outer.length
  const ahead = depth === outer ? { shift } : { first: shift }
  emitLevel(nest, frame, { width, depth, axis: outer - 1, ...ahead }, results)
}

function bodyOf({ nest, frame, width, shift: start, results }: Site): Body {
  const { sweep, depth, levels } = frame
  const outer = nest.kernel.outer.length
  return {
    reductions: sweep.reductions,
    dtypes: sweep.reductions.map((r) => sweep.code[r.value]!.dtype),
    size: levels[depth]!.length + sweep.stores.length,
    emit(shift, along) {
      const spot: Spot = {
        width: along === 4 ? 4 : width,
        depth,
        axis: along === 4 ? depth - 1 : outer - 1,
        ...(depth === outer ? { shift: start } : { shift, first: start }),
      }
      if (depth > outer) emitLevel(nest, frame, spot, results)
      emitStores(nest, frame, spot)
      const point = pointOf(frame, spot)
      return sweep.reductions.map((r) => point.value(r.value))
    },
  }
}

/** How a sweep without reductions does four points of its last inner axis at once, where it can. */
function fourOf({ nest, frame, width, shift, results, vector }: Site, body: Body): (() => void) | undefined {
  if (vector) return () => void body.emit(0, 4)
  const axis = nest.kernel.outer.length - 1
  const deep = frame.sweep.stores.every(({ value }) => frame.depths[value] === frame.depth)
  if (width !== 4 || !deep || !canTurn(frame.sweep, axis)) return undefined
  return () => emitTurned(nest, frame, { width, depth: frame.depth, axis, first: shift }, results)
}

/** Loops over the inner axes from `depth` on; `four`, where given, does four points of the last one at a time, and `each` the rest. */
function walk(
  site: Site,
  counts: readonly Bound[],
  depth: number,
  four: (() => void) | undefined,
  each: () => void,
): void {
  const { nest, frame } = site
  const outer = nest.kernel.outer.length
  if (depth === frame.depth) {
    each()
    return
  }
  const count = counts[depth - outer]!
  const loop = startLoop(nest, depth, frame.forms)
  if (depth > outer) level(site, depth)
  if (depth < frame.depth - 1 || four === undefined) {
    whileBelow(nest.code, loop, count, 1, () => walk(site, counts, depth + 1, four, each))
    return
  }
  if (site.vector) emitSplats(nest, frame, depth, false)
  whileBelow(nest.code, loop, count, 4, four)
  if (typeof count !== 'number' || count % 4 !== 0) whileBelow(nest.code, loop, count, 1, each)
}

/** Loops over the inner axes from `depth` on but the last, which is started for `row` to run. */
function rows(site: Site, counts: readonly Bound[], depth: number, row: (loop: Loop) => void): void {
  const { nest, frame } = site
  const outer = nest.kernel.outer.length
  const loop = startLoop(nest, depth, frame.forms)
  if (depth > outer) level(site, depth)
  if (depth < frame.depth - 1) {
    whileBelow(nest.code, loop, counts[depth - outer]!, 1, () => rows(site, counts, depth + 1, row))
    return
  }
  emitSplats(nest, frame, depth, false)
  row(loop)
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
  return least(code, extent, { local: rest })
}
