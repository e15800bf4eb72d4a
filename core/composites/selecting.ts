/**
 * Reading and writing elements by index, in the shapes of NumPy and PyTorch.
 * Invariant: an index out of bounds rejects the run; of equal indices that overwrite, the last wins.
 */
import { broadcastTo } from '../align.ts'
import { asNode, type X } from '../define.ts'
import { constantMask } from '../errors.ts'
import type { Node, TypedArray } from '../ir.ts'
import { makeNode, operandError } from '../node.ts'
import { add, mul } from '../primitives/arithmetic.ts'
import { broadcast, reshape } from '../primitives/broadcast.ts'
import { equal, greater, less, where } from '../primitives/comparison.ts'
import { gather, iota, scatterAdd } from '../primitives/indexing.ts'
import { place } from '../primitives/layout.ts'
import { constant } from '../primitives/leaf.ts'
import { prod } from '../primitives/product.ts'
import { max } from '../primitives/reduce.ts'
import { broadcastShapes, count, sizes } from '../shape.ts'
import { along, moveaxis, ownAxis, sizeOf } from './arranging.ts'

const last = (x: Node): number => x.shape.length - 1

/** `index` with negative values counted from the end of `size`. */
export const fromEnd = (index: Node, size: number): Node => where(less(index, 0), add(index, size), index)

/** Elements of `x` in row-major order at `index` of any shape; with an axis, as `gather`. Negative indices count from the end. */
export function take(x: Node, index: Node, axis?: number): Node {
  if (axis === undefined) return take(reshape(asNode(x, 'take'), [-1]), index, 0)
  return gather(x, fromEnd(asNode(index, 'take'), sizeOf('take', x, ownAxis('take', x, axis))), axis)
}

/** x[..., index[..., i, ...], ...] along `axis`: one index for each element of the result; all other axes broadcast. */
export function takeAlongAxis(x: Node, index: Node, axis = -1): Node {
  const own = ownAxis('takeAlongAxis', x, axis)
  if (asNode(index, 'takeAlongAxis').shape.length !== x.shape.length)
    throw operandError(
      'takeAlongAxis: the index has another rank',
      [x, index],
      'one index for each element of the result',
    )
  const [a, b] = [moveaxis(x, own, -1), moveaxis(index, own, -1)]
  const lead = broadcastShapes(a.shape.slice(0, -1), b.shape.slice(0, -1))
  if (!lead) throw operandError(`takeAlongAxis: shapes do not broadcast beyond axis ${own}`, [x, index])
  const wide = (y: Node) => broadcastTo(y, [...lead, y.shape[last(y)]!])
  return moveaxis(makeNode(gather, [wide(a), wide(b)], { batch: lead.length }), -1, own)
}

/** The transpose of `takeAlongAxis`: zeros of `size` along `axis`, with each update added at its index. */
export function scatterAddAlongAxis(updates: Node, index: Node, size: number, axis = -1): Node {
  const own = ownAxis('scatterAddAlongAxis', updates, axis)
  const operands = [moveaxis(updates, own, -1), moveaxis(asNode(index, 'scatterAddAlongAxis'), own, -1)]
  return moveaxis(makeNode(scatterAdd, operands, { batch: last(updates), size }), -1, own)
}

/** [batch…, n, rest…] with rows at `index` [batch…, m] replaced by those of `updates` [batch…, m, rest…]. */
function overwrite(x: Node, index: Node, updates: Node, unique: boolean): Node {
  const batch = last(index)
  const [m, n] = [sizeOf('scatter', index, batch), sizeOf('scatter', x, batch)]
  if (m === 0) return x
  const lead = index.shape.slice(0, -1)
  const fill = x.shape.map((_, i) => i).slice(0, batch + 1)
  const rows = (y: Node) => broadcast(y, x.shape, fill)
  // Counting checks the bounds of every index, also where the winner is searched for below.
  const one = broadcast(constant(1, 'i32'), index.shape, [])
  const hit = rows(greater(makeNode(scatterAdd, [one, index], { batch, size: n }), 0))
  if (unique) return where(hit, makeNode(scatterAdd, [updates, index], { batch, size: n }), x)
  const at = [...lead, n, m]
  const wide = broadcast(index, at, [...lead.map((_, i) => i), batch + 1])
  const order = where(equal(wide, iota(at, batch)), iota(at, batch + 1), constant(0, 'i32'))
  return where(hit, makeNode(gather, [updates, max(order, { axes: -1 })], { batch }), x)
}

export interface ScatterOptions {
  readonly axis?: number
  /** What an update does to the element it meets. Default: replaces it. */
  readonly reduce?: 'replace' | 'add' | 'multiply'
  /** Promise that no two indices meet: replacing is then linear in their number, not their number times the size of the axis. */
  readonly unique?: boolean
}

/**
 * `x` with updates[…, i, …] put at index[…, i, …] along `axis` (default: the last); torch.Tensor.scatter. The index may be
 * smaller than `x` along the other axes; `updates` is a number, or at least as large as the index.
 */
export function scatter(x: Node, index: Node, updates: X, options: ScatterOptions = {}): Node {
  const own = ownAxis('scatter', x, options.axis ?? -1)
  const size = sizeOf('scatter', x, own)
  const shape = sizes(asNode(index, 'scatter').shape, 'scatter')
  const given =
    typeof updates === 'number' ? broadcast(constant(updates, x.dtype), shape, []) : cut('scatter', updates, shape)
  const [at, values] = [moveaxis(index, own, -1), moveaxis(given, own, -1)]
  return withinIndex('scatter', x, shape, own, (part) => combined(part, at, values, size, options))
}

/** `x` with the part that the index reaches, its axis moved last, replaced by what `f` makes of it. */
export function withinIndex(
  name: string,
  x: Node,
  shape: readonly number[],
  axis: number,
  f: (part: Node) => Node,
): Node {
  const region = x.shape.map((d, i) => (i === axis ? d : shape[i]!))
  const made = moveaxis(f(moveaxis(cut(name, x, region as number[]), axis, -1)), -1, axis)
  if (region.every((d, i) => d === x.shape[i])) return made
  const origin = x.shape.map(() => 0)
  const inside = place(broadcast(constant(1, 'bool'), region, []), origin, x.shape)
  return where(inside, place(made, origin, x.shape), x)
}
function combined(x: Node, index: Node, values: Node, size: number, o: ScatterOptions): Node {
  const batch = last(index)
  if (o.reduce === 'add') return add(x, makeNode(scatterAdd, [values, index], { batch, size }))
  if (o.reduce !== 'multiply') return overwrite(x, index, values, o.unique ?? false)
  const at = [...x.shape.slice(0, -1), size, sizeOf('scatter', index, batch)]
  const wide = (y: Node) =>
    broadcast(
      y,
      at,
      at.map((_, i) => i).filter((i) => i !== batch),
    )
  return mul(x, prod(where(equal(wide(index), iota(at, batch)), wide(values), 1), { axes: -1 }))
}
export function cut(name: string, x: Node, shape: readonly number[]): Node {
  if (x.shape.length !== shape.length)
    throw operandError(`${name}: rank ${x.shape.length} is not the index's, ${shape.length}`, [x])
  return shape.reduce((y, d, i) => (x.shape[i] === d ? y : along(y, i, [0, d])), x)
}

/** `x` with `updates` · scale added to the slices at `index` (a vector) along `axis`. */
export function indexAdd(x: Node, index: Node, updates: Node, axis = 0, scale = 1): Node {
  const own = ownAxis('indexAdd', x, axis)
  const sums = scatterAdd(updates, index, sizeOf('indexAdd', x, own), own)
  return add(x, scale === 1 ? sums : mul(sums, scale))
}

/** `x` with the slices at `index` (a vector) along `axis` replaced by those of `updates`, or by a number. */
export function indexCopy(x: Node, index: Node, updates: X, axis = 0): Node {
  const own = ownAxis('indexCopy', x, axis)
  const shape = x.shape.map((d, i) => (i === own ? index.shape[0]! : d))
  const values = typeof updates === 'number' ? broadcast(constant(updates, x.dtype), shape, []) : updates
  return moveaxis(overwrite(moveaxis(x, own, 0), index, moveaxis(values, own, 0), false), 0, own)
}

/**
 * x[indices₀, indices₁, …] = values (torch.Tensor.index_put): indices broadcast together, one for each leading axis that they index;
 * values broadcast to their shape and the rest of `x`. Negative indices count from the end. `accumulate` adds.
 */
export function indexPut(x: Node, indices: readonly Node[], values: X, accumulate = false): Node {
  const [front, rest] = [sizes(x.shape.slice(0, indices.length), 'indexPut'), x.shape.slice(indices.length)]
  const { at, shape } = flatIndex('indexPut', x, indices)
  const [n, m] = [count(front), count(sizes(shape, 'indexPut'))]
  const given = typeof values === 'number' ? constant(values, x.dtype) : values
  const updates = reshape(broadcastTo(given, [...shape, ...rest]), [m, ...rest])
  const [rows, index] = [reshape(x, [n, ...rest]), reshape(at, [m])]
  return reshape(
    accumulate ? add(rows, scatterAdd(updates, index, n)) : overwrite(rows, index, updates, false),
    x.shape,
  )
}

/** x[indices₀, indices₁, …]: the elements that `indexPut` would replace. */
export function indexGet(x: Node, indices: readonly Node[]): Node {
  const { at } = flatIndex('indexGet', x, indices)
  const n = count(sizes(x.shape.slice(0, indices.length), 'indexGet'))
  return gather(reshape(x, [n, ...x.shape.slice(indices.length)]), at)
}

/** Row-major position among the leading axes. Each index is checked against its own axis, so that none wraps into the next. */
function flatIndex(name: string, x: Node, indices: readonly Node[]): { at: Node; shape: readonly (number | string)[] } {
  if (indices.length === 0 || indices.length > asNode(x, name).shape.length)
    throw operandError(
      `${name}: ${indices.length} indices for rank ${x.shape.length}`,
      [x],
      'one for each leading axis',
    )
  const shape = indices.reduce<readonly (number | string)[] | undefined>((s, i) => s && broadcastShapes(s, i.shape), [])
  if (!shape) throw operandError(`${name}: the indices do not broadcast`, indices)
  const wide = indices.map((i, d) => checked(broadcastTo(fromEnd(i, sizeOf(name, x, d)), shape), sizeOf(name, x, d)))
  const at = wide.reduce((sum, i, d) => add(mul(sum, sizeOf(name, x, d)), i))
  return { at, shape }
}
/** The index itself, read from 0, 1, 2 …, which rejects one that is out of bounds. */
const checked = (index: Node, size: number): Node => gather(iota([size]), index)

/** `x` where the mask is false, `value` where it is true. */
export const maskedFill = (x: Node, mask: Node, value: X): Node => where(mask, value, x)

/** The elements of `x` where `mask` is true, in row-major order. The mask is a constant, since it decides the shape of the result. */
export function maskedSelect(x: Node, mask: Node): Node {
  const shape = broadcastShapes(asNode(x, 'maskedSelect').shape, asNode(mask, 'maskedSelect').shape)
  if (!shape) throw operandError('maskedSelect: shapes do not broadcast', [x, mask])
  return gather(
    reshape(broadcastTo(x, shape), [-1]),
    constant(maskPositions(mask, sizes(shape, 'maskedSelect')), 'i32'),
  )
}

/** Row-major positions in `shape` at which a constant mask, broadcast to it, is true. */
function maskPositions(mask: Node, shape: readonly number[]): number[] {
  const { data, value } = mask.params
  if (mask.op.facts.leaf !== 'constant' || mask.dtype !== 'bool' || (data === undefined && value === undefined))
    throw constantMask('maskedSelect')
  const values = (data as TypedArray | undefined) ?? [Number(value)]
  const own = [
    ...Array.from({ length: shape.length - mask.shape.length }, () => 1),
    ...sizes(mask.shape, 'maskedSelect'),
  ]
  return Array.from({ length: count(shape) }, (_, i) => i).filter((i) => {
    let [rest, at, stride] = [i, 0, 1]
    for (let d = shape.length - 1; d >= 0; d--) {
      if (own[d] !== 1) at += (rest % shape[d]!) * stride
      stride *= own[d]!
      rest = Math.floor(rest / shape[d]!)
    }
    return values[at] === 1
  })
}
