/**
 * Rearranging axes and the elements along them, as views of views.
 * Invariant: nothing is computed; axes count from the end when negative.
 */
import { asNode } from '../define.ts'
import type { Dim, Node } from '../ir.ts'
import { operandError } from '../node.ts'
import { add, mul } from '../primitives/arithmetic.ts'
import { broadcast, reducedAxes, reshape } from '../primitives/broadcast.ts'
import { concat } from '../primitives/concat.ts'
import { gather, iota } from '../primitives/indexing.ts'
import { type Range, slice, transpose } from '../primitives/layout.ts'
import { constant } from '../primitives/leaf.ts'
import { axisOf, count, sizes } from '../shape.ts'

/** `axis` of `x`, not negative, or an error that names the operation. */
export function ownAxis(name: string, x: Node, axis: number, rank: number = asNode(x, name).shape.length): number {
  const own = axisOf(axis, rank)
  if (own === undefined) throw operandError(`${name}: axis ${axis} is outside rank ${rank}`, [x])
  return own
}

/** `x` with one range along `axis`. */
export function along(x: Node, axis: number, range: Range): Node {
  return slice(x, ...x.shape.map((_, i): Range => (i === axis ? range : [null, null])).slice(0, axis + 1))
}
/** The size of `axis`, which must be known. */
export const sizeOf = (name: string, x: Node, axis: number): number => sizes([x.shape[axis]!], name)[0]!

/** The elements along `axes` (default: all) in the opposite order. */
export function flip(x: Node, axes?: number | readonly number[]): Node {
  return reducedAxes('flip', x, axes === undefined ? {} : { axes }).reduce((y, a) => along(y, a, [null, null, -1]), x)
}

/** Element i moves to i + shift, around the end. Without axes: of the elements in row-major order. */
export function roll(x: Node, shift: number | readonly number[], axes?: number | readonly number[]): Node {
  const shifts = [shift].flat() as number[]
  if (axes === undefined) {
    const flat = reshape(asNode(x, 'roll'), [count(sizes(x.shape, 'roll'))])
    return reshape(
      shifts.reduce((y, by) => rollAxis(y, by, 0), flat),
      x.shape,
    )
  }
  const own = ([axes].flat() as number[]).map((a) => ownAxis('roll', x, a))
  if (own.length !== shifts.length && shifts.length !== 1)
    throw operandError(`roll: ${shifts.length} shifts for ${own.length} axes`, [x], 'give one shift an axis')
  return own.reduce((y, a, i) => rollAxis(y, shifts[i] ?? shifts[0]!, a), x)
}
function rollAxis(x: Node, by: number, axis: number): Node {
  const size = sizeOf('roll', x, axis)
  const from = size === 0 ? 0 : ((-by % size) + size) % size
  return from === 0 ? x : concat([along(x, axis, [from, null]), along(x, axis, [0, from])], axis)
}

/** The whole of `x` repeated: repeats[i] times along axis i, aligned at the last axis. */
export function tile(x: Node, repeats: number | readonly number[]): Node {
  const asked = [repeats].flat() as number[]
  const rank = Math.max(asked.length, asNode(x, 'tile').shape.length)
  const shape = [...Array.from({ length: rank - x.shape.length }, () => 1), ...x.shape]
  const times = [...Array.from({ length: rank - asked.length }, () => 1), ...asked]
  const apart = broadcast(
    reshape(x, shape),
    shape.flatMap((d, i) => [times[i]!, d]),
    shape.map((_, i) => 2 * i + 1),
  )
  return reshape(
    apart,
    shape.map((d, i) => (times[i] === 1 ? d : sizes([d], 'tile')[0]! * times[i]!)),
  )
}

/** Each element `times` times in a row along `axis`, or element i times[i] times. Without an axis: of the elements in row-major order. */
export function repeat(x: Node, times: number | readonly number[], axis?: number): Node {
  if (axis === undefined) return repeat(reshape(asNode(x, 'repeat'), [-1]), times, 0)
  const own = ownAxis('repeat', x, axis)
  if (typeof times !== 'number') {
    if (times.length !== sizeOf('repeat', x, own) || !times.every((n) => Number.isInteger(n) && n >= 0))
      throw operandError(`repeat: [${times}] are no counts of ${x.shape[own]} elements`, [x], 'one count an element')
    const from = times.flatMap((n, i) => Array.from({ length: n }, () => i))
    return gather(x, constant(from, 'i32'), own)
  }
  const wide = [...x.shape.slice(0, own + 1), times, ...x.shape.slice(own + 1)]
  const apart = broadcast(
    x,
    wide,
    x.shape.map((_, i) => (i <= own ? i : i + 1)),
  )
  return reshape(
    apart,
    x.shape.map((d, i) => (i === own ? sizeOf('repeat', x, own) * times : d)),
  )
}

/** Parts along `axis` (default: the first): a number of equal ones, or their sizes. */
export function split(x: Node, parts: number | readonly number[], axis = 0): Node[] {
  const own = ownAxis('split', x, axis)
  const size = sizeOf('split', x, own)
  const each = typeof parts === 'number' ? Array.from({ length: parts }, () => size / parts) : parts
  if (each.reduce((n, d) => n + d, 0) !== size || !each.every(Number.isInteger))
    throw operandError(`split: parts of ${each.join(', ')} do not make up ${size}`, [x], 'give sizes that add up')
  let to = 0
  return each.map((n) => {
    to += n
    return along(x, own, [to - n, to])
  })
}

/** Without the axes of size 1 among `axes` (default: all). */
export function squeeze(x: Node, axes?: number | readonly number[]): Node {
  const dropped = reducedAxes('squeeze', x, axes === undefined ? {} : { axes })
  const long = dropped.find((a) => x.shape[a] !== 1)
  if (axes !== undefined && long !== undefined)
    throw operandError(`squeeze: axis ${long} is of size ${x.shape[long]}, not 1`, [x])
  return reshape(
    x,
    x.shape.filter((d, i) => d !== 1 || !dropped.includes(i)),
  )
}

/** With a new axis of size 1 at `axis` of the result. */
export function expandDims(x: Node, axis: number): Node {
  const at = ownAxis('expandDims', x, axis, asNode(x, 'expandDims').shape.length + 1)
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])
}

/** Axes `from` moved to `to`; the others keep their order. */
export function moveaxis(x: Node, from: number | readonly number[], to: number | readonly number[]): Node {
  const [a, b] = [from, to].map((list) => ([list].flat() as number[]).map((i) => ownAxis('moveaxis', x, i))) as [
    number[],
    number[],
  ]
  if (a.length !== b.length || new Set(a).size < a.length || new Set(b).size < b.length)
    throw operandError(`moveaxis: [${a}] to [${b}] is not a permutation`, [x], 'name each axis once')
  const rest = x.shape.map((_, i) => i).filter((i) => !a.includes(i))
  return transpose(
    x,
    x.shape.map((_, i) => (b.includes(i) ? a[b.indexOf(i)]! : rest.shift()!)),
  )
}

/** Axes `a` and `b` in each other's place. */
export function swapaxes(x: Node, a: number, b: number): Node {
  const [i, j] = [ownAxis('swapaxes', x, a), ownAxis('swapaxes', x, b)]
  return transpose(
    x,
    x.shape.map((_, d) => (d === i ? j : d === j ? i : d)),
  )
}

/** Windows of `size` along `axis`, `step` apart, as a new last axis (torch.Tensor.unfold). */
export function unfold(x: Node, axis: number, size: number, step = 1): Node {
  const own = ownAxis('unfold', x, axis)
  const length = sizeOf('unfold', x, own)
  if (size > length || size < 0 || step < 1)
    throw operandError(`unfold: windows of ${size}, ${step} apart, do not fit ${length}`, [x])
  const shape: Dim[] = [Math.floor((length - size) / step) + 1, size]
  const windows = gather(x, add(mul(iota(shape, 0), step), iota(shape, 1)), own)
  return moveaxis(windows, own + 1, -1)
}

/** [..., c·r², h, w] → [..., c, h·r, w·r]: channels become pixels. */
export function pixelShuffle(x: Node, r: number): Node {
  const [lead, [c, h, w]] = image('pixelShuffle', x)
  const n = lead.length
  if (c % (r * r) !== 0)
    throw operandError(`pixelShuffle: ${c} channels are no multiple of ${r}²`, [x], 'layout is NCHW')
  const apart = reshape(x, [...lead, c / (r * r), r, r, h, w])
  const order = [n, n + 3, n + 1, n + 4, n + 2]
  return reshape(transpose(apart, [...lead.map((_, i) => i), ...order]), [...lead, c / (r * r), h * r, w * r])
}

/** [..., c, h·r, w·r] → [..., c·r², h, w]: pixels become channels. */
export function pixelUnshuffle(x: Node, r: number): Node {
  const [lead, [c, h, w]] = image('pixelUnshuffle', x)
  const n = lead.length
  if (h % r !== 0 || w % r !== 0)
    throw operandError(`pixelUnshuffle: ${h} × ${w} pixels are no multiple of ${r}`, [x], 'layout is NCHW')
  const apart = reshape(x, [...lead, c, h / r, r, w / r, r])
  const order = [n, n + 2, n + 4, n + 1, n + 3]
  return reshape(transpose(apart, [...lead.map((_, i) => i), ...order]), [...lead, c * r * r, h / r, w / r])
}
function image(name: string, x: Node): [readonly Dim[], readonly [number, number, number]] {
  if (asNode(x, name).shape.length < 3) throw operandError(`${name}: needs [..., channels, height, width]`, [x])
  return [x.shape.slice(0, -3), sizes(x.shape.slice(-3), name) as readonly [number, number, number]]
}
