/**
 * Which addresses an affine map can reach, given the loops around it and the guards before it: interval arithmetic.
 * Invariant: the interval holds every address that is really reached (it may be wider); undefined means none is.
 * Exact for one guard an axis, for tiles, and for guards that are the coordinates of the address (padding, windows).
 * May not: trust that a map fits its axes; check `strides` first.
 */
import type { Affine, Axis, Guard } from '../../core/loops.ts'

export interface Range {
  readonly lo: number
  readonly hi: number
}

/** Independent variables in place of axes: of an outer axis and its tile, (outer, extent · outer + tile), which never exceeds `total`. */
export interface Space {
  readonly axes: readonly Axis[]
  /** Of each variable; undefined if some axis has no points. */
  readonly ranges: readonly Range[] | undefined
}

export function spaceOf(axes: readonly Axis[]): Space {
  const ranges = axes.map((a) => ({ lo: 0, hi: (a.tile === undefined ? a.extent : a.tile.total) - 1 }))
  return { axes, ranges: ranges.some((r) => r.hi < 0) || axes.some((a) => a.extent === 0) ? undefined : ranges }
}

/** Strides of the same form over the variables of the space. */
function overVariables(strides: readonly number[], axes: readonly Axis[]): number[] {
  const out = [...strides]
  for (const [i, axis] of axes.entries()) {
    if (axis.tile !== undefined) out[axis.tile.of]! -= axis.extent * strides[i]!
  }
  return out
}

/** `extra` is what indirect terms add. */
export function reach(map: Affine, guards: readonly Guard[], space: Space, extra: Range): Range | undefined {
  if (space.ranges === undefined) return undefined
  const strides = overVariables(map.strides, space.axes)
  const forms = guards.map((g) => ({ ...g, strides: overVariables(g.strides, space.axes) }))
  const ranges = tighten(space.ranges, forms)
  if (ranges === undefined) return undefined
  const coordinates: Coordinate[] = []
  for (const form of forms) {
    const free = span(form.offset, form.strides, ranges)
    const range = { lo: Math.max(free.lo, 0), hi: Math.min(free.hi, form.extent - 1) }
    if (range.lo > range.hi) return undefined
    if (form.strides.filter((s) => s !== 0).length > 1) coordinates.push({ ...form, range })
  }
  const r = throughCoordinates({ offset: map.offset, strides }, coordinates, ranges)
  return { lo: r.lo + extra.lo, hi: r.hi + extra.hi }
}

function span(offset: number, strides: readonly number[], ranges: readonly Range[]): Range {
  let lo = offset
  let hi = offset
  for (const [i, s] of strides.entries()) {
    const r = ranges[i]!
    if (s > 0) {
      lo += s * r.lo
      hi += s * r.hi
    } else if (s < 0) {
      lo += s * r.hi
      hi += s * r.lo
    }
  }
  return { lo, hi }
}

/** A guard on one variable narrows that variable. */
function tighten(ranges: readonly Range[], guards: readonly Guard[]): readonly Range[] | undefined {
  const out = [...ranges]
  for (const g of guards) {
    const used = g.strides.flatMap((s, i) => (s === 0 ? [] : [i]))
    const i = used[0]
    if (i === undefined || used.length > 1) continue
    const s = g.strides[i]!
    const ends = [-g.offset / s, (g.extent - 1 - g.offset) / s]
    const lo = Math.max(out[i]!.lo, Math.ceil(Math.min(...ends)))
    const hi = Math.min(out[i]!.hi, Math.floor(Math.max(...ends)))
    if (lo > hi) return undefined
    out[i] = { lo, hi }
  }
  return out
}

interface Coordinate extends Guard {
  readonly range: Range
}

/** address = Σ c · coordinate + rest, for the whole numbers c that narrow it most, one guard after the other. */
function throughCoordinates(map: Affine, coordinates: readonly Coordinate[], ranges: readonly Range[]): Range {
  let rest = map
  let known: Range = { lo: 0, hi: 0 }
  const left = new Set(coordinates)
  for (;;) {
    const now = span(rest.offset, rest.strides, ranges)
    let best = { width: now.hi - now.lo, c: 0, by: undefined as Coordinate | undefined }
    for (const by of left) {
      for (const [i, s] of by.strides.entries()) {
        const c = s === 0 ? 0 : rest.strides[i]! / s
        if (c === 0 || !Number.isSafeInteger(c)) continue
        const { lo, hi } = span(0, minus(rest, by, c).strides, ranges)
        const width = hi - lo + Math.abs(c) * (by.range.hi - by.range.lo)
        if (width < best.width) best = { width, c, by }
      }
    }
    if (best.by === undefined) return { lo: known.lo + now.lo, hi: known.hi + now.hi }
    const { lo, hi } = span(0, [best.c], [best.by.range])
    known = { lo: known.lo + lo, hi: known.hi + hi }
    rest = minus(rest, best.by, best.c)
    left.delete(best.by)
  }
}

const minus = (a: Affine, b: Affine, c: number): Affine => ({
  offset: a.offset - c * b.offset,
  strides: a.strides.map((s, i) => s - c * b.strides[i]!),
})

/** stride · (a value in 0 … count − 1), as part of an address. */
export interface Term {
  readonly stride: number
  readonly count: number
  /** Must have an influence of its own on the address. */
  readonly apart: boolean
}

/**
 * Whether different values of the terms marked `apart` always give different addresses. Sufficient: in order of stride, such a
 * term steps over all that the smaller ones reach, and the larger ones step over all that it and those reach.
 */
export function separates(terms: readonly Term[]): boolean {
  const moving = terms.filter((t) => t.count > 1)
  if (moving.some((t) => t.apart && t.stride === 0)) return false
  const sorted = moving.filter((t) => t.stride !== 0).sort((a, b) => Math.abs(a.stride) - Math.abs(b.stride))
  let reached = 0
  return sorted.every((t, k) => {
    const below = reached
    reached += Math.abs(t.stride) * (t.count - 1)
    if (!t.apart) return true
    const larger = sorted.slice(k + 1)
    const common = larger.reduce((g, l) => gcd(g, Math.abs(l.stride)), 0)
    return Math.abs(t.stride) > below && (larger.every((l) => l.apart) || common > reached)
  })
}

function gcd(a: number, b: number): number {
  let [x, y] = [a, b]
  while (y !== 0) [x, y] = [y, x % y]
  return x
}
