/** PyTorch's operators that move, join, select and place elements, as our ops. */
import type { Node } from 'cotangent'
import * as op from 'cotangent/ops'
import { arg, type Builder, type Call, dimOf, list, NotCovered, node, number, numbers, sizesOf, text } from './call.ts'

type Range = [number, number]

export const range = (x: Node, axis: number, from: number, to: number): Node =>
  op.slice(x, ...sizesOf(x).map((d, i): Range => (i === axis ? [from, to] : [0, d])))

/** Axis `axis` of x at the given positions. */
function pick(x: Node, axis: number, index: Node): Node {
  const first = [axis, ...x.shape.flatMap((_, i) => (i === axis ? [] : [i]))]
  const picked = op.gather(op.transpose(x, first), index)
  return op.transpose(
    picked,
    first.map((_, i) => first.indexOf(i)),
  )
}
const positions = (values: readonly number[]): Node => op.constant(values, 'i32')
const permuted = (x: Node, axis: number, of: (i: number, size: number) => number): Node => {
  const size = sizesOf(x)[axis]!
  return pick(x, axis, positions(Array.from({ length: size }, (_, i) => of(i, size))))
}

const fromEnd = (index: Node, size: number): Node => op.where(op.less(index, 0), op.add(index, size), index)

/** Row-major positions in a tensor of `shape` of the elements that `index` names along `axis`. */
function linear(shape: readonly number[], axis: number, index: Node): Node {
  let at = fromEnd(index, shape[axis]!)
  let stride = 1
  let sum: Node | undefined
  for (let d = shape.length - 1; d >= 0; d--) {
    const along = d === axis ? at : op.iota(index.shape, d)
    const term = op.mul(along, stride)
    sum = sum ? op.add(sum, term) : term
    stride *= shape[d]!
  }
  at = sum ?? index
  return at
}
const flat = (x: Node): Node => op.reshape(x, [sizesOf(x).reduce((n, d) => n * d, 1)])
/** Scalars as vectors: PyTorch lets dimension 0 of a scalar be indexed. */
const ranked = (x: Node): Node => (x.shape.length > 0 ? x : op.reshape(x, [1]))

const gather: Builder = (c) => {
  const index = node(c, 2, 'index')
  const x = ranked(node(c, 0))
  const picked = op.gather(flat(x), linear(sizesOf(x), dimOf(x, number(c, 1, 'dim')), ranked(index)))
  return op.reshape(picked, index.shape)
}
const takeAlong: Builder = (c) => {
  if (arg(c, 2, 'dim') === undefined) return op.gather(flat(node(c, 0)), node(c, 1, 'indices'))
  const [x, index] = [node(c, 0), node(c, 1, 'indices')]
  const axis = dimOf(x, number(c, 2, 'dim'))
  const shape = sizesOf(x).map((d, i) => (i === axis ? d : Math.max(d, sizesOf(index)[i]!)))
  const wide = shape.map((d, i) => (i === axis ? sizesOf(index)[i]! : d))
  return op.gather(flat(op.broadcastTo(x, shape)), linear(shape, axis, op.broadcastTo(index, wide)))
}
const scatterAdd: Builder = (c) => {
  const given = node(c, 0)
  const x = ranked(given)
  const index = ranked(node(c, 2, 'index'))
  const source = op.slice(ranked(node(c, 3, 'src')), ...sizesOf(index).map((d): Range => [0, d]))
  const at = flat(linear(sizesOf(x), dimOf(x, number(c, 1, 'dim')), index))
  const size = sizesOf(flat(x))[0]!
  return op.reshape(op.add(flat(x), op.scatterAdd(flat(source), at, size)), given.shape)
}
const indexAdd: Builder = (c) => {
  const given = node(c, 0)
  const [x, index, source] = [ranked(given), ranked(node(c, 2, 'index')), ranked(node(c, 3, 'source'))]
  const axis = dimOf(x, number(c, 1, 'dim'))
  const first = [axis, ...x.shape.flatMap((_, i) => (i === axis ? [] : [i]))]
  const added = op.scatterAdd(op.transpose(source, first), index, sizesOf(x)[axis]!)
  const back = op.transpose(
    added,
    first.map((_, i) => first.indexOf(i)),
  )
  return op.reshape(op.add(x, op.mul(back, number(c, 4, 'alpha', 1))), given.shape)
}

const parts = (x: Node, sizes: readonly number[], axis: number): Node[] => {
  let from = 0
  return sizes.map((n) => {
    from += n
    return range(x, axis, from - n, from)
  })
}
const evenly = (total: number, n: number): number[] =>
  Array.from({ length: Math.ceil(total / n) }, (_, i) => Math.min(n, total - i * n))
const split: Builder = (c) => {
  const x = node(c, 0)
  const axis = dimOf(x, number(c, 2, 'dim', 0))
  const sizes = arg(c, 1, 'split_size')
  return parts(x, Array.isArray(sizes) ? (sizes as number[]) : evenly(sizesOf(x)[axis]!, Number(sizes)), axis)
}
const chunk: Builder = (c) => {
  const x = node(c, 0)
  const axis = dimOf(x, number(c, 2, 'dim', 0))
  const total = sizesOf(x)[axis]!
  return parts(x, evenly(total, Math.ceil(total / number(c, 1, 'chunks'))), axis)
}

const repeat: Builder = (c) => {
  const asked = numbers(c, 1, 'repeats') ?? []
  const x = node(c, 0)
  const rank = Math.max(asked.length, x.shape.length)
  const shape = [...Array.from({ length: rank - x.shape.length }, () => 1), ...sizesOf(x)]
  const times = [...Array.from({ length: rank - asked.length }, () => 1), ...asked]
  const apart = op.broadcast(
    op.reshape(x, shape),
    shape.flatMap((d, i) => [times[i]!, d]),
    shape.map((_, i) => 2 * i + 1),
  )
  return op.reshape(
    apart,
    shape.map((d, i) => d * times[i]!),
  )
}

const expand: Builder = (c) => {
  const x = node(c, 0)
  const asked = numbers(c, 1, 'size') ?? []
  const lead = asked.length - x.shape.length
  return op.broadcastTo(
    x,
    asked.map((d, i) => (d === -1 ? sizesOf(x)[i - lead]! : d)),
  )
}
const reshape: Builder = (c) => op.reshape(node(c, 0), numbers(c, 1, 'shape') ?? [])

/** 2-dimensional diagonal at `offset`, as positions. */
function diagonalOf(x: Node, offset: number): Node {
  const [rows, columns] = sizesOf(x) as [number, number]
  const [r, q] = [Math.max(0, -offset), Math.max(0, offset)]
  const n = Math.max(0, Math.min(rows - r, columns - q))
  return op.gather(flat(x), positions(Array.from({ length: n }, (_, i) => (r + i) * columns + q + i)))
}
const diagonal: Builder = (c) => {
  const x = node(c, 0)
  if (x.shape.length !== 2) throw new NotCovered('diagonals of more than two dimensions')
  return diagonalOf(x, number(c, 1, 'offset', 0))
}
const diag: Builder = (c) => {
  const x = node(c, 0)
  const offset = number(c, 1, 'diagonal', 0)
  if (x.shape.length === 2) return diagonalOf(x, offset)
  const n = sizesOf(x)[0]! + Math.abs(offset)
  const at = sizesOf(x)[0]!
  const where = Array.from({ length: at }, (_, i) => (i + Math.max(0, -offset)) * n + i + Math.max(0, offset))
  return op.reshape(op.scatterAdd(x, positions(where), n * n), [n, n])
}
const triangle = (keep: (column: Node, row: Node, offset: number) => Node): Builder => {
  return (c) => {
    const x = node(c, 0)
    const rank = x.shape.length
    const [row, column] = [op.iota(x.shape, rank - 2), op.iota(x.shape, rank - 1)]
    return op.where(keep(column, row, number(c, 1, 'diagonal', 0)), x, 0)
  }
}

const pad: Builder = (c) => {
  const x = node(c, 0)
  if (text(c, 2, 'mode', 'constant') !== 'constant') throw new NotCovered('padding other than by a constant')
  const asked = numbers(c, 1, 'pad') ?? []
  const widths = sizesOf(x).map((_, i): Range => {
    const k = 2 * (x.shape.length - 1 - i)
    return [asked[k] ?? 0, asked[k + 1] ?? 0]
  })
  const cut = op.slice(
    x,
    ...sizesOf(x).map((d, i): Range => [Math.max(0, -widths[i]![0]), d - Math.max(0, -widths[i]![1])]),
  )
  return op.pad(
    cut,
    widths.map(([a, b]): Range => [Math.max(0, a), Math.max(0, b)]),
    number(c, 3, 'value', 0),
  )
}

const roll: Builder = (c) => {
  let x = node(c, 0)
  const shifts = numbers(c, 1, 'shifts') ?? []
  const dims = numbers(c, 2, 'dims')
  if (!dims || dims.length === 0)
    return op.reshape(
      permuted(flat(x), 0, (i, n) => mod(i - shifts[0]!, n)),
      x.shape,
    )
  dims.forEach((d, k) => {
    x = permuted(x, dimOf(x, d), (i, n) => mod(i - shifts[k]!, n))
  })
  return x
}
const mod = (i: number, n: number): number => ((i % n) + n) % n

const squeeze: Builder = (c) => {
  const x = node(c, 0)
  const dim = arg(c, 1, 'dim')
  const drop = (d: number, i: number) => d === 1 && (dim === undefined || i === dimOf(x, dim as number))
  return op.reshape(
    x,
    sizesOf(x).filter((d, i) => !drop(d, i)),
  )
}
const item: Builder = (c) => {
  const keys = [c.args[1]].flat() as unknown[]
  let [x, axis] = [node(c, 0), 0]
  if (!keys.every((k) => typeof k === 'number' || (typeof k === 'object' && k !== null && 'slice' in k)))
    throw new NotCovered('indexing by more than numbers and slices')
  // A list of numbers alone selects rows; within a tuple each number drops its dimension.
  if (Array.isArray(c.args[1]) && keys.every((k) => typeof k === 'number'))
    return pick(x, 0, positions(keys as number[]))
  for (const key of keys) {
    if (typeof key === 'number') {
      const row = range(x, axis, mod(key, sizesOf(x)[axis]!), mod(key, sizesOf(x)[axis]!) + 1)
      x = op.reshape(
        row,
        row.shape.filter((_, i) => i !== axis),
      )
      continue
    }
    const [from, to, step] = (key as { slice: (number | null)[] }).slice
    if (step !== null && step !== undefined && step !== 1) throw new NotCovered('slices with a step')
    x = range(x, axis, from ?? 0, Math.min(to ?? sizesOf(x)[axis]!, sizesOf(x)[axis]!))
    axis++
  }
  return x
}

const shuffle: Builder = (c) => {
  const x = node(c, 0)
  const r = number(c, 1, 'upscale_factor')
  const [n, ch, h, w] = sizesOf(x) as [number, number, number, number]
  const apart = op.transpose(op.reshape(x, [n, ch / (r * r), r, r, h, w]), [0, 1, 4, 2, 5, 3])
  return op.reshape(apart, [n, ch / (r * r), h * r, w * r])
}
const swap: Builder = (c) => {
  const x = node(c, 0)
  const [a, b] = [dimOf(x, number(c, 1, 'dim0')), dimOf(x, number(c, 2, 'dim1'))]
  return op.transpose(
    x,
    x.shape.map((_, i) => (i === a ? b : i === b ? a : i)),
  )
}
const narrow: Builder = (c: Call) => {
  const x = node(c, 0)
  const axis = dimOf(x, number(c, 1, 'dim'))
  const from = mod(number(c, 2, 'start'), sizesOf(x)[axis]! + 1)
  return range(x, axis, from, from + number(c, 3, 'length'))
}
const flip: Builder = (c) =>
  (numbers(c, 1, 'dims') ?? []).reduce((x, d) => permuted(x, dimOf(x, d), (i, n) => n - 1 - i), node(c, 0))

export const shape: { readonly [name: string]: Builder } = {
  reshape,
  view: reshape,
  permute: (c) => op.transpose(node(c, 0), numbers(c, 1, 'dims') ?? []),
  transpose: swap,
  squeeze,
  unsqueeze: (c) => {
    const x = node(c, 0)
    const at = mod(number(c, 1, 'dim'), x.shape.length + 1)
    return op.reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])
  },
  expand,
  broadcast_to: expand,
  repeat,
  tile: repeat,
  flip,
  roll,
  cat: (c) => op.concat(list(c, 0, 'tensors'), number(c, 1, 'dim', 0)),
  stack: (c) => op.stack(list(c, 0, 'tensors'), number(c, 1, 'dim', 0)),
  split,
  chunk,
  narrow,
  __getitem__: item,
  gather,
  take: (c) => op.gather(flat(node(c, 0)), fromEnd(node(c, 1, 'index'), sizesOf(flat(node(c, 0)))[0]!)),
  take_along_dim: takeAlong,
  index_select: (c) => pick(node(c, 0), dimOf(node(c, 0), number(c, 1, 'dim')), node(c, 2, 'index')),
  index_add: indexAdd,
  scatter_add: scatterAdd,
  trace: (c) => op.sum(diagonalOf(node(c, 0), 0)),
  diagonal,
  diag,
  tril: triangle((column, row, k) => op.lessEqual(op.sub(column, row), k)),
  triu: triangle((column, row, k) => op.greaterEqual(op.sub(column, row), k)),
  'nn.functional.pad': pad,
  'nn.functional.pixel_shuffle': shuffle,
}
